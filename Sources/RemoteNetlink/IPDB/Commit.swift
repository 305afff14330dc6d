public import NetlinkFamilies
import NetlinkWire

/// Asks the kernel what an interface is like now.
struct InterfaceReader {
    let ip: IPRoute

    func read(name: String) async throws(IPDBError) -> Interface {
        do throws(NetlinkError) {
            return try await read(try await ip.link(name))
        } catch {
            throw error.errno == 19 ? .noInterface(name) : .netlink(error)
        }
    }

    func read(index: UInt32, name: String) async throws(IPDBError) -> Interface {
        do throws(NetlinkError) {
            return try await read(try await ip.link(index: index))
        } catch {
            throw error.errno == 19 ? .noInterface(name) : .netlink(error)
        }
    }

    private func read(_ link: Link) async throws(NetlinkError) -> Interface {
        var master: String?
        if let index = link.master, index != 0 { master = try await ip.link(index: index).name.text }
        var interface = Interface(link) { _ in master }
        if ["bridge", "bond", "vrf", "team"].contains(link.info?.kind) {
            interface.ports = Set(try await ip.ports(of: link.index).map(\.name.text))
        }
        interface.addresses = Set(try await ip.addresses(index: link.index).compactMap(\.prefix))
        interface.routes = Set(try await ip.routes(through: link.index).compactMap { InterfaceRoute($0) })
        return interface
    }
}

/// One change on its way into the kernel.
struct Commit {
    /// What goes along with a step by itself, such as the further addresses of a subnet, is put back; so often.
    private static let rounds = 3

    private let db: IPDB
    private let reader: InterfaceReader
    private let base: Interface
    private let wanted: Interface

    init(_ db: IPDB, _ reader: InterfaceReader, base: Interface, wanted: Interface) {
        self.db = db
        self.reader = reader
        self.base = base
        self.wanted = wanted
    }

    /// Makes the change, or leaves everything as it was.
    func run() async throws(IPDBError) -> Interface {
        try checkWanted()
        let before = try await reader.read(index: base.index, name: base.name)
        let conflicts = wanted.conflicts(since: base, with: before)
        guard conflicts.isEmpty else { throw .conflict(interface: before.name, properties: conflicts) }
        let target = wanted.applied(since: base, to: before)
        let after = try await reach(target, from: before)
        await db.settle { interfaces in
            interfaces.contains { $0.index == after.index && $0.isLike(after) }
        }
        return after
    }

    private func checkWanted() throws(IPDBError) {
        guard (1...15).contains(wanted.name.utf8.count), !wanted.name.contains("/"), !wanted.name.contains(" ") else {
            throw .invalid("\"\(wanted.name)\" is no name for an interface: 1 to 15 bytes, no / and no blank")
        }
        guard wanted.address != nil || base.address == nil else {
            throw .invalid("\(base.name): an address can't be taken away, only changed")
        }
    }

    /// Step by step to `target`; on failure back to `before`.
    private func reach(_ target: Interface, from before: Interface) async throws(IPDBError) -> Interface {
        var current = before
        for _ in 0..<Commit.rounds {
            for step in current.steps(to: target) {
                do throws(NetlinkError) {
                    try await perform(step, target)
                } catch {
                    throw await undone(target, to: before, step, error)
                }
            }
            current = try await reader.read(index: base.index, name: target.name)
            if current.shortcomings(of: target).isEmpty { return current }
            // Only what is missing: what others added meanwhile is theirs.
            current.addresses.formIntersection(target.addresses)
            current.routes.formIntersection(target.routes)
            current.ports.formIntersection(target.ports)
        }
        let properties = current.shortcomings(of: target)
        let left = await undo(target, to: before)
        guard left.isEmpty else {
            throw .halfDone(step: "have it as meant", NetlinkError(.noAnswer, host: db.host), left: left)
        }
        throw .notAsMeant(interface: before.name, properties: properties)
    }

    private func undone(
        _ target: Interface, to before: Interface, _ step: Step, _ error: NetlinkError
    ) async -> IPDBError {
        let left = await undo(target, to: before)
        return left.isEmpty
            ? .rolledBack(step: step.description, error) : .halfDone(step: step.description, error, left: left)
    }

    /// Puts everything back as it was before; what couldn't be.
    private func undo(_ target: Interface, to before: Interface) async -> [String] {
        var left: [String] = []
        for _ in 0..<Commit.rounds {
            left = []
            do throws(IPDBError) {
                var now = try await reader.read(index: base.index, name: before.name)
                // What others added meanwhile is theirs.
                now.addresses.formIntersection(before.addresses.union(target.addresses))
                now.routes.formIntersection(before.routes.union(target.routes))
                now.ports.formIntersection(before.ports.union(target.ports))
                let steps = now.steps(to: before)
                if steps.isEmpty { return [] }
                for step in steps {
                    do throws(NetlinkError) {
                        try await perform(step, before)
                    } catch {
                        left.append(step.description)
                    }
                }
            } catch {
                return ["\(error)"]
            }
        }
        return left
    }

