import Foundation
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// `nlgate` with tc's words, its lists and abbreviations, and what it says when it is refused.
    @Suite struct TrafficCommandTests {
        private func nlgate(_ words: String, status: Int32 = 0) throws -> String {
            let result = try result(of: program("nlgate"), words.split(separator: " ").map(String.init))
            #expect(result.status == .exited(status), "\(words): \(result.status) \(result.output)")
            return result.output
        }

        private func tc(_ words: String) throws -> String {
            try tool("tc", words.split(separator: " ").map(String.init))
        }

        private func objects(_ text: String) throws -> [[String: Any]] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        }

        @Test func `queueing disciplines, classes and filters`() throws {
            try Namespace().enter {
                try ip("link add t0 numtxqueues 1 type veth peer name t1")
                _ = try nlgate("qdisc add dev t0 root handle 1: htb default 10 r2q 20")
                _ = try nlgate("class add dev t0 parent 1: classid 1:1 htb rate 20mbit")
                _ = try nlgate("class add dev t0 parent 1:1 classid 1:10 htb rate 10mbit ceil 20mbit burst 15k prio 3")
                _ = try nlgate("qdisc add dev t0 parent 1:10 handle 20: tbf rate 1mbit burst 10kb latency 70ms")
                _ = try nlgate(
                    "filter add dev t0 parent 1: protocol ip prio 5 u32 match ip dst 10.1.0.0/16 match ip dport 80 0xffff "
                        + "flowid 1:10")
                // The same by tc in another namespace looks the same to tc.
                let shown = try ["qdisc show dev t0", "class show dev t0", "filter show dev t0"].map(tc)
                #expect(shown[0].contains("htb 1: root") && shown[0].contains("tbf 20: parent 1:10 rate 1Mbit"))
                #expect(shown[1].contains("class htb 1:10 parent 1:1 leaf 20: prio 3 rate 10Mbit ceil 20Mbit"))
                #expect(shown[2].contains("match 0a010000/ffff0000 at 16"))
                try Namespace().enter {
                    try ip("link add t0 numtxqueues 1 type veth peer name t1")
                    _ = try tc("qdisc add dev t0 root handle 1: htb default 10 r2q 20")
                    _ = try tc("class add dev t0 parent 1: classid 1:1 htb rate 20mbit")
                    _ = try tc("class add dev t0 parent 1:1 classid 1:10 htb rate 10mbit ceil 20mbit burst 15k prio 3")
                    _ = try tc("qdisc add dev t0 parent 1:10 handle 20: tbf rate 1mbit burst 10kb latency 70ms")
                    _ = try tc(
                        "filter add dev t0 parent 1: protocol ip prio 5 u32 match ip dst 10.1.0.0/16 match ip dport 80 "
                            + "0xffff flowid 1:10")
                    #expect(try ["qdisc show dev t0", "class show dev t0", "filter show dev t0"].map(tc) == shown)
                }
                let classes = try objects(try nlgate("class dev t0 -j"))
                #expect(classes.contains { $0["handle"] as? String == "1:10" && $0["parent"] as? String == "1:1" })
                let filters = try objects(try nlgate("filter dev t0 parent 1: -j"))
                #expect(filters.contains { ($0["options"] as? [String: Any])?["flowid"] as? String == "1:10" })
                #expect(try nlgate("class t0").contains("leaf 20:"))
                #expect(try nlgate("filter t0 parent 1:").contains("match 0a010000/ffff0000 at 16"))
                #expect(try nlgate("qdisc t0 handle 20:").split(separator: "\n").count == 1)
                _ = try nlgate("class change dev t0 parent 1:1 classid 1:10 htb rate 5mbit")
                #expect(try tc("class show dev t0").contains("rate 5Mbit ceil 5Mbit"))
                _ = try nlgate("filter del dev t0 parent 1: protocol ip prio 5 u32")
                #expect(try tc("filter show dev t0").isEmpty)
                _ = try nlgate("qdisc del dev t0 parent 1:10 handle 20:")
                _ = try nlgate("class del dev t0 classid 1:10")
                #expect(try !tc("class show dev t0").contains("1:10"))
                _ = try nlgate("qdisc replace dev t0 root pfifo limit 77")
                #expect(try tc("qdisc show dev t0").contains("limit 77p"))
                _ = try nlgate("qdisc del dev t0 root")
                #expect(try !tc("qdisc show dev t0").contains("pfifo 8"))
                for place in ["ingress", "clsact"] {
                    _ = try nlgate("qdisc add dev t0 \(place)")
                    #expect(try tc("qdisc show dev t0").contains("\(place) ffff:"))
                    _ = try nlgate("qdisc del dev t0 \(place)")
                }
            }
        }

        @Test func `abbreviations and options before the command`() throws {
            try Namespace().enter {
                _ = try nlgate("l a br0 type bridge")
                _ = try nlgate("l s br0 up mtu 1400")
                _ = try nlgate("a a 10.3.0.1/16 dev br0")
                _ = try nlgate("-6 r a 2001:db8:5::/48 dev br0")
                _ = try nlgate("r a 10.44.0.0/16 via 10.3.0.9")
                _ = try nlgate("n a 10.3.0.7 lladdr 02:00:00:00:00:77 dev br0")
                _ = try nlgate("ru a from 10.3.0.0/16 table 100 priority 77")
                #expect(try ip("route show").contains("10.44.0.0/16 via 10.3.0.9 dev br0"))
                #expect(try nlgate("-6 r s").contains("2001:db8:5::/48"))
                #expect(try nlgate("-j -d link show dev br0").contains("\"mtu\":1400"))
                #expect(try nlgate("a s br0").contains("10.3.0.1/16"))
                #expect(try nlgate("ru").contains("77"))
                #expect(try nlgate("r g 10.44.1.1").contains("10.3.0.9"))
                #expect(try nlgate("n g 10.3.0.7 dev br0").contains("02:00:00:00:00:77"))
                for words in [
                    "ru d priority 77", "r d 10.44.0.0/16", "n d 10.3.0.7 dev br0", "a d 10.3.0.1/16 dev br0",
                ] {
                    _ = try nlgate(words)
                }
                let (rules, addresses) = (try ip("rule show"), try ip("addr show"))
                #expect(!rules.contains("77:") && !addresses.contains("10.3.0.1"))
                #expect(try nlgate("link help").contains("Network interfaces"))
                #expect(try nlgate("link add --help").contains("type KIND"))
            }
        }

        @Test func `words of lists select`() throws {
            try Namespace().enter {
                for line in [
                    "link add br0 type bridge", "link add v0 master br0 type veth peer name v1", "link set br0 up",
                    "addr add 10.3.0.1/16 dev br0", "route add 10.44.0.0/16 via 10.3.0.9 proto static",
                    "route add 10.45.0.0/16 dev br0 table 100", "route add blackhole 10.46.0.0/16",
                    "neigh add 10.3.0.7 lladdr 02:00:00:00:00:77 dev br0",
                    "neigh add 10.3.0.8 lladdr 02:00:00:00:00:78 nud stale dev br0",
                ] { try ip(line) }
                func names(_ words: String, _ key: String) throws -> [String] {
                    try objects(try nlgate(words + " --json")).compactMap { $0[key] as? String }
                }
                #expect(try names("link type bridge", "ifname") == ["br0"])
                #expect(try names("link master br0", "ifname") == ["v0"])
                #expect(try names("link show up", "ifname") == ["lo", "br0"])
                #expect(try names("addr to 10.3.0.0/16", "ifname") == ["br0"])
                #expect(try names("route proto static", "dst") == ["10.44.0.0/16"])
                #expect(try names("route via 10.3.0.9", "dst") == ["10.44.0.0/16"])
                #expect(try names("route table 100", "dst") == ["10.45.0.0/16"])
                #expect(try names("route type blackhole", "dst") == ["10.46.0.0/16"])
                #expect(try names("route match 10.44.5.5", "dst") == ["10.44.0.0/16"])
                #expect(try names("route root 10.44.0.0/14", "dst") == ["10.44.0.0/16", "10.46.0.0/16"])
                #expect(try names("route 10.3.0.0/16", "dst") == ["10.3.0.0/16"])
                #expect(try names("route table all dev br0", "dst").contains("10.45.0.0/16"))
                #expect(try names("neigh nud stale", "dst") == ["10.3.0.8"])
                #expect(try names("neigh dev br0 10.3.0.7", "dst") == ["10.3.0.7"])
                #expect(try names("rule table main", "src") == ["all"])
            }
        }

        @Test func `what is wrong is named, with what was expected`() throws {
            let wrong = [
                ("link add x type bridge stp_state maybe", "stp_state takes a number"),
                ("link add x type bridge colour red", "doesn't know colour; it knows forward_delay"),
                ("link add x type bond mode fast", "balance-rr"), ("link add x type vlan", "id"),
                ("link add t type tun", "/dev/net/tun"), ("link add sixteen-bytes-xx type bridge", "15 bytes"),
                ("link set lo netns other", "netns"), ("link set lo promisc maybe", "on, off"),
                ("route add 10.0.0.0/8", "way"), ("route add 10.0.0.0/8 via fe80::zz", "via takes an IP address"),
                ("route add 10.0.0.0/8 dev lo metric low", "metric takes a number from 0"),
                ("-6 route add 10.0.0.0/8 dev lo", "family"), ("rule add from 10.0.0.0/8 to 2001:db8::/32", "family"),
                ("rule add fwmark 1/x", "fwmark"), ("neigh add 10.0.0.1 dev lo nud dreaming", "permanent, reachable"),
                ("qdisc add dev lo root tbf rate 1mbit", "burst"), ("qdisc add dev lo root tbf rate fast", "10mbit"),
                ("qdisc add dev lo root netem delay 10ms", "options are known for"),
                ("class add dev lo parent 1: classid 1:70000 htb rate 1mbit", "classid takes a handle"),
                ("filter add dev lo u32 match ip dst 10.0.0.0/8", "flowid"),
                ("filter add dev lo u32 match ip ttl 5 0xff flowid 1:1", "ttl"), ("route get nowhere", "IP address"),
                ("link list nothing type", "type needs a value"), ("monitor weather", "link, addr, route"),
                ("link add --colour", "--colour"), ("route list -4 -6", "exclude"),
            ]
            try Namespace().enter {
                for (words, expected) in wrong {
                    let text = try nlgate(words, status: 2)
                    #expect(text.contains(expected), "\(words): \(text)")
                }
                let missing = [
                    ("link show nosuch0", "nosuch0"), ("qdisc add dev nosuch0 root pfifo", "nosuch0"),
                    ("route get 2001:db8::1", "unreachable"),
                    ("class add dev lo parent 9: classid 9:1 htb rate 1mbit", ""),
                ]
                for (words, expected) in missing {
                    let text = try nlgate(words, status: 1)
                    #expect(text.localizedCaseInsensitiveContains(expected) || expected.isEmpty, "\(words): \(text)")
                }
            }
        }

        @Test func `the policy's words and the kernel's are told`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add br0 type bridge")
            try await OutsideGateway.run(namespace: namespace) { gateway in
                let options = "-H \(gateway.unix) --netns \(namespace.name)"
                let text = try nlgate("\(options) link set br0 mtu 1400", status: 1)
                #expect(text.contains("policy does not grant route NEWLINK"), "\(text)")
                #expect(text.hasPrefix("nlgate: policy"), "\(text)")
                #expect(try nlgate("\(options) l").contains("br0"))
            }
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"], namespace: namespace) { gateway in
                let options = "-H \(gateway.unix) --netns \(namespace.name)"
                _ = try nlgate("\(options) link set br0 mtu 1400 up")
                _ = try nlgate("link set br0 address 02:00:00:00:00:31 \(options)")
                let shown = try namespace.ip("link show br0")
                #expect(shown.contains("mtu 1400") && shown.contains("02:00:00:00:00:31"))
                let text = try nlgate("\(options) route add 10.0.0.0/8 via 192.0.2.9", status: 1)
                #expect(text.contains("gateway"), "\(text)")
                _ = try nlgate("\(options) qdisc add dev br0 root pfifo limit 9")
                #expect(try objects(try nlgate("\(options) -j qdisc dev br0")).first?["kind"] as? String == "pfifo")
                let task = try nlgate("taskstats --tgid \(getpid()) -j -H \(gateway.unix)")
                #expect(task.contains("\"tgid\":\(getpid())"))
            }
        }

        @Test func `single objects of traffic control are asked for`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add t0 numtxqueues 1 type veth peer name t1")
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let index = try await ip.link("t0").index
            try await ip.add(
                Qdisc("htb", index: index, handle: TrafficHandle(1, 0), options: .htb(HTBOptions(defaultClass: 5))))
            var own = TrafficClass(
                "htb", index: index, parent: TrafficHandle(1, 0), handle: TrafficHandle(1, 5),
                options: .htb(HTBOptions(bytesPerSecond: 1_000_000)))
            try await ip.add(own)
            #expect(try await ip.qdisc(index: index, handle: TrafficHandle(1, 0)).kind == "htb")
            own.options = .htb(HTBOptions(bytesPerSecond: 5_000_000_000))
            try await ip.change(own)
            let read = try await ip.trafficClass(index: index, handle: TrafficHandle(1, 5))
            guard case .htb(let options)? = read.options else {
                Issue.record("\(read)")
                return
            }
            // More than 32 bits hold.
            #expect(options.bytesPerSecond == 5_000_000_000)
            var filter = TrafficFilter(
                "u32", index: index, parent: TrafficHandle(1, 0),
                options: .u32(U32Options([U32Key(value: 6, mask: 0xff, offset: 8)], to: TrafficHandle(1, 5))))
            filter.priority = 7
            filter.protocolNumber = 0x0800
            try await ip.replace(filter)
            let listed = try await ip.filters(index: index, parent: TrafficHandle(1, 0))
            let node = try #require(listed.last)
            let found = try await ip.filter(
                index: index, parent: TrafficHandle(1, 0), priority: 7, handle: node.handle)
            #expect(found.handle == node.handle && found.priority == 7 && found.kind == "u32")
            let none = await #expect(throws: NetlinkError.self) {
                try await ip.qdisc(index: index, handle: TrafficHandle(9, 0))
            }
            #expect(none?.reason == .noAnswer)
            try await ip.delete(filter)
            try await ip.delete(read)
            #expect(try await ip.classes(index: index).isEmpty)
        }
    }
}
