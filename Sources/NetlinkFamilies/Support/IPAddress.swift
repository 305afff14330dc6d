internal import NetlinkWire

/// An address of up to 16 bytes, as attributes carry it: 4 bytes for IPv4, 16 for IPv6, other lengths for other
/// families; stored inline.
public struct IPAddress: Hashable, Sendable {
    /// Bytes 0 to 7, the first in the highest place.
    public let high: UInt64
    /// Bytes 8 to 15.
    public let low: UInt64
    /// How many of the bytes count.
    public let length: UInt8

    /// An IPv4 address from its four numbers.
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        high = UInt64(a) << 56 | UInt64(b) << 48 | UInt64(c) << 40 | UInt64(d) << 32
        low = 0
        length = 4
    }

    /// An IPv6 address from its halves, the first byte in the highest place.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        length = 16
    }

    /// An address from up to 16 bytes, nil for more.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 {
                high |= UInt64(byte) << (56 - 8 * UInt64(index))
            } else {
                low |= UInt64(byte) << (120 - 8 * UInt64(index))
            }
        }
        self.high = high
        self.low = low
        length = UInt8(bytes.count)
    }

    /// The address with all bytes 0 of a family: `0.0.0.0`, `::`, and no bytes for others.
    public static func unspecified(_ family: AddressFamily) -> IPAddress {
        switch family {
        case .inet: IPAddress(0, 0, 0, 0)
        case .inet6: IPAddress(high: 0, low: 0)
        default: IPAddress(high: 0, low: 0, length: 0)
        }
    }

    init(high: UInt64, low: UInt64, length: UInt8) {
        self.high = high
        self.low = low
        self.length = length
    }

    /// Reads the payload of an attribute.
    ///
    /// - Throws: `wrongWidth` when it is longer than 16 bytes.
    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        let start = attribute.payload.lowerBound
        switch attribute.payload.count {
        case 4:
            self.init(high: UInt64(try bytes.networkU32(at: start)) << 32, low: 0, length: 4)
        case 16:
            self.init(high: try bytes.u64(at: start).byteSwapped, low: try bytes.u64(at: start + 8).byteSwapped)
        default:
            guard let address = IPAddress(bytes: try attribute.copy(of: bytes)) else {
                throw WireError(.wrongWidth, at: attribute.offset)
            }
            self = address
        }
    }

    /// Byte `index`, 0 past the end.
    public subscript(index: Int) -> UInt8 {
        let shift = 56 - 8 * UInt64(index & 7)
        return UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> shift)
    }

    /// The bytes that count.
    public var bytes: [UInt8] { (0..<Int(length)).map { self[$0] } }

    /// True when every byte is 0.
    public var isUnspecified: Bool { high | low == 0 }
}

extension IPAddress: LosslessStringConvertible {
    /// Dotted numbers for 4 bytes, RFC 5952 text for 16, hexadecimal digits for other lengths.
    public var description: String {
        switch length {
        case 4: (0..<4).map { String(self[$0]) }.joined(separator: ".")
        case 16: ipv6Text
        default: bytes.map(hexByte).joined()
        }
    }

    /// An address from the usual text of IPv4 or IPv6, nil when it is neither.
    public init?(_ description: String) {
        guard let parsed = description.contains(":") ? IPAddress.ipv6(description) : IPAddress.ipv4(description) else {
            return nil
        }
        self = parsed
    }

    private func group(_ index: Int) -> UInt16 { UInt16(self[2 * index]) << 8 | UInt16(self[2 * index + 1]) }

    private var ipv6Text: String {
        if high == 0, low >> 32 == 0xffff { return "::ffff:" + dotted }
        let run = longestZeroRun
        // The C library shows ::a.b.c.d, the old IPv4-compatible form, with dots as well.
        if run == 0..<6 { return "::" + dotted }
        let head = (0..<run.lowerBound).map { String(group($0), radix: 16) }.joined(separator: ":")
        guard !run.isEmpty else { return head }
        let tail = (run.upperBound..<8).map { String(group($0), radix: 16) }.joined(separator: ":")
        return head + "::" + tail
    }

    private var dotted: String { (12..<16).map { String(self[$0]) }.joined(separator: ".") }

    /// The first longest run of zero groups of at least two, or an empty one at the end.
    private var longestZeroRun: Range<Int> {
        var best = 8..<8
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = end + 1
        }
        return best
    }

    private static func ipv4(_ text: String) -> IPAddress? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.count <= 3, part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != 0x30, let byte = UInt8(String(part) ?? "")
            else { return nil }
            bytes.append(byte)
        }
        return IPAddress(bytes: bytes)
    }

    private static func ipv6(_ text: String) -> IPAddress? {
        var halves = [text[...]]
        if let gap = text.firstRange(of: "::") {
            halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
        }
        var groups: [[UInt8]] = []
        for (index, half) in halves.enumerated() {
            guard let bytes = ipv6Groups(half, mayEndInIPv4: index == halves.count - 1) else { return nil }
            groups.append(bytes)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        guard halves.count == 2 ? count <= 14 : count == 16 else { return nil }
        let zeros = [UInt8](repeating: 0, count: 16 - count)
        return IPAddress(bytes: groups.count == 2 ? groups[0] + zeros + groups[1] : groups[0])
    }

    private static func ipv6Groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains("."), let dotted = ipv4(String(part)) {
                bytes += dotted.bytes
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
        }
        return bytes
    }
}

extension MessageWriter {
    /// Appends an attribute that holds an address, if there is one.
    mutating func attribute(_ type: UInt16, _ address: IPAddress?) throws(WireError) {
        guard let address else { return }
        try attribute(type, address.bytes)
    }
}
