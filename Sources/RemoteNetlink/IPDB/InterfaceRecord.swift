import NetlinkFamilies

/// An interface with everything that the kernel told of it, so that it can be put back as it was.
struct InterfaceRecord: Sendable {
    var interface: Interface
    /// In the kernel's order: of the IPv4 addresses of a subnet the first is the primary.
    var addresses: [Address] = []
    /// Every route that somebody set, in the kernel's order, without what changes by itself.
    var routes: [Route] = []
    /// Whether each port is up.
    var portsUp: [String: Bool] = [:]
}

/// Asks the kernel what an interface is like now.
struct InterfaceReader: Sendable {
    let ip: IPRoute

    func read(name: String) async throws(IPDBError) -> InterfaceRecord {
        do throws(NetlinkError) {
            return try await read(try await ip.link(name))
        } catch {
            throw error.errno == ErrorNumber.noDevice ? .noInterface(name) : .netlink(error)
        }
    }

    func read(index: UInt32, name: String) async throws(IPDBError) -> InterfaceRecord {
        do throws(NetlinkError) {
            return try await read(try await ip.link(index: index))
        } catch {
            throw error.errno == ErrorNumber.noDevice ? .noInterface(name) : .netlink(error)
        }
    }

    /// The name of an interface that may have been named by another of its names; the same where there is none.
    func name(of name: String) async -> String {
        await (try? ip.link(name))?.name.text ?? name
    }

    private func read(_ link: Link) async throws(NetlinkError) -> InterfaceRecord {
        var master: String?
        if let index = link.master, index != 0 { master = try await ip.link(index: index).name.text }
        var record = InterfaceRecord(interface: Interface(link) { _ in master })
        if Interface.kindsWithPorts.contains(link.info?.kind) {
            for port in try await ip.ports(of: link.index) {
                record.interface.ports.insert(port.name.text)
                record.portsUp[port.name.text] = port.flags.contains(.up)
            }
        }
        record.addresses = try await ip.addresses(index: link.index)
        record.interface.addresses = Set(record.addresses.compactMap(\.prefix))
        record.routes = try await ip.routes(through: link.index).filter(\.isSetBySomebody).map(\.lasting)
        record.interface.routes = Set(record.routes.compactMap { InterfaceRoute($0) })
        return record
    }
}

/// Numbers of errno that have a meaning here.
enum ErrorNumber {
    static let noSuchProcess: Int32 = 3
    static let exists: Int32 = 17
    static let noDevice: Int32 = 19
    static let addressNotAvailable: Int32 = 99
}

extension Interface {
    static let kindsWithPorts: [ByteString?] = ["bridge", "bond", "vrf", "team"]
}

extension Address {
    /// IFA_PROTO: who made an address that nobody set; 1 to 3 are the kernel's own.
    private static let kernelOrigins: ClosedRange<UInt8> = 1...3

    /// An address that comes by itself: a link-local or an announced one.
    var comesByItself: Bool {
        // The bit of IPv4's secondary addresses means temporary ones for IPv6.
        family == .inet6 && (flags.contains(.secondary) || origin.map(Self.kernelOrigins.contains) ?? false)
    }

    /// The request that makes it again: without what the kernel finds out by itself.
    var again: Address {
        var address = self
        address.flags.formIntersection([
            .noDAD, .homeAddress, .manageTemporary, .noPrefixRoute, .multicastAutoJoin,
        ])
        if flags.contains(.permanent) { address.cacheInfo = nil }
        address.unknownAttributes = []
        return address
    }

    /// The same but for the time that is left.
    func isAgain(_ other: Address) -> Bool {
        var (own, others) = (again, other.again)
        own.cacheInfo = nil
        others.cacheInfo = nil
        return own == others
    }
}

extension Route {
    /// Not made by the kernel itself, which makes them again where they belong.
    var isSetBySomebody: Bool {
        table != .local && !flags.contains(.cloned) && ![.kernel, .redirect, .routerAdvertisement].contains(origin)
    }

    /// Without what changes by itself: ages, and whether the link is up.
    var lasting: Route {
        var route = self
        route.flags.formIntersection(.onLink)
        route.cacheInfo = nil
        route.unknownAttributes = []
        for index in route.nextHops.indices { route.nextHops[index].flags.formIntersection(.onLink) }
        return route
    }

    /// What the kernel finds a route by; of several with the same, IPv4 knows an order.
    var place: RoutePlace { RoutePlace(self) }

    /// True when packets of the route may go out there.
    func leaves(through index: UInt32) -> Bool {
        outputIndex == index || nextHops.contains { $0.outputIndex == index }
    }
}

/// What the kernel finds a route by.
struct RoutePlace: Hashable {
    let destination: IPPrefix
    let table: RouteTable
    let metric: UInt32
    let tos: UInt8
    let source: IPAddress?
    let sourceLength: UInt8

    init(_ route: Route) {
        destination = route.prefix
        table = route.table
        metric = route.priority ?? 0
        tos = route.tos
        source = route.source
        sourceLength = route.sourceLength
    }
}
