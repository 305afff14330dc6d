public import NetlinkWire

/// Requests for links (RTM_GETLINK).
public enum LinkRequest {
    /// A header whose fields are zero but for the index: strict checking refuses anything else.
    private static func header(index: UInt32 = 0) -> Link {
        Link(index: index)
    }

    /// Asks for every link; with `master` the kernel leaves out what isn't a port of that link.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump(
        extras: LinkExtras = [.virtualFunctions], master: UInt32? = nil
    ) throws(WireError) -> Request {
        try Request(type: .getLink, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            try header().encode(into: &writer)
            try writer.attribute(LinkAttribute.extMask, extras.rawValue)
            try writer.attribute(LinkAttribute.master, master)
        }
    }

    /// Asks for a bridge's view of every port.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func bridgePorts(extras: LinkExtras = [.bridgeVLANsCompressed]) throws(WireError) -> Request {
        var header = header()
        header.family = .bridge
        return try Request(type: .getLink, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            try header.encode(into: &writer)
            try writer.attribute(LinkAttribute.extMask, extras.rawValue)
        }
    }

    /// Asks for one link by its index.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func get(index: UInt32, extras: LinkExtras = [.virtualFunctions]) throws(WireError) -> Request {
        try Request(type: .getLink, flags: []) { (writer: inout MessageWriter) throws(WireError) in
            try header(index: index).encode(into: &writer)
            try writer.attribute(LinkAttribute.extMask, extras.rawValue)
        }
    }

    /// Asks for one link by its name or one of its alternative names.
    ///
    /// - Throws: `tooLong` for a name that no attribute can hold.
    public static func get(name: ByteString, extras: LinkExtras = [.virtualFunctions]) throws(WireError) -> Request {
        // Names of links have up to 15 bytes (IFNAMSIZ); the kernel compares longer ones with alternative names only.
        let type = name.bytes.count < 16 ? LinkAttribute.name : LinkAttribute.alternativeName
        return try Request(type: .getLink, flags: []) { (writer: inout MessageWriter) throws(WireError) in
            try header().encode(into: &writer)
            try writer.attribute(LinkAttribute.extMask, extras.rawValue)
            try writer.attribute(type, name)
        }
    }
}

/// Requests for addresses (RTM_GETADDR).
public enum AddressRequest {
    /// Asks for every address, or those of a family; with `index` the kernel leaves out other links' if strict
    /// checking is on.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump(family: AddressFamily = .unspecified, index: UInt32 = 0) throws(WireError) -> Request {
        try Request(type: .getAddress, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            // struct ifaddrmsg
            writer.append(UInt32(family.rawValue))
            writer.append(index)
        }
    }
}

/// Requests for routes (RTM_GETROUTE).
public enum RouteRequest {
    /// Asks for every route; with a table or a link the kernel leaves out others if strict checking is on.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump(
        family: AddressFamily = .unspecified, table: RouteTable = .unspecified, outputIndex: UInt32? = nil
    ) throws(WireError) -> Request {
        try Request(type: .getRoute, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            // struct rtmsg
            writer.append(UInt32(family.rawValue))
            writer.append(UInt64(0))
            if table != .unspecified { try writer.attribute(RouteAttribute.longTable, table.rawValue) }
            try writer.attribute(RouteAttribute.outputIndex, outputIndex)
        }
    }

    /// Asks which route a packet to `destination` would take; without flags the table is told too.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func get(
        to destination: IPAddress, from source: IPAddress? = nil, flags: RouteFlags? = nil
    ) throws(WireError) -> Request {
        let bits = destination.length * 8
        // With strict checking IPv6 refuses the flag, and says the table without it.
        let flags = flags ?? (destination.length == 4 ? .lookupTable : [])
        var route = Route(family: destination.length == 4 ? .inet : .inet6, to: destination, length: bits)
        route.table = .unspecified
        route.longTable = nil
        route.origin = .unspecified
        route.type = .unspecified
        route.flags = flags
        route.source = source
        route.sourceLength = source == nil ? 0 : bits
        return try Request(type: .getRoute, flags: []) { (writer: inout MessageWriter) throws(WireError) in
            try route.encode(into: &writer)
        }
    }
}

/// Requests for neighbours and forwarding entries (RTM_GETNEIGH).
public enum NeighbourRequest {
    /// Asks for every neighbour, or those of a family.
    ///
    /// The kernel itself leaves out what doesn't belong to `index` or `master`.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump(
        family: AddressFamily = .unspecified, index: UInt32? = nil, master: UInt32? = nil, proxies: Bool = false
    ) throws(WireError) -> Request {
        try Request(type: .getNeighbour, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            header(family, index: 0, flags: proxies ? .proxy : [], into: &writer)
            try writer.attribute(NeighbourAttribute.interfaceIndex, index)
            try writer.attribute(NeighbourAttribute.master, master)
        }
    }

    /// Asks for every forwarding entry, or those of a link or a bridge (AF_BRIDGE).
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func forwardingDump(index: UInt32? = nil, bridge: UInt32? = nil) throws(WireError) -> Request {
        try Request(type: .getNeighbour, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            header(.bridge, index: index ?? 0, flags: [], into: &writer)
            try writer.attribute(NeighbourAttribute.master, bridge)
        }
    }

    /// Asks for one neighbour.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func get(_ destination: IPAddress, index: UInt32) throws(WireError) -> Request {
        try Request(type: .getNeighbour, flags: []) { (writer: inout MessageWriter) throws(WireError) in
            header(destination.length == 4 ? .inet : .inet6, index: index, flags: [], into: &writer)
            try writer.attribute(NeighbourAttribute.destination, destination)
        }
    }

    private static func header(
        _ family: AddressFamily, index: UInt32, flags: NeighbourFlags, into writer: inout MessageWriter
    ) {
        writer.append(UInt32(family.rawValue))
        writer.append(index)
        writer.append(UInt16(0))
        writer.append(flags.rawValue)
        writer.append(UInt8(0))
    }
}

/// Requests for rules (RTM_GETRULE).
public enum RuleRequest {
    /// Asks for every rule, or those of a family.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump(family: AddressFamily = .unspecified) throws(WireError) -> Request {
        try Request(type: .getRule, flags: .dump) { (writer: inout MessageWriter) throws(WireError) in
            // struct fib_rule_hdr
            writer.append(UInt32(family.rawValue))
            writer.append(UInt32(0))
            writer.append(UInt32(0))
        }
    }
}
