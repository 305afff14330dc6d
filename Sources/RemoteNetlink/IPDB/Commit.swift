import NetlinkFamilies
import NetlinkWire

/// One change on its way into the kernel.
struct Commit: Sendable {
    /// What goes along with a step by itself, such as the further addresses of a subnet, is put back; so often.
    private static let rounds = 4

    private let ip: IPRoute
    private let reader: InterfaceReader
    private let plan: ChangePlan

    /// Makes the change, or leaves everything as it was.
    static func run(
        _ ip: IPRoute, base: InterfaceRecord, wanted: Interface
    ) async throws(IPDBError) -> Interface {
        try wanted.check(since: base.interface)
        let reader = InterfaceReader(ip: ip)
        var wanted = wanted
        await wanted.useProperNames(since: base.interface, reader)
        let changed = Set(wanted.differences(from: base.interface))
        var before = try await reader.read(index: base.interface.index, name: base.interface.name)
        let conflicts = wanted.conflicts(since: base.interface, with: before.interface)
        guard conflicts.isEmpty else { throw .conflict(interface: before.interface.name, properties: conflicts) }
        let target = wanted.applied(since: base.interface, to: before.interface)
        await reader.addPorts(target.ports, to: &before)
        let commit = Commit(
            ip: ip, reader: reader, plan: ChangePlan(before: before, target: target, changed: changed))
        return try await commit.reach()
    }

    private init(ip: IPRoute, reader: InterfaceReader, plan: ChangePlan) {
        self.ip = ip
        self.reader = reader
        self.plan = plan
    }

    private var name: String { plan.before.interface.name }
    private var index: UInt32 { plan.before.interface.index }

    /// What the kernel says now.
    private func read() async throws(IPDBError) -> InterfaceRecord {
        var record = try await reader.read(index: index, name: name)
        await reader.addPorts(Set(plan.before.portsUp.keys), to: &record)
        return record
    }

    /// Step by step to the target; on failure back.
    private func reach() async throws(IPDBError) -> Interface {
        var now = plan.before
        for _ in 0..<Commit.rounds {
            try await take(plan.forward(from: now))
            do throws(IPDBError) {
                now = try await read()
            } catch {
                throw await undone("read back what was changed", error)
            }
            if plan.shortcomings(now).isEmpty { return now.interface }
        }
        let properties = plan.shortcomings(now)
        let left = await undo()
        guard left.isEmpty else {
            throw .halfDone(step: "have it as meant", NetlinkError(.noAnswer, host: ip.host), left: left)
        }
        throw .notAsMeant(interface: name, properties: properties)
    }

    private func take(_ steps: [Step]) async throws(IPDBError) {
        for step in steps {
            do throws(NetlinkError) {
                try await perform(step)
            } catch {
                throw await undone(step.description, .netlink(error))
            }
        }
    }

    // MARK: - Back

    /// What to tell after everything possible was undone.
    private func undone(_ step: String, _ error: IPDBError) async -> IPDBError {
        // Deleted by somebody else: there is nothing to be put back.
        if case .noInterface = error { return error }
        let left = await undo()
        if left == [Commit.isGone] { return .noInterface(name) }
        let cause = if case .netlink(let error) = error { error } else { NetlinkError(.noAnswer, host: ip.host) }
        return left.isEmpty ? .rolledBack(step: step, cause) : .halfDone(step: step, cause, left: left)
    }

    private static let isGone = "the interface is gone"

    /// Puts everything back as it was before, also in a task that was cancelled; what couldn't be.
    private func undo() async -> [String] {
        await Task { await undoNow() }.value
    }

    private func undoNow() async -> [String] {
        var failed: [String] = []
        for _ in 0..<Commit.rounds {
            let now: InterfaceRecord
            do throws(IPDBError) {
                now = try await read()
            } catch {
                if case .noInterface = error { return [Commit.isGone] }
                return ["\(error)"]
            }
            let steps = plan.backward(from: now)
            if steps.isEmpty { return plan.changedByOthers(now).map { "the \($0), which somebody else has changed" } }
            failed = []
            for step in steps {
                do throws(NetlinkError) {
                    try await perform(step)
                } catch {
                    failed.append("\(step): \(error)")
                }
            }
        }
        return failed
    }
}

// MARK: - Steps as requests

