public import NetlinkWire

/// A value that an attribute's payload can hold.
public protocol AttributeValue: Sendable {
    /// The value, or nil when the payload doesn't have the right width.
    init?(payload: [UInt8])
    /// The bytes for the wire.
    var payload: [UInt8] { get }
}

/// Names one attribute of `Owner` together with the type of its value.
public struct AttributeKey<Owner, Value: AttributeValue>: Sendable {
    /// The attribute's type on the wire.
    public let type: UInt16

    /// A key for an attribute number.
    public init(_ type: UInt16) {
        self.type = type
    }
}

/// A nest of attributes that is kept as it came and read and changed through typed keys.
///
/// Attributes that have no key are simply kept, so nothing is lost on the way back.
public protocol AttributeContainer: Hashable, Sendable {
    /// In the order of the wire, each type once.
    var attributes: [RawAttribute] { get set }
    /// An empty nest.
    init()
}

extension AttributeContainer {
    /// Reads all attributes in `range`.
    ///
    /// - Throws: what a cursor throws, and `duplicateAttribute`.
    public init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        self.init()
        var seen = SeenTypes()
        var cursor = AttributeCursor(range)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            attributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    /// The value of an attribute; nil when it is missing or has another width than its type demands.
    ///
    /// Setting nil takes the attribute out.
    public subscript<Value>(key: AttributeKey<Self, Value>) -> Value? {
        get {
            guard let found = attributes.first(where: { $0.type == key.type }) else { return nil }
            return Value(payload: found.payload)
        }
        set {
            let place = attributes.firstIndex { $0.type == key.type }
            switch (newValue, place) {
            case (let value?, let place?): attributes[place].payload = value.payload
            case (let value?, nil): attributes.append(RawAttribute(rawType: key.type, payload: value.payload))
            case (nil, let place?): attributes.remove(at: place)
            case (nil, nil): break
            }
        }
    }
}

extension AttributeContainer {
    /// The attributes as bytes.
    var encoded: [UInt8] {
        var writer = MessageWriter()
        // Only an attribute longer than its length field fails, and such a one can't come from the wire.
        do throws(WireError) { try writer.attributes(attributes) } catch { return [] }
        return writer.bytes
    }
}

extension MessageWriter {
    /// Appends a nest, if there is one, without NLA_F_NESTED, as the kernel does for links.
    mutating func container(_ type: UInt16, _ content: (some AttributeContainer)?) throws(WireError) {
        guard let content else { return }
        try attribute(type) { (writer: inout MessageWriter) throws(WireError) in
            try writer.attributes(content.attributes)
        }
    }
}

extension FixedWidthInteger where Self: Sendable {
    init?(littleEndianPayload payload: [UInt8]) {
        guard payload.count == Self.bitWidth / 8 else { return nil }
        self = payload.reversed().reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }

    var littleEndianPayload: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
    }
}

extension UInt8: AttributeValue {
    /// One byte.
    public init?(payload: [UInt8]) { self.init(littleEndianPayload: payload) }
    /// One byte.
    public var payload: [UInt8] { [self] }
}

extension UInt16: AttributeValue {
    /// Two bytes in host order.
    public init?(payload: [UInt8]) { self.init(littleEndianPayload: payload) }
    /// Two bytes in host order.
    public var payload: [UInt8] { littleEndianPayload }
}

extension UInt32: AttributeValue {
    /// Four bytes in host order.
    public init?(payload: [UInt8]) { self.init(littleEndianPayload: payload) }
    /// Four bytes in host order.
    public var payload: [UInt8] { littleEndianPayload }
}

extension Int32: AttributeValue {
    /// Four bytes in host order.
    public init?(payload: [UInt8]) {
        guard let bits = UInt32(payload: payload) else { return nil }
        self.init(bitPattern: bits)
    }
    /// Four bytes in host order.
    public var payload: [UInt8] { UInt32(bitPattern: self).payload }
}

extension UInt64: AttributeValue {
    /// Eight bytes in host order.
    public init?(payload: [UInt8]) { self.init(littleEndianPayload: payload) }
    /// Eight bytes in host order.
    public var payload: [UInt8] { littleEndianPayload }
}

extension IPAddress: AttributeValue {
    /// Four or 16 bytes.
    public init?(payload: [UInt8]) {
        guard payload.count == 4 || payload.count == 16 else { return nil }
        self.init(bytes: payload)
    }
    /// Four or 16 bytes.
    public var payload: [UInt8] { bytes }
}

extension LinkAddress: AttributeValue {
    /// Up to 32 bytes.
    public init?(payload: [UInt8]) { self.init(bytes: payload) }
    /// Up to 32 bytes.
    public var payload: [UInt8] { bytes }
}

extension ByteString: AttributeValue {
    /// Bytes that end with one NUL.
    public init?(payload: [UInt8]) {
        guard payload.last == 0, !payload.dropLast().contains(0) else { return nil }
        self.init(bytes: payload.dropLast())
    }
    /// The bytes and a NUL.
    public var payload: [UInt8] { bytes + [0] }
}

/// Two bytes in network order.
public struct NetworkUInt16: AttributeValue, Hashable {
    /// The number in host order.
    public var value: UInt16

    /// A number in host order.
    public init(_ value: UInt16) {
        self.value = value
    }

    /// Two bytes in network order.
    public init?(payload: [UInt8]) {
        guard let number = UInt16(payload: payload) else { return nil }
        value = number.byteSwapped
    }

    /// Two bytes in network order.
    public var payload: [UInt8] { value.byteSwapped.payload }
}

/// An attribute whose mere presence counts (NLA_FLAG).
public struct Presence: AttributeValue, Hashable {
    /// There.
    public init() {}
    /// There, with no bytes.
    public init?(payload: [UInt8]) {
        guard payload.isEmpty else { return nil }
    }
    /// No bytes.
    public var payload: [UInt8] { [] }
}

/// Bytes that have a structure of their own.
public struct Bytes: AttributeValue, Hashable {
    /// The payload.
    public var payload: [UInt8]
    /// The payload as it is.
    public init?(payload: [UInt8]) {
        self.payload = payload
    }
}
