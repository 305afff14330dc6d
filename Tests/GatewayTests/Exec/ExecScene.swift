import Foundation
import LinuxSys
import Testing

extension GatewayTests {
    /// Programs under `nlgate exec`, beside the same programs in the gateway's namespace.
    @Suite enum Exec {}
}

/// A gateway in a namespace with something to see, and another namespace, without a gateway, where the programs run.
final class ExecScene {
    let gateway: Gateway
    private let elsewhere: Namespace
    private let url: String

    /// Runs a gateway; `body` is in its namespace.
    static func run(
        _ options: [String] = ["--policy", "builtin:unrestricted"], prepare: () throws -> Void = furnish,
        _ body: (ExecScene) throws -> Void
    ) throws {
        let elsewhere = try Namespace()
        try Gateway.run(options, prepare: prepare) { gateway in
            try body(ExecScene(gateway, elsewhere))
        }
    }

    private init(_ gateway: Gateway, _ elsewhere: Namespace) {
        self.gateway = gateway
        self.elsewhere = elsewhere
        url = "unix://\(gateway.unixPath)"
    }

    /// Links, addresses, routes, rules, queues and rules of nftables; nothing that changes by itself.
    static func furnish() throws {
        for line in [
            "link add d0 type veth peer name d1", "link set d0 addrgenmode none", "link set d1 addrgenmode none",
            "link set d0 up", "link set d1 up", "link add br0 type bridge", "link set br0 addrgenmode none",
            "link set d1 master br0", "link set br0 up", "addr add 10.9.0.1/24 dev d0",
            "addr add 2001:db8::1/64 dev d0 nodad", "route add 10.50.0.0/16 via 10.9.0.2",
            "rule add from 10.9.0.7 table 100", "neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev d0 nud permanent",
        ] { try ip(line) }
        try tool("tc", ["qdisc", "add", "dev", "d0", "root", "handle", "1:", "htb", "default", "10"])
        try tool("tc", ["class", "add", "dev", "d0", "parent", "1:", "classid", "1:10", "htb", "rate", "1mbit"])
        let rules =
            "add table inet t; add chain inet t c { type filter hook input priority 0; }; "
            + "add set inet t s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }; }; "
            + "add rule inet t c ip saddr @s tcp dport 22 accept"
        try tool("nft", [rules])
    }

    // MARK: - Both sides

    private static let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH; "

    /// A command of the shell, here, in the gateway's namespace.
    func local(_ command: String) throws -> ToolResult {
        try result(of: "/bin/sh", ["-c", ExecScene.path + command])
    }

    /// The arguments of `nlgate` for a command of the shell.
    func arguments(_ command: String, _ options: [String] = []) -> [String] {
        ["exec", "--host", url] + options + ["--", "/bin/sh", "-c", ExecScene.path + command]
    }

    /// A command of the shell, elsewhere, under `nlgate exec`.
    func remote(_ command: String, _ options: [String] = []) throws -> ToolResult {
        try run(arguments(command, options))
    }

    /// `nlgate` with these arguments, elsewhere.
    func run(_ arguments: [String]) throws -> ToolResult {
        let program = try program("nlgate")
        return try elsewhere.enter { try result(of: program, arguments) }
    }

    /// Starts a command under `nlgate exec`, elsewhere.
    func start(_ command: String, _ options: [String] = []) throws -> RunningTool {
        let program = try program("nlgate")
        let log = gateway.scratch.path + "/exec-\(Clock.monotonicMilliseconds())"
        return try elsewhere.enter { try RunningTool(program, arguments(command, options), log: log) }
    }

    /// Without what a bridge's clocks say: they run on between the two.
    private func steady(_ output: String) -> String {
        output.replacing(#/_timer("?:| +) *[0-9.]+/#, with: "_timer")
    }

    /// Demands the same output and the same end on both sides.
    ///
    /// A few tries: counters move between the two.
    func expectSame(_ command: String) throws {
        var here = try local(command)
        var there = try remote(command)
        for _ in 0..<5 where steady(here.output) != steady(there.output) {
            usleep(200_000)
            (here, there) = (try local(command), try remote(command))
        }
        #expect(here.status == there.status, "\(command): \(there.output)")
        #expect(steady(here.output) == steady(there.output), "\(command)")
    }
}

/// True when these programs are installed; tests say so where one isn't.
func areInstalled(_ names: String...) -> Bool { names.allSatisfy { toolPath($0) != nil } }
