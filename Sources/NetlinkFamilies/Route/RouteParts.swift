internal import NetlinkWire

/// A next router of another family than the route's (struct rtvia).
public struct Via: Hashable, Sendable {
    /// Family of the address.
    public var family: AddressFamily
    /// The router's address.
    public var address: IPAddress

    /// A router by family and address.
    public init(family: AddressFamily, address: IPAddress) {
        self.family = family
        self.address = address
    }

    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        let content = try attribute.copy(of: bytes)
        guard content.count >= 2, content[1] == 0, let address = IPAddress(bytes: Array(content[2...])) else {
            throw WireError(.wrongWidth, at: attribute.offset)
        }
        family = AddressFamily(rawValue: content[0])
        self.address = address
    }

    var payload: [UInt8] { [family.rawValue, 0] + address.bytes }
}

/// Age and use of a route (struct rta_cacheinfo).
public struct RouteCacheInfo: Hashable, Sendable {
    /// How many parts of the kernel hold it.
    public var references: UInt32
    /// Since it was used, in hundredths of a second.
    public var lastUse: UInt32
    /// Until it ends, in hundredths of a second; 0 for never.
    public var expires: Int32
    /// Error that packets get, a negative errno, as the bits came.
    public var error: UInt32
    /// How often it was used.
    public var used: UInt32
    /// No longer used.
    public var id: UInt32
    /// No longer used.
    public var timestamp: UInt32
    /// No longer used.
    public var timestampAge: UInt32

    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        guard attribute.payload.count == 32 else { throw WireError(.wrongWidth, at: attribute.offset) }
        let start = attribute.payload.lowerBound
        references = try bytes.u32(at: start)
        lastUse = try bytes.u32(at: start + 4)
        expires = Int32(bitPattern: try bytes.u32(at: start + 8))
        error = try bytes.u32(at: start + 12)
        used = try bytes.u32(at: start + 16)
        id = try bytes.u32(at: start + 20)
        timestamp = try bytes.u32(at: start + 24)
        timestampAge = try bytes.u32(at: start + 28)
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        let words = [
            references, lastUse, UInt32(bitPattern: expires), error, used, id, timestamp, timestampAge,
        ]
        try writer.attribute(RouteAttribute.cacheInfo) { (writer: inout MessageWriter) throws(WireError) in
            for word in words { writer.append(word) }
        }
    }
}
