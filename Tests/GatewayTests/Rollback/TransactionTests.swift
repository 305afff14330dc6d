import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The library's transactions: what it has the gateway undo, computed before each change.
    @Suite struct TransactionTests {
        private struct Stop: Error {}

        /// A gateway for everything, a client, and a link `eth7` that is up, with an address and routes.
        private func run(_ body: (OutsideGateway, IPRoute) async throws -> Void) async throws {
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"]) { outside in
                try outside.namespace.ip("link add eth7 type veth peer name eth8")
                try outside.namespace.ip("link set eth8 up")
                try outside.namespace.ip("link set eth7 up mtu 1400 alias uplink")
                try outside.namespace.ip("address add 10.7.0.1/24 dev eth7")
                try outside.namespace.ip("address add 10.7.0.2/24 dev eth7")
                try outside.namespace.ip("route add default via 10.7.0.254")
                try outside.namespace.ip("route add 198.51.100.0/24 via 10.7.0.253 metric 7 table 77")
                try outside.namespace.ip("neigh add 10.7.0.9 lladdr 02:00:00:00:00:09 dev eth7")
                try outside.namespace.ip("rule add from 10.7.0.0/24 table 77 priority 777")
                try await body(outside, try await outside.client())
            }
        }

        /// What a transaction may have changed, as `ip` says it.
        private func state(_ outside: OutsideGateway) throws -> [String] {
            try ["-o link", "-o -4 address", "-4 route show table all", "neigh show nud permanent", "rule"].map {
                words in
                // What the kernel counts and what it finds out is left out.
                try outside.namespace.ip(words).split(separator: "\n").map {
                    $0.replacing(#/ (state [A-Z]+|linkdown|qdisc \w+|valid_lft \w+|preferred_lft \w+)/#, with: "")
                        // A renamed interface's second address has a label that stays (docs/rollback.md).
                        .replacing("secondary eth7:2", with: "secondary eth7")
                }.sorted().joined(separator: "\n")
            }
        }

        /// Lines that only one of two states has.
        private func differences(_ one: [String], _ other: [String]) -> [String] {
            let lines = [one, other].map { Set($0.flatMap { $0.split(separator: "\n").map(String.init) }) }
            return lines[0].symmetricDifference(lines[1]).sorted()
        }

        private func failure(
            of ip: IPRoute, _ body: (IPRoute) async throws -> Void
        ) async -> TransactionError<any Error>? {
            do throws(TransactionError<any Error>) {
                try await ip.transaction(confirmWithin: .seconds(600), body)
                return nil
            } catch {
                return error
            }
        }

        private typealias Change = @Sendable (IPRoute, UInt32) async throws -> Void

        private let changes: [(String, Change)] = [
            (
                "down",
                { ip, index in
                    var link = Link(index: index)
                    link.changeMask = .up
                    try await ip.change(link)
                }
            ),
            (
                "several properties at once",
                { ip, index in
                    var link = Link(index: index, name: "uplink0")
                    (link.mtu, link.alias, link.txQueueLength) = (1300, "other", 77)
                    link.address = LinkAddress("02:00:00:00:00:77")
                    try await ip.change(link)
                }
            ),
            (
                "renamed, then down by the new name",
                { ip, index in
                    try await ip.change(Link(index: index, name: "uplink0"))
                    var link = Link(name: "uplink0")
                    link.changeMask = .up
                    try await ip.change(link)
                }
            ),
            (
                "the first address is removed, with what goes along",
                { ip, index in
                    try await ip.delete(Address("10.7.0.1/24", index: index))
                }
            ),
            ("an address is added", { ip, index in try await ip.add(Address("10.8.0.1/24", index: index)) }),
            (
                "the default route is removed",
                { ip, _ in
                    var route = Route(family: .inet)
                    (route.type, route.origin, route.scope) = (.unspecified, .unspecified, .nowhere)
                    try await ip.delete(route)
                }
            ),
            (
                "the default route leads elsewhere",
                { ip, index in
                    var route = Route(family: .inet)
                    (route.gateway, route.outputIndex) = (IPAddress("10.7.0.252"), index)
                    try await ip.replace(route)
                }
            ),
            (
                "routes are added",
                { ip, index in
                    for number in 0..<80 {
                        var route = Route(family: .inet, to: IPAddress("203.0.113.\(number)"), length: 32)
                        route.outputIndex = index
                        try await ip.add(route)
                    }
                }
            ),
            (
                "a neighbour is another, another is added and removed",
                { ip, index in
                    let (nine, ten) = (IPAddress("10.7.0.9"), IPAddress("10.7.0.10"))
                    let address = LinkAddress("02:00:00:00:00:10")
                    try await ip.replace(
                        Neighbour(family: .inet, index: index, destination: nine, linkAddress: address))
                    try await ip.add(Neighbour(family: .inet, index: index, destination: ten, linkAddress: address))
                    try await ip.delete(Neighbour(family: .inet, index: index, destination: nine))
                }
            ),
            (
                "a rule is removed, another added",
                { ip, _ in
                    try await ip.delete(Rule(family: .inet, priority: 777))
                    try await ip.add(Rule(family: .inet, priority: 778, table: .main))
                }
            ),
            (
                "interfaces are made",
                { ip, _ in
                    for name in ["br7", "br8"] {
                        var link = Link(name: ByteString(name))
                        link.info = LinkInfo(kind: "bridge")
                        try await ip.add(link)
                    }
                }
            ),
        ]

        @Test func `what a body that fails has changed is undone by the gateway`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                for (what, change) in changes {
                    var isChanged = false
                    let error = await failure(of: ip) { ip in
                        try await change(ip, index)
                        isChanged = try state(outside) != before
                        throw Stop()
                    }
                    if case .undone(let cause, let said) = error {
                        #expect(cause is Stop, "\(what): \(cause)")
                        #expect(said?.hasPrefix("list 1 was not confirmed within 1 seconds") == true, "\(what)")
                    } else {
                        Issue.record("\(what): \(error.map { "\($0)" } ?? "kept")")
                    }
                    #expect(isChanged, "\(what)")
                    // The kernel tells the carrier of a link a moment later.
                    try? eventually(what, seconds: 5) { try state(outside) == before }
                    let differences = try self.differences(state(outside), before)
                    #expect(differences.isEmpty, "\(what)")
                }
            }
        }

        @Test func `what a body that returns has changed stays`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                let name = try await ip.transaction(confirmWithin: .seconds(600)) { ip in
                    try await ip.change(Link(index: index, name: "kept0"))
                    return try await ip.link(index: index).name
                }
                #expect(name == "kept0")
                try eventually("the transaction's session has ended") { outside.gateway.helpers(.broker).count == 1 }
                #expect(try state(outside) != before)
                #expect(try outside.namespace.ip("-o link").contains(" kept0@"))
            }
        }

        @Test func `a change that the kernel refuses is not undone, those before it are`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                let transaction = try await ip.begin(confirmWithin: .seconds(600))
                try await transaction.ip.add(Address("10.8.0.1/24", index: index))
                // 10.7.0.1 is there: were its removal in the list, it would go.
                await #expect(throws: NetlinkError.self) {
                    try await transaction.ip.add(Address("10.7.0.1/24", index: index))
                }
                await #expect(throws: NetlinkError.self) {
                    try await transaction.ip.change(Link(index: 999, name: "x"))
                }
                let said = await transaction.rollBack()
                #expect(said?.hasSuffix("list 1, 1 datagram: sent, 1 of 1 changes made") == true, "\(said ?? "-")")
                #expect(try state(outside) == before)
            }
        }

        @Test func `a program that lets go of its transaction keeps nothing`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                do {
                    let transaction = try await ip.begin(confirmWithin: .seconds(600))
                    try await transaction.ip.add(Address("10.8.0.1/24", index: index))
                    #expect(try state(outside) != before)
                }
                try eventually("it is undone") { try state(outside) == before }
            }
        }

        @Test func `what can't be undone is refused before anything is done`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                let transaction = try await ip.begin(confirmWithin: .seconds(600))
                let attempts: [(RouteChange, Link)] = [
                    (.delete, Link(index: index)), (.change, ifb(Link(index: index))), (.add, ifb(Link(name: "ifb%d"))),
                ]
                for (change, link) in attempts {
                    let text = await misuse(transaction.ip, change, link)
                    #expect(text?.contains("transaction") == true, "\(change): \(text ?? "it was done")")
                }
                #expect(try state(outside) == before)
                try await transaction.confirm()
            }
        }

        private func ifb(_ link: Link) -> Link {
            var link = link
            link.info = LinkInfo(kind: "ifb")
            return link
        }

        /// Why the library doesn't even try; nil when it did.
        private func misuse(_ ip: IPRoute, _ change: RouteChange, _ link: Link) async -> String? {
            do throws(NetlinkError) {
                _ = try await ip.make(change, link)
                return nil
            } catch {
                if case .misuse(let text) = error.reason { return text }
                return "not a misuse: \(error)"
            }
        }

        @Test func `the local kernel, and impossible times`() async throws {
            await #expect(throws: NetlinkError.self) { try await IPRoute().begin(confirmWithin: .seconds(60)) }
            try await run { _, ip in
                for time in [Duration.zero, .seconds(3601)] {
                    await #expect(throws: NetlinkError.self) { try await ip.begin(confirmWithin: time) }
                }
                await #expect(throws: NetlinkError.self) { try await ip.connection.confirm(tag: 1) }
                await #expect(throws: NetlinkError.self) {
                    try await ip.connection.arm(tag: 0, ArmRequest(seconds: 1, datagrams: [[1]]))
                }
            }
        }

        @Test func `a change that can't be confirmed in time is undone`() async throws {
            try await run { outside, ip in
                let index = try await ip.link("eth7").index
                let before = try state(outside)
                let transaction = try await ip.begin(confirmWithin: .seconds(1))
                try await transaction.ip.add(Address("10.8.0.1/24", index: index))
                try eventually("it is undone") { try state(outside) == before }
                do throws(NetlinkError) {
                    try await transaction.confirm()
                    Issue.record("confirmed")
                } catch {
                    guard case .connection(.goodbye(let outcome)) = error.reason else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(outcome.code == GoodbyeReason.rolledBack)
                }
            }
        }

        // MARK: the command

        @Test func `nlgate keeps what it can confirm, and undoes what it can't`() async throws {
            try await run { outside, _ in
                let host = ["-H", outside.unix, "--netns", outside.namespace.name]
                func nlgate(_ words: String, _ more: [String] = []) throws -> ToolResult {
                    try result(of: program("nlgate"), words.split(separator: " ").map(String.init) + host + more)
                }
                let kept = try nlgate("addr add 10.8.0.1/24 dev eth7 --confirm-within 60")
                #expect(kept.status == .exited(0), "\(kept.output)")
                #expect(try outside.namespace.ip("address").contains("10.8.0.1/24"))
                let before = try state(outside)
                let there = try nlgate("addr add 10.8.0.1/24 dev eth7 --confirm-within 60")
                #expect(there.status == .exited(1) && there.output.contains("already assigned"), "\(there.output)")
                let deleted = try nlgate("link del eth7 --confirm-within 60")
                #expect(
                    deleted.status != .exited(0) && deleted.output.contains("can't be put back"), "\(deleted.output)")
                #expect(try state(outside) == before)
                for wrong in ["0", "3601"] {
                    let refused = try nlgate("link set eth7 down --confirm-within \(wrong)")
                    #expect(refused.status == .exited(2), "\(refused.output)")
                }
                let local = try result(
                    of: program("nlgate"), ["link", "set", "lo", "up", "--confirm-within", "60"])
                #expect(local.status == .exited(2) && local.output.contains("needs --host"), "\(local.output)")
                #expect(try state(outside) == before)
            }
        }

        @Test func `kill -9 of a client that has not confirmed`() async throws {
            try await run { outside, _ in
                let before = try state(outside)
                let scratch = try Scratch()
                // A terminal, so that it asks and waits.
                let words = [
                    try program("nlgate"), "addr", "add", "10.8.0.1/24", "dev", "eth7", "--confirm-within", "600", "-H",
                    outside.unix, "--netns", outside.namespace.name,
                ]
                let script = try RunningTool(
                    "/usr/bin/script", ["-qefc", "exec " + words.joined(separator: " "), scratch.path + "/typescript"],
                    log: scratch.path + "/log")
                try eventually("it asks") { script.log.contains("Keep the change?") }
                #expect(try state(outside) != before)
                let found = try pid(of: words)
                let client = try #require(found)
                try ChildProcess(pid: client).signal(SIGKILL)
                try eventually("it is undone") { try state(outside) == before }
                try script.child.signal(SIGKILL)
            }
        }

        /// The process that was started with these words.
        private func pid(of words: [String]) throws -> Int32? {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.first { pid in
                text(ofFile: "/proc/\(pid)/cmdline").split(separator: "\0").map(String.init) == words
            }
        }
    }
}
