import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// `nlgate` with iproute2's words, against what `ip` shows afterwards.
    @Suite struct ChangeCommandTests {
        private func nlgate(_ words: String, status: Int32 = 0) throws -> String {
            let result = try result(of: program("nlgate"), words.split(separator: " ").map(String.init))
            #expect(result.status == .exited(status), "\(words): \(result.status) \(result.output)")
            return result.output
        }

        private func expect(_ command: String, shows words: [String], without missing: [String] = []) throws {
            let shown = try ip(command)
            for word in words { #expect(shown.contains(word), "\(command): \(shown)") }
            for word in missing { #expect(!shown.contains(word), "\(command): \(shown)") }
        }

        private func expect(failing command: String, status: Int32, says words: String) throws {
            let text = try nlgate(command, status: status)
            #expect(text.contains(words), "\(command): \(text)")
        }

        @Test func `links`() throws {
            try Namespace().enter {
                _ = try nlgate("link add c0 type veth peer name c1")
                _ = try nlgate(
                    "link add br0 mtu 1400 address 02:00:00:00:00:07 type bridge stp_state 1 forward_delay 400")
                _ = try nlgate("link add link c1 name mv0 type macvlan mode private")
                _ = try nlgate("link add vx0 type vxlan id 42 remote 192.0.2.1 local 192.0.2.2 dev c0 dstport 4789")
                try expect(
                    "-d link show br0", shows: ["mtu 1400", "02:00:00:00:00:07", "stp_state 1", "forward_delay 400"])
                try expect("-d link show mv0", shows: ["macvlan mode private"])
                try expect("-d link show vx0", shows: ["vxlan id 42 remote 192.0.2.1 local 192.0.2.2 dev c0"])
                _ = try nlgate("link set c0 up mtu 1300 txqueuelen 77 alias hello master br0")
                try expect("-d link show c0", shows: [",UP", "mtu 1300", "qlen 77", "alias hello", "master br0"])
                _ = try nlgate("link set dev c0 down nomaster name c9")
                try expect("link show c9", shows: ["c9"], without: ["master", ",UP"])
                _ = try nlgate("link del c9")
                try expect("link show", shows: ["br0"], without: ["c9", "c1"])
            }
        }

        @Test func `addresses, routes, neighbours and rules`() throws {
            try Namespace().enter {
                _ = try nlgate("link add c0 type veth peer name c1")
                for name in ["c0", "c1"] { _ = try nlgate("link set \(name) up") }
                _ = try nlgate("addr add 10.3.0.1/16 brd + label c0:lan scope link metric 5 dev c0")
                try expect(
                    "addr show c0", shows: ["10.3.0.1/16", "brd 10.3.255.255", "c0:lan", "scope link", "metric 5"])
                _ = try nlgate("addr add 2001:db8::1/64 dev c0 nodad valid_lft 3600 preferred_lft 1800")
                try expect("-6 addr show c0", shows: ["2001:db8::1/64", "preferred_lft 1"])
                _ = try nlgate("addr add 192.0.2.1 peer 192.0.2.2/32 dev c0")
                try expect("addr show c0", shows: ["192.0.2.1 peer 192.0.2.2/32"])

                _ = try nlgate("route add 10.44.0.0/16 via 10.3.0.9 metric 7 proto static src 10.3.0.1 mtu 1400")
                try expect(
                    "route show",
                    shows: ["10.44.0.0/16 via 10.3.0.9 dev c0 proto static src 10.3.0.1 metric 7 mtu 1400"])
                _ = try nlgate("route replace 10.44.0.0/16 via 10.3.0.8 metric 7")
                try expect("route show", shows: ["via 10.3.0.8"], without: ["via 10.3.0.9"])
                _ = try nlgate("route add default via 10.9.0.1 dev c0 table 100 onlink")
                try expect("route show table 100", shows: ["default via 10.9.0.1", "onlink"])
                _ = try nlgate("route add blackhole 10.45.0.0/16")
                _ = try nlgate("route add 10.46.0.0/16 dev c0")
                try expect("route show", shows: ["blackhole 10.45.0.0/16", "10.46.0.0/16 dev c0 scope link"])
                _ = try nlgate("route add 2001:db8:5::/48 via 2001:db8::9")
                try expect("-6 route show", shows: ["2001:db8:5::/48 via 2001:db8::9"])
                for route in ["10.44.0.0/16", "blackhole 10.45.0.0/16", "10.46.0.0/16", "2001:db8:5::/48"] {
                    _ = try nlgate("route del \(route)")
                }
                try expect("route show", shows: ["10.3.0.0/16"], without: ["10.44", "10.45", "10.46"])

                _ = try nlgate("neigh add 10.3.0.7 lladdr 02:00:00:00:00:77 dev c0")
                _ = try nlgate("neigh replace 10.3.0.7 lladdr 02:00:00:00:00:78 nud stale dev c0")
                try expect("neigh show dev c0", shows: ["10.3.0.7 lladdr 02:00:00:00:00:78 STALE"])
                _ = try nlgate("neigh del 10.3.0.7 dev c0")
                try expect("neigh show dev c0", shows: [], without: ["10.3.0.7 lladdr"])

                _ = try nlgate("rule add from 10.3.0.0/16 to 192.0.2.1 fwmark 0x10/0xff iif c0 table 100 priority 77")
                _ = try nlgate("rule add -6 blackhole priority 78")
                try expect(
                    "rule show", shows: ["77:\tfrom 10.3.0.0/16 to 192.0.2.1 fwmark 0x10/0xff iif c0 lookup 100"])
                try expect("-6 rule show", shows: ["78:\tfrom all blackhole"])
                _ = try nlgate("rule del priority 77")
                try expect("rule show", shows: ["32766"], without: ["77:"])
                _ = try nlgate("addr del 10.3.0.1/16 dev c0")
                try expect("addr show c0", shows: [], without: ["10.3.0.1"])
            }
        }

        @Test func `what is wrong is said, with the exit status`() throws {
            try Namespace().enter {
                try expect(failing: "link add x0 type nosuchkind", status: 1, says: "Unknown device type")
                try expect(failing: "link set nosuch0 up", status: 1, says: "nosuch0")
                try expect(failing: "link add x0", status: 2, says: "type")
                try expect(failing: "addr add 10.0.0.1/99 dev lo", status: 2, says: "10.0.0.1/99")
                try expect(failing: "addr add 10.0.0.1/8", status: 2, says: "dev")
                try expect(failing: "route add 10.0.0.0/8 via 192.0.2.9", status: 1, says: "gateway")
                try expect(failing: "route add 10.0.0.0/8 nonsense 5", status: 2, says: "nonsense")
                try expect(failing: "link set lo mtu much", status: 2, says: "mtu")
                try expect(failing: "link del lo -H unix://@nlgate-nobody", status: 3, says: "nlgated")
                try expect(failing: "taskstats --pid 2147483632", status: 1, says: "2147483632")
            }
        }

        @Test func `qdisc and taskstats are shown`() throws {
            try Namespace().enter {
                try ip("link add c0 numtxqueues 1 type veth peer name c1")
                let words = "qdisc add dev c0 root handle 5: tbf rate 1mbit burst 10kb latency 70ms"
                try tool("tc", words.split(separator: " ").map(String.init))
                let shown = try nlgate("qdisc c0 --json")
                #expect(shown.contains("\"kind\":\"tbf\"") && shown.contains("\"rate\":125000"), "\(shown)")
                let table = try nlgate("qdisc")
                #expect(table.contains("tbf"))
                let task = try nlgate("taskstats --pid \(getpid()) --json")
                #expect(task.contains("\"pid\":\(getpid())"), "\(task)")
            }
        }

        @Test func `monitor tells of several hosts, snapshot first`() async throws {
            let (first, second) = (try NamedNamespace(), try NamedNamespace())
            try first.ip("link add one type bridge")
            try second.ip("link add two type bridge")
            try await OutsideGateway.run(["--netns", second.name], namespace: first) { gateway in
                let scratch = try Scratch()
                let hosts = [first, second].map { "\(gateway.unix)?netns=\($0.name)" }
                let monitor = try RunningTool(
                    program("nlgate"), ["monitor", "link", "--snapshot", "--json", "-H", hosts[0], "-H", hosts[1]],
                    log: scratch.path + "/out")
                try eventually("both snapshots are whole") {
                    monitor.log.components(separatedBy: "snapshot-end").count == 3
                }
                try second.ip("link set two up")
                try eventually("a change is told") { monitor.log.contains("\"event\":\"new\"") }
                try first.ip("link del one")
                try eventually("a deletion is told") { monitor.log.contains("\"event\":\"del\"") }
                try monitor.child.signal(SIGTERM)
                _ = try monitor.wait()
                for line in monitor.log.split(separator: "\n") {
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    let host = try #require(object?["host"] as? String)
                    #expect(hosts.contains(host))
                    guard let value = object?["value"] as? [String: Any], let name = value["ifname"] as? String else {
                        continue
                    }
                    #expect(name == "lo" || (host == hosts[0]) == (name == "one"))
                }
            }
        }
    }
}
