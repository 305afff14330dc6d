import CLinux
import Confinement
import Foundation
import GatewayPolicy
import Glibc
import LinuxSys
import NetlinkWire
import SeededInput
import Testing

/// What a read-only session may send, said to a real kernel by root: nothing of it changes anything.
@Suite(.serialized, .enabled(if: getuid() == 0, "only root can make a network namespace"))
struct ReadOnlyKernelTests {
    private static let networkFlag: Int32 = 0x4000_0000
    private static let cases = 150_000

    /// A namespace with something of everything that a message could change or take away.
    private static let objects = [
        "ip link set lo up", "ip link add v0 type veth peer name v1", "ip link add br0 type bridge forward_delay 0",
        "ip link set v1 master br0", "ip link set v0 up", "ip link set v1 up", "ip link set br0 up",
        "ip link property add dev v0 altname other", "ip addr add 192.0.2.1/24 dev v0",
        "ip -6 addr add 2001:db8::1/64 dev v0 nodad", "ip route add 198.51.100.0/24 via 192.0.2.9",
        "ip route add 203.0.113.0/24 dev v0 table 100", "ip -6 route add 2001:db8:1::/48 via 2001:db8::9",
        "ip rule add from 192.0.2.7 table 100 pref 500", "ip -6 rule add to 2001:db8:2::/48 table 100 pref 501",
        "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent",
        "ip -6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0 nud permanent",
        "ip nexthop add id 7 via 192.0.2.9 dev v0", "bridge fdb add 02:00:00:00:00:77 dev v1 master static",
        "tc qdisc add dev v0 root handle 1: pfifo limit 77",
    ]

    /// Commands that show all of it; counters and ages are not asked for.
    private static let views = [
        "ip -j link", "ip -j -d link show type veth", "ip -j addr", "ip -j route show table all",
        "ip -6 -j route show table all", "ip -j rule",
        "ip -6 -j rule", "ip -j neigh show nud permanent", "ip -6 -j neigh show nud permanent", "ip -j nexthop",
        "bridge -j fdb show br br0 static", "tc -j qdisc", "ip -j addrlabel", "ip -j netconf",
    ]

    @Test func `whatever read-only lets through leaves the kernel as it was`() throws {
        try inNamespace {
            let before = try settledState()
            let seed = UInt64.random(in: 1...UInt64.max)
            let sent = try say(Grants.readOnly, seed: seed)
            #expect(sent > 5000, "only \(sent) datagrams were let through, seed \(seed)")
            for (then, now) in zip(before, try state()) { #expect(now == then, "seed \(seed)") }
        }
    }

    /// Works before: the same generator does change things when the policy lets it.
    @Test func `the same bytes under unrestricted do change it`() throws {
        try inNamespace {
            let before = try settledState()
            _ = try say(Grants.unrestricted, seed: 1)
            let after = try Self.views.map { try run($0, mayFail: true) }
            #expect(zip(before, after).contains { $0 != $1 })
        }
    }

    /// Sends what a judge forwards, on sockets of root without any gateway between; returns how much that was.
    private func say(_ grants: Grants, seed: UInt64) throws -> Int {
        var random = SeededNumbers(seed: seed)
        var sent = 0
        let families = try kernelFamilies()
        for number in [NetlinkProtocol.route, NetlinkProtocol.generic] {
            var corpus = ToolRequest.all.filter { $0.protocolNumber == number }.map(\.bytes)
            corpus += try special(number)
            let judge = DatagramJudge(grants: grants, protocolNumber: number)
            // A socket for a while: what one dump left behind must not stand in the way of all the rest.
            for _ in 0..<(Self.cases / 512) { sent += try round(judge, corpus, families, &random) }
        }
        return sent
    }

    private func round(
        _ judge: DatagramJudge, _ corpus: [[UInt8]], _ families: FamilyMap, _ random: inout SeededNumbers
    ) throws -> Int {
        let socket = try Descriptor.netlink(protocolNumber: judge.protocolNumber)
        let context = SessionContext(portID: 1)
        var sent = 0
        for _ in 0..<256 {
            guard var bytes = corpus.randomElement(using: &random) else { break }
            if Int.random(in: 0..<8, using: &random) > 0 { FuzzTests.mutate(&bytes, &random) }
            let verdict = judge.judge(bytes.span, families: families, context: context, lookup: NoServerFacts())
            guard case .forward = verdict else { continue }
            sent += 1
            _ = try? socket.send(bytes.span)
            drain(socket)
        }
        return sent
    }

    /// Requests for the objects of this namespace, with every type and the flags that make a change of a question.
    private func special(_ number: Int32) throws -> [[UInt8]] {
        guard number == NetlinkProtocol.route else { return [] }
        var requests: [[UInt8]] = []
        for type in UInt16(16)...123 {
            for flags in [
                Request.get, Request.dump, Request.set, Request.create, [.request, .root], [.request, .match],
            ] {
                for index in UInt32(1)...4 {
                    requests.append(
                        try Request.message(type, flags, [0, 0, 0, 0] + Request.little(index) + Request.zeros(8)))
                }
            }
        }
        return requests
    }

    private func drain(_ socket: borrowing Descriptor) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let received = try? socket.receiveNetlink(into: &buffer, count: buffer.count), received.length > 0 {}
    }

