import Glibc
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// Programs that listen hear over there what they hear on the spot.
    @Suite struct EventTests {
        @Test func `ip monitor, bridge monitor and tc monitor`() throws {
            try ExecScene.run { scene in
                func route(_ number: Int) throws -> String {
                    try ip("route add blackhole 192.0.2.\(number)/32")
                    return "192.0.2.\(number) "
                }
                try scene.expectSameEvents("ip monitor link address route neigh rule", probe: route) {
                    for line in [
                        "link add w0 type veth peer name w1", "link set w0 mtu 1400", "addr add 10.66.0.1/24 dev w0",
                        "route add 10.67.0.0/16 dev d0", "neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev d0",
                        "rule add from 10.1.0.0/16 table 77", "rule del from 10.1.0.0/16 table 77",
                        "route del 10.67.0.0/16 dev d0", "link del w0",
                    ] { try ip(line) }
                }
                func entry(_ number: Int) throws -> String {
                    let address = "02:00:00:00:01:" + (number < 16 ? "0" : "") + String(number, radix: 16)
                    try tool("bridge", ["fdb", "add", address, "dev", "d1", "master"])
                    return address
                }
                try scene.expectSameEvents("bridge monitor fdb", probe: entry) {
                    try tool("bridge", ["fdb", "add", "02:00:00:00:00:55", "dev", "d1", "master"])
                    try tool("bridge", ["fdb", "del", "02:00:00:00:00:55", "dev", "d1", "master"])
                }
                func discipline(_ number: Int) throws -> String {
                    try tool(
                        "tc",
                        [
                            "class", "add", "dev", "d0", "parent", "1:", "classid", "1:9\(number)", "htb", "rate",
                            "1mbit",
                        ])
                    return "1:9\(number) "
                }
                try scene.expectSameEvents("tc monitor", probe: discipline) {
                    try tool("tc", ["qdisc", "add", "dev", "d1", "root", "pfifo", "limit", "9"])
                    try tool("tc", ["qdisc", "del", "dev", "d1", "root"])
                }
            }
        }

        @Test func `nft monitor`() throws {
            try ExecScene.run { scene in
                func chain(_ number: Int) throws -> String {
                    try tool("nft", ["add chain inet t probe\(number)end"])
                    return "chain inet t probe\(number)end"
                }
                try scene.expectSameEvents("nft monitor", probe: chain) {
                    for line in [
                        "add table ip w", "add chain ip w c { type filter hook input priority 0; }",
                        "add rule ip w c tcp dport { 22, 80 } counter accept", "add set ip w s { type ipv4_addr; }",
                        "add element ip w s { 10.0.0.9 }", "delete element ip w s { 10.0.0.9 }", "delete table ip w",
                    ] { try tool("nft", [line]) }
                }
            }
        }

        @Test(.enabled(if: areInstalled("conntrack"), "conntrack is not installed"))
        func `conntrack -E`() throws {
            try ExecScene.run { scene in
                func connection(_ source: Int, _ target: String = "10.1.1.2") throws {
                    try tool(
                        "conntrack",
                        [
                            "-I", "-s", "10.1.1.1", "-d", target, "-p", "udp", "--sport", "\(source)", "--dport", "53",
                            "-t",
                            "600",
                        ])
                }
                func probe(_ number: Int) throws -> String {
                    try connection(10_000 + number)
                    return "sport=\(10_000 + number) "
                }
                try scene.expectSameEvents("conntrack -E", probe: probe) {
                    for source in 1...50 { try connection(source, "10.1.1.3") }
                    try tool("conntrack", ["-D", "-d", "10.1.1.3"])
                }
            }
        }
    }
}
