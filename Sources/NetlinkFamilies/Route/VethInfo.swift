internal import NetlinkWire

/// The other end of a pair that a request makes (IFLA_INFO_DATA of kind "veth").
public struct VethInfo: Hashable, Sendable {
    private var storedPeer: [Link] = []
    private var unknownAttributes: [RawAttribute] = []

    /// The other end (VETH_INFO_PEER).
    public var peer: Link? {
        get { storedPeer.first }
        set { storedPeer = newValue.map { [$0] } ?? [] }
    }

    /// A pair whose other end is `peer`.
    public init(peer: Link) {
        storedPeer = [peer]
    }

    init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        var seen = SeenTypes()
        var cursor = AttributeCursor(range)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            guard attribute.type == VethAttribute.peer else {
                unknownAttributes.append(try RawAttribute(attribute, in: bytes))
                continue
            }
            storedPeer = [try Link(peer: attribute, in: bytes)]
        }
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        try writer.attribute(LinkInfoAttribute.data) { (writer: inout MessageWriter) throws(WireError) in
            for peer in storedPeer {
                try writer.attribute(VethAttribute.peer) { (writer: inout MessageWriter) throws(WireError) in
                    try peer.encode(into: &writer)
                }
            }
            try writer.attributes(unknownAttributes)
        }
    }
}

extension Link {
    /// A peer can't have a peer: what is nested in it stays raw, so hostile bytes can't nest without an end.
    fileprivate init(peer: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        self.init()
        try decode(peer.payload, in: bytes, isPeer: true)
    }
}