    /// The numbers that generic families have on this kernel.
    private func kernelFamilies() throws -> FamilyMap {
        let socket = try Descriptor.netlink(protocolNumber: NetlinkProtocol.generic)
        let question = try Request.generic(16, 3, Request.dump)
        _ = try socket.send(question.span)
        var map = FamilyMap()
        for datagram in received(socket) { map.apply(datagram.span) }
        return map
    }

    private func received(_ socket: borrowing Descriptor) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let received = try? socket.receiveNetlink(into: &buffer, count: buffer.count), received.length > 0 {
            datagrams.append(Array(buffer[..<received.length]))
        }
        return datagrams
    }

    private func state() throws -> [String] {
        try Self.views.map { try run($0) }
    }

    /// The state of a namespace with all objects, once links are up and addresses are no longer tentative.
    private func settledState() throws -> [String] {
        for command in Self.objects { try run(command) }
        for _ in 0..<100 {
            let one = try state()
            usleep(300_000)
            if try state() == one, !one.contains(where: { $0.contains("tentative") }) { return one }
        }
        throw StillChanging()
    }

    private struct StillChanging: Error {}

    /// Runs `body` with this thread in a namespace of its own.
    private func inNamespace(_ body: () throws -> Void) throws {
        let own = try Descriptor.open("/proc/thread-self/ns/net", flags: O_RDONLY)
        try #require(nlg_unshare(Self.networkFlag) == 0)
        defer { _ = nlg_setns(own.raw, Self.networkFlag) }
        try body()
    }

    /// Runs a command in this thread's namespace; what it prints goes through a file.
    @discardableResult
    private func run(_ command: String, mayFail: Bool = false) throws -> String {
        let words = command.split(separator: " ").map(String.init)
        let path = try #require(
            ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"].map { $0 + words[0] }
                .first { FileManager.default.isExecutableFile(atPath: $0) }, "\(words[0]) is not installed")
        let log = FileManager.default.temporaryDirectory.path() + "/nlgate-read-only-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let null = try Descriptor.open("/dev/null", flags: O_RDWR)
        let file = try Descriptor.open(log, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try spawn(
            HelperImage(path: path), arguments: Array(words.dropFirst()), descriptors: [null.raw, file.raw, file.raw])
        let ended = try child.descriptor.wait(for: .read, milliseconds: 30_000)
        let status = try child.reap()
        let output = try String(contentsOfFile: log, encoding: .utf8)
        try #require(ended && (mayFail || status == .exited(0)), "\(command): \(output)")
        return output
    }
}