extension Commit {
    private func perform(_ step: Step) async throws(NetlinkError) {
        var link = Link(index: index)
        switch step {
        case .setUp(let isUp): return try await set(index, up: isUp)
        case .setMTU(let mtu): link.mtu = mtu
        case .setAddress(let address): link.address = address
        case .setName(let name): link.name = ByteString(name)
        case .setTXQueueLength(let length): link.txQueueLength = length
        case .setAlias(let alias): link.alias = ByteString(alias)
        case .setMaster(let name): return try await setMaster(name)
        case .addPort(let name):
            let port = try await ip.link(name)
            return try await attach(port, to: index, takesOnlyDown: plan.before.interface.takesOnlyPortsThatAreDown)
        case .removePort(let name): return try await attach(try await ip.link(name), to: 0, takesOnlyDown: false)
        case .setPortUp(let name, let isUp): return try await set(try await ip.link(name).index, up: isUp)
        case .addAddress, .removeAddress, .addRoute, .restoreRoute, .removeRoute: return try await performIP(step)
        }
        try await ip.change(link)
    }

    /// Some refusals say that it was so already: the kernel does much by itself.
    private func performIP(_ step: Step) async throws(NetlinkError) {
        switch step {
        case .addAddress(let address):
            try await tolerating(ErrorNumber.exists) { () async throws(NetlinkError) in try await ip.add(address) }
        case .removeAddress(let address):
            try await tolerating(ErrorNumber.addressNotAvailable) { () async throws(NetlinkError) in
                try await ip.delete(address.again)
            }
        case .addRoute(let route): try await ip.add(route)
        case .restoreRoute(let route):
            try await tolerating(ErrorNumber.exists) { () async throws(NetlinkError) in try await ip.append(route) }
        case .removeRoute(let route):
            try await tolerating(ErrorNumber.noSuchProcess) { () async throws(NetlinkError) in
                try await ip.delete(route)
            }
        default: break
        }
    }

    private func set(_ index: UInt32, up isUp: Bool) async throws(NetlinkError) {
        var link = Link(index: index)
        link.flags = isUp ? .up : []
        link.changeMask = .up
        try await ip.change(link)
    }

    private func setMaster(_ name: String?) async throws(NetlinkError) {
        let own = try await ip.link(index: index)
        guard let name else { return try await attach(own, to: 0, takesOnlyDown: false) }
        let master = try await ip.link(name)
        let kind = Interface(master) { _ in nil }
        try await attach(own, to: master.index, takesOnlyDown: kind.takesOnlyPortsThatAreDown)
    }

    private func attach(_ port: Link, to master: UInt32, takesOnlyDown: Bool) async throws(NetlinkError) {
        if takesOnlyDown, port.flags.contains(.up) { try await set(port.index, up: false) }
        var link = Link(index: port.index)
        link.master = master
        try await ip.change(link)
    }

    private func tolerating(
        _ number: Int32, _ body: () async throws(NetlinkError) -> Reply
    ) async throws(NetlinkError) {
        do throws(NetlinkError) {
            _ = try await body()
        } catch {
            guard error.errno == number else { throw error }
        }
    }
}

extension Interface {
    /// A bond takes only ports that are down, and sets them up by itself; a team takes them likewise.
    fileprivate var takesOnlyPortsThatAreDown: Bool { kind == "bond" || kind == "team" }

    /// Refuses what no kernel would take.
    fileprivate func check(since base: Interface) throws(IPDBError) {
        let isName =
            (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 != 0 && $0 != 0x2f && $0 != 0x3a && $0 != 0x20 && !(9...13).contains($0) }
        guard isName || name == base.name else {
            throw .invalid("\"\(name)\" is no name for an interface: 1 to 15 bytes, no blank, no / and no :")
        }
        guard address != nil || base.address == nil else {
            throw .invalid("\(base.name): an address can't be taken away, only changed")
        }
    }

    /// Replaces alternative names of other interfaces by their names, as the kernel will show them.
    fileprivate mutating func useProperNames(since base: Interface, _ reader: InterfaceReader) async {
        for port in ports.subtracting(base.ports) {
            ports.remove(port)
            ports.insert(await reader.name(of: port))
        }
        if let master, master != base.master { self.master = await reader.name(of: master) }
    }
}

extension InterfaceReader {
    /// Adds whether these interfaces are up, where that isn't known.
    fileprivate func addPorts(_ names: Set<String>, to record: inout InterfaceRecord) async {
        for name in names where record.portsUp[name] == nil {
            if let link = try? await ip.link(name) { record.portsUp[name] = link.flags.contains(.up) }
        }
    }
}
