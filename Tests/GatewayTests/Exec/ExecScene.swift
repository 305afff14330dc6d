import Foundation
import Glibc
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
    let url: String

    /// Runs a gateway; `body` is in its namespace.
    static func run(
        _ options: [String] = ["--policy", "builtin:unrestricted"], listen: [String] = ["unix://DIR/s.sock"],
        prepare: () throws -> Void = furnish, _ body: (ExecScene) throws -> Void
    ) throws {
        let elsewhere = try Namespace()
        try Gateway.run(options, listen: listen, prepare: prepare) { gateway in
            try body(ExecScene(gateway, elsewhere, "unix://\(gateway.unixPath)"))
        }
    }

    /// The same with a gateway that is reached over TLS, on 10.9.0.1 at the other end of a pair of links.
    static func runOverTLS(_ body: (ExecScene) throws -> Void) throws {
        let elsewhere = try Namespace()
        func prepare() throws {
            try ip("link add t0 type veth peer name t1")
            try ip("addr add 10.9.0.1/24 dev t0")
            try ip("link set t0 up")
            try ip("link set t1 netns \(elsewhere.path)")
            try ip("link add br0 type bridge")
            try tool("nft", ["add table inet t; add chain inet t c; add rule inet t c tcp dport 22 accept"])
            try elsewhere.enter {
                try ip("addr add 10.9.0.2/24 dev t1")
                try ip("link set t1 up")
            }
        }
        let url = "tls://10.9.0.1:7000"
        try Gateway.run(["--policy", "builtin:unrestricted"], listen: [url], prepare: prepare) { gateway in
            try body(ExecScene(gateway, elsewhere, url))
        }
    }

    private init(_ gateway: Gateway, _ elsewhere: Namespace, _ url: String) {
        self.gateway = gateway
        self.elsewhere = elsewhere
        self.url = url
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

    /// What a client needs for TLS; nothing for other URLs.
    var files: [String] {
        guard url.hasPrefix("tls"), let files = try? gateway.identities.clientFiles() else { return [] }
        return ["--key", files.key, "--cert", files.certificate, "--ca", gateway.identities.authorityPath]
    }

    /// The arguments of `nlgate` for a command of the shell.
    func arguments(_ command: String, _ options: [String] = []) -> [String] {
        ["exec", "--host", url] + files + options + ["--", "/bin/sh", "-c", ExecScene.path + command]
    }

    /// A command of the shell, elsewhere, under an `nlgate exec` that these words start.
    func anyRemote(_ nlgate: String, _ command: String) throws -> ToolResult {
        let script = ExecScene.path + "exec \(nlgate) \"$@\""
        return try elsewhere.enter { try result(of: "/bin/sh", ["-c", script, "sh"] + arguments(command)) }
    }

    /// A command of the shell, elsewhere, under `nlgate exec`.
    func remote(_ command: String, _ options: [String] = []) throws -> ToolResult {
        try run(arguments(command, options))
    }

    /// `nlgate` with these arguments, elsewhere.
    func run(_ arguments: [String]) throws -> ToolResult {
        let program = try program("nlgate")
        // Thousands of sessions take their time on a small machine.
        return try elsewhere.enter { try result(of: program, arguments, seconds: 240) }
    }

    /// Starts a command of the shell here, in the gateway's namespace.
    func startHere(_ command: String) throws -> RunningTool {
        let log = gateway.scratch.path + "/here-\(UUID().uuidString)"
        return try RunningTool("/bin/sh", ["-c", ExecScene.path + command], log: log)
    }

    /// Starts a command under `nlgate exec`, elsewhere.
    func start(_ command: String, _ options: [String] = []) throws -> RunningTool {
        let program = try program("nlgate")
        let log = gateway.scratch.path + "/exec-\(UUID().uuidString)"
        return try elsewhere.enter { try RunningTool(program, arguments(command, options), log: log) }
    }

    /// Without what a bridge's clocks say, since they run on between the two, and without the names of processes, which
    /// conntrack reads from this host.
    private func steady(_ output: String) -> String {
        output.replacing(#/_timer("?:| +) *[0-9.]+/#, with: "_timer").replacing(#/ progname=[^ \n]*/#, with: "")
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

extension ExecScene {
    /// Watches with a command on both sides while something changes, and demands that both say the same.
    ///
    /// `probe` makes an event whose text has the number that it is given; so it is known when both have begun and ended.
    func expectSameEvents(
        _ watch: String, probe: (Int) throws -> String, while change: () throws -> Void
    ) throws {
        let (here, there) = (try startHere("exec " + watch), try start("exec " + watch))
        defer {
            for tool in [here, there] {
                try? tool.child.signal(SIGTERM)
                _ = try? tool.wait()
            }
        }
        var number = 1
        var begin = ""
        func heard(_ text: String) -> Bool { here.log.contains(text) && there.log.contains(text) }
        try eventually("\(watch) has begun on both sides") {
            number += 1
            begin = try probe(number)
            usleep(100_000)
            return heard(begin)
        }
        try change()
        let end = try probe(number + 1)
        try eventually("\(watch) has heard all on both sides: \(here.log)\n\(there.log)") { heard(end) }
        let (mine, theirs) = (between(begin, end, here.log), between(begin, end, there.log))
        #expect(mine == theirs, "\(watch)")
        #expect(mine.count > 2, "\(watch)")
    }

    /// The lines from the one that has `begin` to the one that has `end`.
    private func between(_ begin: String, _ end: String, _ log: String) -> [String] {
        let lines = steady(log).split(separator: "\n").map(String.init)
        guard let first = lines.firstIndex(where: { $0.contains(begin) }),
            let last = lines.lastIndex(where: { $0.contains(end) })
        else { return [] }
        return Array(lines[first...max(first, last)])
    }
}

/// True when these programs are installed; tests say so where one isn't.
func areInstalled(_ names: String...) -> Bool { names.allSatisfy { toolPath($0) != nil } }
