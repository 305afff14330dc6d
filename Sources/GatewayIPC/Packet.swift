/// Builds a fixed-size message.
struct PacketWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put<Number: FixedWidthInteger>(_ value: Number) {
        for index in 0..<(Number.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Number(8 * index)))
        }
    }

    /// Exactly `count` bytes: what is longer is cut, what is shorter is filled with zeros.
    mutating func put(_ content: [UInt8], count: Int) {
        bytes.append(contentsOf: content.prefix(count))
        bytes.append(contentsOf: repeatElement(0, count: max(0, count - content.count)))
    }

    /// A name to be compared: whole, or nothing when it is too long.
    mutating func put(whole name: String, count: Int) {
        let bytes = Array(name.utf8)
        put(bytes.count <= count ? bytes : [], count: count)
    }

    /// Indexes below `count`, a multiple of eight, one bit each, the lowest bit first.
    mutating func put(bits indexes: [UInt16], count: Int) {
        var bits = [UInt8](repeating: 0, count: count / 8)
        for index in indexes { bits[Int(index) / 8] |= 1 << UInt8(index % 8) }
        bytes += bits
    }

    mutating func put(_ text: String, count: Int) {
        put(Array(printable(text).utf8), count: count)
    }
}

/// Reads a fixed-size message; reading past the end is impossible because lengths are compared first.
struct PacketReader {
    private let bytes: [UInt8]
    private var offset: Int

    init(_ bytes: [UInt8], from offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        var value: Number = 0
        for index in 0..<(Number.bitWidth / 8) {
            value |= Number(truncatingIfNeeded: bytes[offset + index]) << Number(8 * index)
        }
        offset += Number.bitWidth / 8
        return value
    }

    mutating func content(count: Int) -> [UInt8] {
        defer { offset += count }
        return Array(bytes[offset..<(offset + count)])
    }

    /// A name up to its first zero as it is, to be compared; nil when it isn't UTF-8 or has control characters.
    mutating func name(count: Int) -> String? {
        let content = content(count: count).prefix { $0 != 0 }
        guard content.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        return String(validating: content, as: UTF8.self)
    }

    /// Indexes below `count`, ascending.
    mutating func bits(count: Int) -> [UInt16] {
        let bits = content(count: count / 8)
        return bits.indices.filter { bits[$0] != 0 }.flatMap { byte in
            (0..<8).filter { bits[byte] & (1 << UInt8($0)) != 0 }.map { UInt16(8 * byte + $0) }
        }
    }

    /// A text up to its first zero; whatever isn't printable ASCII is escaped, since the sender may be hostile.
    mutating func text(count: Int) -> String {
        printable(String(decoding: content(count: count).prefix { $0 != 0 }, as: UTF8.self))
    }
}

/// The text with everything but printable ASCII written as `\xNN`, safe for a log, a terminal and a JSON string.
public func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    var escaped = ""
    let digits = Array("0123456789abcdef")
    for byte in text.utf8 {
        if byte >= 0x20, byte < 0x7f {
            escaped.append(Character(UnicodeScalar(byte)))
        } else {
            escaped.append("\\x")
            escaped.append(digits[Int(byte >> 4)])
            escaped.append(digits[Int(byte & 15)])
        }
    }
    return escaped
}