    // MARK: - Steps as requests

    private func perform(_ step: Step, _ target: Interface) async throws(NetlinkError) {
        let index = base.index
        var link = Link(index: index)
        switch step {
        case .setUp(let isUp):
            link.flags = isUp ? .up : []
            link.changeMask = .up
        case .setMTU(let mtu): link.mtu = mtu
        case .setAddress(let address): link.address = address
        case .setName(let name): link.name = ByteString(name)
        case .setTXQueueLength(let length): link.txQueueLength = length
        case .setAlias(let alias): link.alias = ByteString(alias)
        case .setMaster(let name): link.master = try await masterIndex(name)
        case .addPort(let name): return try await attach(name, to: index)
        case .removePort(let name): return try await detach(name)
        case .addAddress(let prefix): return try await add(Address(prefix, index: index))
        case .removeAddress(let prefix):
            return try await tolerating([99]) { () async throws(NetlinkError) in
                try await db.ip.delete(Address(prefix, index: index))
            }
        case .addRoute(let route): return try await add(route.route(index: index))
        case .removeRoute(let route):
            return try await tolerating([3]) { () async throws(NetlinkError) in
                try await db.ip.delete(route.removal(index: index))
            }
        }
        try await db.ip.change(link)
    }

    private func masterIndex(_ name: String?) async throws(NetlinkError) -> UInt32 {
        guard let name else { return 0 }
        return try await db.ip.link(name).index
    }

    /// What came back by itself is there: no mistake.
    private func add(_ object: some RouteMessage) async throws(NetlinkError) {
        try await tolerating([17]) { () async throws(NetlinkError) in try await db.ip.add(object) }
    }

    /// A bond takes only ports that are down, and sets them up by itself.
    private func attach(_ name: String, to index: UInt32) async throws(NetlinkError) {
        let port = try await db.ip.link(name)
        var link = Link(index: port.index)
        if base.kind == "bond", port.flags.contains(.up) {
            link.changeMask = .up
            try await db.ip.change(link)
            link.changeMask = []
        }
        link.master = index
        try await db.ip.change(link)
    }

    /// A bond sets the ports that it lets go down; they are set up again where they were.
    private func detach(_ name: String) async throws(NetlinkError) {
        let port = try await db.ip.link(name)
        var link = Link(index: port.index)
        link.master = 0
        try await db.ip.change(link)
        guard base.kind == "bond", port.flags.contains(.up) else { return }
        link = Link(index: port.index)
        link.flags = .up
        link.changeMask = .up
        try await db.ip.change(link)
    }

    /// Some refusals say that it was so already.
    private func tolerating(
        _ numbers: [Int32], _ body: () async throws(NetlinkError) -> Reply
    ) async throws(NetlinkError) {
        do throws(NetlinkError) {
            _ = try await body()
        } catch {
            guard let errno = error.errno, numbers.contains(errno) else { throw error }
        }
    }
}

extension Interface {
    /// Equal but for what the view may know otherwise: routes, if it has none.
    fileprivate func isLike(_ other: Interface) -> Bool {
        differences(from: other).allSatisfy { $0 == "routes" || $0 == "ports" }
    }
}

extension IPRoute {
    /// The ports of a bridge, bond or VRF.
    ///
    /// Source: RTM_GETLINK with NLM_F_DUMP and IFLA_MASTER.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func ports(of master: UInt32) async throws(NetlinkError) -> [Link] {
        let links: [Link] = try await connection.all(
            try built { () throws(WireError) in try LinkRequest.dump(master: master) })
        return links.filter { $0.master == master }
    }

    /// The routes of both families whose packets go out through a link.
    ///
    /// Source: RTM_GETROUTE with NLM_F_DUMP and RTA_OIF.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func routes(through index: UInt32) async throws(NetlinkError) -> [Route] {
        var routes: [Route] = []
        for family in [AddressFamily.inet, .inet6] {
            let all: [Route] = try await connection.all(
                try built { () throws(WireError) in try RouteRequest.dump(family: family, outputIndex: index) })
            // A kernel without IPv6 answers with the routes that it has.
            routes += all.filter { $0.family == family && $0.outputIndex == index && !$0.flags.contains(.cloned) }
        }
        return routes
    }
}
