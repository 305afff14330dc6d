import Foundation
import Glibc
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Traffic control, generic netlink and task statistics against the real kernel.
    @Suite struct FamilyTests {
        @Test func `traffic control is made, shown as tc shows it, changed and deleted`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add t0 numtxqueues 1 type veth peer name t1")
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"], namespace: namespace) { gateway in
                let inside = try Namespace(named: namespace.name)
                for ip in [try inside.enter { try IPRoute() }, try await gateway.client()] {
                    let index = try await ip.link("t0").index
                    try await ip.add(
                        Qdisc(
                            "htb", index: index, handle: TrafficHandle(1, 0),
                            options: .htb(HTBOptions(defaultClass: 0x10))))
                    try await ip.add(
                        TrafficClass(
                            "htb", index: index, parent: TrafficHandle(1, 0), handle: TrafficHandle(1, 0x10),
                            options: .htb(HTBOptions(bytesPerSecond: 1_250_000, ceiling: 2_500_000, burst: 15_000))))
                    try await ip.add(
                        Qdisc(
                            "pfifo", index: index, parent: TrafficHandle(1, 0x10), handle: TrafficHandle(0x20, 0),
                            options: .fifo(limit: 50)))
                    var filter = TrafficFilter(
                        "u32", index: index, parent: TrafficHandle(1, 0),
                        options: .u32(
                            U32Options(
                                [U32Key(value: 0x0a00_0000, mask: 0xff00_0000, offset: 16)], to: TrafficHandle(1, 0x10))
                        ))
                    filter.priority = 5
                    filter.protocolNumber = 0x0800
                    try await ip.add(filter)

                    let shown = try inside.enter { try tool("tc", ["class", "show", "dev", "t0"]) }
                    #expect(shown.contains("class htb 1:10 root leaf 20: prio 0 rate 10Mbit ceil 20Mbit"), "\(shown)")
                    let filters = try inside.enter { try tool("tc", ["filter", "show", "dev", "t0"]) }
                    #expect(filters.contains("match 0a000000/ff000000 at 16"), "\(filters)")
                    #expect(filters.contains("flowid 1:10"), "\(filters)")

                    let qdiscs = try await ip.qdiscs(index: index)
                    #expect(Set(qdiscs.compactMap(\.kind)) == ["htb", "pfifo"])
                    let own = try #require(try await ip.classes(index: index).first)
                    guard case .htb(let options)? = own.options else {
                        Issue.record("\(own)")
                        return
                    }
                    #expect(options.bytesPerSecond == 1_250_000 && options.ceiling == 2_500_000)
                    #expect(own.leaf == TrafficHandle(0x20, 0))
                    let found = try await ip.filters(index: index, parent: TrafficHandle(1, 0))
                    #expect(found.contains { $0.priority == 5 && $0.protocolNumber == 0x0800 && $0.options != nil })

                    var leaf = Qdisc(
                        "pfifo", index: index, parent: TrafficHandle(1, 0x10), handle: TrafficHandle(0x20, 0))
                    leaf.options = .fifo(limit: 60)
                    try await ip.change(leaf)
                    #expect(
                        try await ip.qdiscs(index: index).contains {
                            if case .fifo(limit: 60)? = $0.options { true } else { false }
                        })
                    try await ip.delete(Qdisc(index: index, handle: TrafficHandle(1, 0)))
                    #expect(try await ip.qdiscs(index: index).allSatisfy { $0.kind != "htb" })
                    let none = await #expect(throws: NetlinkError.self) {
                        try await ip.delete(Qdisc(index: index, handle: TrafficHandle(9, 0)))
                    }
                    #expect(none?.errno != nil)
                }
            }
        }

        @Test func `links of the kinds that the kernel has are made and deleted`() async throws {
            let namespace = try NamedNamespace()
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            try await ip.add(Link.veth("k0", peer: "k1"))
            let lower = try await ip.link("k0").index
            try await ip.add(Link.bridge("kbr"))
            try await ip.add(Link.macvlan("kmv", on: lower))
            try await ip.add(Link.vxlan("kvx", id: 42, local: "192.0.2.1", port: 4789))
            for (name, kind) in [("k0", "veth"), ("kbr", "bridge"), ("kmv", "macvlan"), ("kvx", "vxlan")] {
                let link = try await ip.link(name)
                #expect(link.info?.kind == ByteString(kind))
                var change = Link(index: link.index)
                change.mtu = 1400
                try await ip.change(change)
                #expect(try await ip.link(index: link.index).mtu == 1400)
            }
            // What the kernel lacks is refused with its words.
            let dummy = await #expect(throws: NetlinkError.self) { try await ip.add(Link.dummy("kd")) }
            if let dummy { #expect(dummy.errno == 95 && dummy.text == "Unknown device type") }
            try namespace.ip("tuntap add dev ktap mode tap")
            try await ip.delete(Link(index: try await ip.link("ktap").index))
            for name in ["k0", "kbr", "kvx"] { try await ip.delete(Link(index: try await ip.link(name).index)) }
            #expect(try await ip.links().map(\.name) == ["lo"])
        }

        @Test func `families are found by name, and their groups`() async throws {
            try await OutsideGateway.run { gateway in
                let settings = gateway.settings
                let local = try NetlinkConnection(.generic)
                let remote = try await NetlinkConnection(host: gateway.unix, .generic, settings: settings)
                for connection in [local, remote] {
                    let control = try await GenericNetlink(connection, family: "nlctrl")
                    #expect(control.family.id == .genericController)
                    let families = try await GenericNetlink.families(connection)
                    #expect(families.contains { $0.name == "nlctrl" })
                    // CTRL_CMD_GETFAMILY of itself, by number.
                    let answer = try await control.send(command: 3) { (writer: inout MessageWriter) throws(WireError) in
                        try writer.attribute(1, UInt16(16))
                    }
                    #expect(answer.first?[2]?.payload == Array("nlctrl".utf8) + [0])
                    var names: [ByteString] = []
                    for try await message in try control.dump(command: 3) {
                        if let name = message[2] { names.append(ByteString(bytes: name.payload)) }
                    }
                    #expect(names.count == families.count)
                    let group = await #expect(throws: NetlinkError.self) { try await control.join("nosuch") }
                    #expect(group?.description.contains("notify") == true)
                    try await control.join("notify")
                }
                let missing = await #expect(throws: NetlinkError.self) {
                    try await GenericNetlink(family: "nosuchfamily")
                }
                #expect(missing?.errno == 2)
            }
        }

        @Test func `task statistics by pid and by tgid, and of tasks that end`() async throws {
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                // The namespace of the daemon: the kernel tells of exits in the initial one only.
                let remote = try await NetlinkConnection(host: gateway.unix, .generic)
                for connection in [try NetlinkConnection(.generic), remote] {
                    let tasks = try await TaskStats(connection)
                    let own = UInt32(getpid())
                    let thread = try await tasks.stats(pid: own)
                    #expect(thread.pid == own)
                    #expect(thread.parentPID == UInt32(getppid()))
                    #expect(thread.version >= 8)
                    #expect(thread.peakMemory > 1000)
                    #expect(thread.bytesRead > 0)
                    let name = text(ofFile: "/proc/self/comm").trimmingCharacters(in: .newlines)
                    #expect(thread.command.description == name)
                    // The kernel sums up what all threads did.
                    #expect(try await tasks.stats(tgid: own).voluntarySwitches >= thread.voluntarySwitches)
                    let none = await #expect(throws: NetlinkError.self) { try await tasks.stats(pid: 0x7fff_fff0) }
                    #expect(none?.errno == 3)
                    try await expectExit(tasks)
                }
            }
        }

        private func expectExit(_ tasks: TaskStats) async throws {
            var exits = tasks.exits(cpus: "0-\(sysconf(Int32(_SC_NPROCESSORS_CONF)) - 1)").makeAsyncIterator()
            // The first element is awaited while programs end again and again; what the tests start by a descriptor
            // has its number as name, what a shell starts doesn't.
            let ending = Task.detached {
                while !Task.isCancelled { _ = try result(of: "/bin/sh", ["-c", "/bin/true; :"]) }
            }
            defer { ending.cancel() }
            for _ in 0..<10_000 {
                guard case .exit(.pid, let statistics)? = try await exits.next(), statistics.command == "true" else {
                    continue
                }
                #expect(statistics.exitCode == 0)
                #expect(statistics.elapsed > 0)
                return
            }
            Issue.record("no program ended")
        }
    }
}
