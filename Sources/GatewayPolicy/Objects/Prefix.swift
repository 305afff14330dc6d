/// An IPv4 or IPv6 prefix as one number, for comparing fast; an IPv4 address stands in the upper 32 bits.
struct Prefix: Equatable, Hashable, Sendable {
    let isIPv6: Bool
    /// Bits behind the prefix are zero.
    let bits: UInt128
    let length: Int

    init(isIPv6: Bool, bits: UInt128, length: Int) {
        self.isIPv6 = isIPv6
        self.bits = bits & Prefix.mask(length)
        self.length = length
    }

    init(_ prefix: AddressPrefix) {
        self.init(
            isIPv6: prefix.address.count == 16, bits: Prefix.bits(prefix.address), length: Int(prefix.length))
    }

    /// One address; nil unless it has 4 or 16 bytes.
    init?(address: [UInt8]) {
        guard address.count == 4 || address.count == 16 else { return nil }
        self.init(isIPv6: address.count == 16, bits: Prefix.bits(address), length: address.count * 8)
    }

    /// The first and the last address.
    var first: UInt128 { bits }
    var last: UInt128 { bits | ~Prefix.mask(length) }

    func contains(_ other: Prefix) -> Bool {
        isIPv6 == other.isIPv6 && length <= other.length && (bits ^ other.bits) & Prefix.mask(length) == 0
    }

    static func mask(_ length: Int) -> UInt128 {
        length == 0 ? 0 : UInt128.max << UInt128(128 - length)
    }

    private static func bits(_ address: [UInt8]) -> UInt128 {
        address.reduce(0) { $0 << 8 | UInt128($1) } << UInt128(128 - 8 * address.count)
    }
}

extension Prefix: CustomStringConvertible {
    var description: String {
        "\(isIPv6 ? longAddress : shortAddress)/\(length)"
    }

    private var shortAddress: String {
        (0..<4).map { String(UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * $0))) }.joined(separator: ".")
    }

    /// As RFC 5952 writes it, but for embedded IPv4 addresses.
    private var longAddress: String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !longest.isEmpty else { return text(0..<8) }
        return "\(text(0..<longest.lowerBound))::\(text(longest.upperBound..<8))"
    }
}
