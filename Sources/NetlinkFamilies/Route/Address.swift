public import NetlinkWire

/// An IP address of a link: RTM_NEWADDR, RTM_DELADDR.
public struct Address: RouteMessage {
    /// Lifetimes and times of change (struct ifa_cacheinfo).
    public struct CacheInfo: Hashable, Sendable {
        /// Seconds for which the address is preferred; all bits for ever.
        public var preferred: UInt32
        /// Seconds for which the address is valid; all bits for ever.
        public var valid: UInt32
        /// When it was made, in hundredths of a second since boot.
        public var created: UInt32
        /// When it was changed, in hundredths of a second since boot.
        public var updated: UInt32

        /// Lifetimes in seconds.
        public init(preferred: UInt32, valid: UInt32, created: UInt32 = 0, updated: UInt32 = 0) {
            self.preferred = preferred
            self.valid = valid
            self.created = created
            self.updated = updated
        }
    }

    /// AF_INET or AF_INET6 (ifa_family).
    public var family: AddressFamily = .inet
    /// Length of the subnet's prefix in bits (ifa_prefixlen).
    public var prefixLength: UInt8 = 0
    /// Where the address is valid (ifa_scope).
    public var scope: RouteScope = .universe
    /// Index of the link (ifa_index).
    public var index: UInt32 = 0
    /// Flags: IFA_FLAGS, or the eight of ifa_flags where that is missing.
    public var flags: AddressFlags = []
    /// Whether the flags are written as IFA_FLAGS too.
    var hasLongFlags = false

    /// Address of the subnet; on a point-to-point link the peer's (IFA_ADDRESS).
    public var address: IPAddress?
    /// Own address; IPv6 has it only where it differs from `address` (IFA_LOCAL).
    public var local: IPAddress?
    /// Label of an IPv4 address (IFA_LABEL).
    public var label: ByteString?
    /// Broadcast address (IFA_BROADCAST).
    public var broadcast: IPAddress?
    /// Anycast address (IFA_ANYCAST).
    public var anycast: IPAddress?
    /// Multicast address (IFA_MULTICAST).
    public var multicast: IPAddress?
    /// Metric of the subnet's route (IFA_RT_PRIORITY).
    public var routePriority: UInt32?
    /// Id of the network namespace that the address lies in, when it was asked for by id (IFA_TARGET_NETNSID).
    public var netnsID: Int32?
    /// Who set the address (IFA_PROTO).
    public var origin: UInt8?
    /// Lifetimes (IFA_CACHEINFO).
    public var cacheInfo: CacheInfo?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWADDR.
    public static var newType: MessageType { .newAddress }

    /// An address of a link, for requests.
    public init(_ address: IPAddress, prefixLength: UInt8, index: UInt32) {
        family = address.length == 4 ? .inet : .inet6
        self.prefixLength = prefixLength
        self.index = index
        local = address
        self.address = address
    }

    /// The own address: `local`, or `address` where that is missing.
    public var ownAddress: IPAddress? { local ?? address }
    /// The peer's address, if it has one.
    public var peer: IPAddress? { local == nil || address == local ? nil : address }
}

extension Address {
    /// Size of struct ifaddrmsg.
    static let headerSize = 8

    /// Decodes an address.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= Address.headerSize else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        prefixLength = try bytes.u8(at: start + 1)
        flags = AddressFlags(rawValue: UInt32(try bytes.u8(at: start + 2)))
        scope = RouteScope(rawValue: try bytes.u8(at: start + 3))
        index = try bytes.u32(at: start + 4)
        var seen = SeenTypes()
        var cursor = AttributeCursor((start + Address.headerSize)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            try decode(attribute, in: bytes)
        }
    }

    private mutating func decode(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case AddressAttribute.address: address = try attribute.ip(family, in: bytes)
        case AddressAttribute.local: local = try attribute.ip(family, in: bytes)
        case AddressAttribute.label: label = try attribute.text(in: bytes)
        case AddressAttribute.broadcast: broadcast = try attribute.ip(family, in: bytes)
        case AddressAttribute.anycast: anycast = try attribute.ip(family, in: bytes)
        case AddressAttribute.multicast: multicast = try attribute.ip(family, in: bytes)
        case AddressAttribute.routePriority: routePriority = try attribute.u32(in: bytes)
        case AddressAttribute.netnsID: netnsID = try attribute.i32(in: bytes)
        case AddressAttribute.origin: origin = try attribute.u8(in: bytes)
        case AddressAttribute.cacheInfo: cacheInfo = try CacheInfo(attribute, in: bytes)
        case AddressAttribute.flags:
            flags = AddressFlags(rawValue: try attribute.u32(in: bytes))
            hasLongFlags = true
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    /// Writes struct ifaddrmsg and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        writer.append(family.rawValue)
        writer.append(prefixLength)
        writer.append(UInt8(truncatingIfNeeded: flags.rawValue))
        writer.append(scope.rawValue)
        writer.append(index)
        try writer.attribute(AddressAttribute.local, local)
        try writer.attribute(AddressAttribute.address, address)
        try writer.attribute(AddressAttribute.label, label)
        try writer.attribute(AddressAttribute.broadcast, broadcast)
        try writer.attribute(AddressAttribute.anycast, anycast)
        try writer.attribute(AddressAttribute.multicast, multicast)
        try writer.attribute(AddressAttribute.routePriority, routePriority)
        try writer.attribute(AddressAttribute.netnsID, netnsID)
        try writer.attribute(AddressAttribute.origin, origin)
        if hasLongFlags || flags.rawValue > 0xff {
            try writer.attribute(AddressAttribute.flags, flags.rawValue)
        }
        if let cacheInfo { try cacheInfo.encode(into: &writer) }
        try writer.attributes(unknownAttributes)
    }
}

extension Address.CacheInfo {
    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        guard attribute.payload.count == 16 else { throw WireError(.wrongWidth, at: attribute.offset) }
        let start = attribute.payload.lowerBound
        preferred = try bytes.u32(at: start)
        valid = try bytes.u32(at: start + 4)
        created = try bytes.u32(at: start + 8)
        updated = try bytes.u32(at: start + 12)
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        try writer.attribute(AddressAttribute.cacheInfo) { (writer: inout MessageWriter) throws(WireError) in
            for value in [preferred, valid, created, updated] { writer.append(value) }
        }
    }
}
