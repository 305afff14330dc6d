import Foundation
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// The tools say over there what they say on the spot.
    @Suite struct ToolTests {
        @Test func `ip, tc, bridge and ss`() throws {
            try ExecScene.run { scene in
                for command in [
                    "ip link", "ip -d -s link", "ip -br link", "ip -j -d addr", "ip -j -d -s link", "ip addr show d0",
                    "ip route", "ip -6 route", "ip -j route show table all", "ip rule", "ip -j rule", "ip neigh",
                    "ip netconf", "ip ntable", "ip addrlabel", "ip nexthop", "ip token", "ip xfrm state",
                    "ip xfrm policy", "ip link show dev nosuch", "ip link set nosuch up",
                    "ip route add 10.60.0.0/16 via 99.99.99.99", "tc qdisc", "tc -s -d qdisc show dev d0",
                    "tc -j class show dev d0", "tc filter show dev d0", "bridge link", "bridge -d -j fdb",
                    "bridge vlan", "ss -tuna", "ss -xlH | wc -l | grep -c .",
                ] { try scene.expectSame(command) }
            }
        }

        @Test func `changes by ip, tc and bridge`() throws {
            try ExecScene.run { scene in
                let change = """
                    ip link add x0 type veth peer name x1 && ip link set x0 addrgenmode none up mtu 1400 \
                    && ip addr add 10.77.0.1/24 dev x0 && ip link set x1 master br0 && bridge fdb add \
                    02:00:00:00:00:77 dev x1 master && tc qdisc add dev x1 root pfifo limit 7
                    """
                let done = try scene.remote(change)
                #expect(done.status == .exited(0), "\(done.output)")
                #expect(try ip("-br addr show x0").contains("10.77.0.1/24"))
                #expect(try scene.local("bridge fdb show dev x1").output.contains("02:00:00:00:00:77"))
                #expect(try scene.local("tc qdisc show dev x1").output.contains("pfifo"))
                try scene.expectSame("ip -d link show x0; tc qdisc show dev x1; bridge fdb show dev x1")
                #expect(try scene.remote("ip link del x0").status == .exited(0))
                #expect(try scene.local("ip link show x0").status == .exited(1))
            }
        }

        @Test(.enabled(if: areInstalled("ethtool"), "ethtool is not installed"))
        func `ethtool`() throws {
            try ExecScene.run { scene in
                for command in ["ethtool d0", "ethtool -k d0", "ethtool --json -k d0", "ethtool nosuch"] {
                    try scene.expectSame(command)
                }
                // What only an ioctl tells isn't told: it would be this host's.
                let driver = try scene.remote("ethtool -i d0")
                #expect(driver.status != .exited(0))
                #expect(driver.output.contains("Operation not supported"), "\(driver.output)")
            }
        }

        @Test func `nft`() throws {
            try ExecScene.run { scene in
                for command in [
                    "nft list ruleset", "nft -j list ruleset", "nft list tables",
                    "nft add rule inet t nosuch accept", "nft delete table inet nosuch",
                ] { try scene.expectSame(command) }
                #expect(try scene.remote("nft add element inet t s '{ 10.0.0.3 }'").status == .exited(0))
                // libmnl before 1.0.5 leaves what was in its buffer in the padding of attributes.
                for _ in 0..<10 { try scene.expectSame("nft list set inet t s") }
            }
        }

        @Test func `nft replaces a ruleset of five thousand rules at once`() throws {
            try ExecScene.run(prepare: {}) { scene in
                let rules = (1...5000).map {
                    "    tcp dport \($0) ip saddr 10.0.\($0 / 250).\($0 % 250) counter accept"
                }
                let lines = ["flush ruleset", "table inet big {", "  chain c {"] + rules + ["  }", "}", ""]
                let file = try scene.gateway.scratch.write(lines.joined(separator: "\n"), to: "rules.nft")
                for _ in 0..<2 {
                    let loaded = try scene.remote("nft -f \(file)")
                    #expect(loaded.status == .exited(0), "\(loaded.output.prefix(300))")
                }
                #expect(try scene.local("nft list ruleset | grep -c accept").output == "5000\n")
                try scene.expectSame("nft list ruleset")
                // One wrong rule: none of the batch counts.
                let wrong = "flush ruleset\ntable inet small {\n  chain c {\n    jump nosuch\n  }\n}\n"
                let other = try scene.gateway.scratch.write(wrong, to: "wrong.nft")
                #expect(try scene.remote("nft -f \(other)").status == .exited(1))
                #expect(try scene.local("nft list ruleset | grep -c accept").output == "5000\n")
            }
        }

        @Test func `ip adds ten thousand routes from a file`() throws {
            try ExecScene.run { scene in
                let lines = (0..<10_000).map { "route add 172.16.\($0 / 250).\($0 % 250)/32 dev d0" }
                let file = try scene.gateway.scratch.write(lines.joined(separator: "\n") + "\n", to: "routes")
                let done = try scene.remote("ip -batch \(file)")
                #expect(done.status == .exited(0), "\(done.output.prefix(300))")
                #expect(
                    try scene.local("ip route show 172.16.0.0/12 | wc -l; ip route show root 172.16/12 | wc -l").output
                        .contains("10000"))
                try scene.expectSame("ip route")
            }
        }

        @Test(.enabled(if: areInstalled("conntrack"), "conntrack is not installed"))
        func `conntrack`() throws {
            try ExecScene.run { scene in
                for command in ["conntrack -L", "conntrack -L -o extended"] { try scene.expectSame(command) }
                let add = "conntrack -I -s 10.1.1.1 -d 10.1.1.2 -p tcp --sport 1 --dport 2 --state ESTABLISHED -t 600"
                try scene.expectSame("conntrack -D 2>/dev/null; " + add)
                try scene.expectSame("conntrack -L -o id 2>&1 | sed 's/id=.*//; s/ [0-9]* EST/ EST/'")
            }
        }

        @Test(.enabled(if: areInstalled("devlink", "genl"), "devlink or genl is not installed"))
        func `devlink and genl`() throws {
            try ExecScene.run { scene in
                for command in ["devlink dev", "devlink port", "genl ctrl list", "genl ctrl get name nlctrl"] {
                    try scene.expectSame(command)
                }
            }
        }

        @Test(.enabled(if: areInstalled("nl-link-list", "genl-ctrl-list"), "libnl-utils is not installed"))
        func `the tools of libnl`() throws {
            try ExecScene.run { scene in
                for command in [
                    "nl-link-list --details", "nl-addr-list", "nl-route-list", "nl-rule-list", "nl-qdisc-list",
                    "nl-class-list d0", "genl-ctrl-list", "nl-link-name2ifindex d0", "nl-neigh-list",
                    "nl-neightbl-list",
                    "nl-route-get 10.50.0.1", "genl-ctrl-list --details",
                ] { try scene.expectSame(command) }
            }
        }

        @Test(.enabled(if: areInstalled("wg"), "wireguard-tools is not installed"))
        func `wg`() throws {
            try ExecScene.run { scene in
                for command in ["wg", "wg show all dump", "wg show nosuch"] { try scene.expectSame(command) }
                guard try scene.local("ip link add wg0 type wireguard").status == .exited(0) else {
                    // The kernel has no WireGuard: what was said of it is all there is to compare.
                    return
                }
                try scene.expectSame("wg show wg0")
            }
        }
    }
}
