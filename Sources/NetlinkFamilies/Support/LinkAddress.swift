internal import NetlinkWire

/// A link-layer address of up to 32 bytes (MAX_ADDR_LEN), stored inline: 6 bytes for Ethernet.
public struct LinkAddress: Hashable, Sendable {
    private var words: InlineWords
    /// How many bytes it has.
    public let count: Int

    private struct InlineWords: Hashable, Sendable {
        var a: UInt64 = 0
        var b: UInt64 = 0
        var c: UInt64 = 0
        var d: UInt64 = 0
    }

    /// An address from up to 32 bytes, nil for more.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= 32 else { return nil }
        self.init(count: bytes.count) { bytes[$0] }
    }

    /// Reads the payload of an attribute.
    ///
    /// - Throws: `wrongWidth` when it is longer than 32 bytes.
    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        let payload = attribute.payload
        guard payload.count <= 32, payload.upperBound <= bytes.count else {
            throw WireError(.wrongWidth, at: attribute.offset)
        }
        var words = InlineWords()
        for index in 0..<payload.count { LinkAddress.put(bytes[payload.lowerBound + index], at: index, in: &words) }
        self.words = words
        count = payload.count
    }

    private init(count: Int, _ byte: (Int) -> UInt8) {
        var words = InlineWords()
        for index in 0..<count { LinkAddress.put(byte(index), at: index, in: &words) }
        self.words = words
        self.count = count
    }

    private static func put(_ byte: UInt8, at index: Int, in words: inout InlineWords) {
        let value = UInt64(byte) << (8 * UInt64(index & 7))
        switch index >> 3 {
        case 0: words.a |= value
        case 1: words.b |= value
        case 2: words.c |= value
        default: words.d |= value
        }
    }

    /// Byte `index`, 0 past the end.
    public subscript(index: Int) -> UInt8 {
        let word =
            switch index >> 3 {
            case 0: words.a
            case 1: words.b
            case 2: words.c
            case 3: words.d
            default: UInt64(0)
            }
        return UInt8(truncatingIfNeeded: word >> (8 * UInt64(index & 7)))
    }

    /// The bytes.
    public var bytes: [UInt8] { (0..<count).map { self[$0] } }
}

extension LinkAddress: LosslessStringConvertible {
    /// Bytes as hexadecimal digits with colons: `00:11:22:33:44:55`.
    public var description: String { bytes.map(hexByte).joined(separator: ":") }

    /// An address from hexadecimal digits with colons, nil when it is something else.
    public init?(_ description: String) {
        var bytes: [UInt8] = []
        for part in description.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...2).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }),
                let byte = UInt8(part, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        self.init(bytes: bytes)
    }
}

extension MessageWriter {
    /// Appends an attribute that holds a link-layer address, if there is one.
    mutating func attribute(_ type: UInt16, _ address: LinkAddress?) throws(WireError) {
        guard let address else { return }
        try attribute(type, address.bytes)
    }
}
