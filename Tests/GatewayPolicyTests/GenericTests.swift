import GatewayPolicy
import NetlinkWire
import Testing

private func joins(_ name: String, privileged: Bool) -> JoinVerdict {
    .granted(JoinGrant(name: name, isPrivileged: privileged, line: 0))
}

private func staysOut(_ name: String, _ what: String) -> JoinVerdict {
    .refused(JoinRefusal(objection: .notGranted(what), operation: "listen \(name)"))
}

@Suite struct GenericTests {
    private func getFamily(_ attributes: [UInt8], _ command: UInt8 = 3, _ flags: MessageFlags = Request.get) throws
        -> [UInt8]
    {
        try Request.generic(16, command, flags, attributes)
    }

    @Test func `families are looked up by number, or by a name that the grants have`() throws {
        let court = try Court(.readOnly, NetlinkProtocol.generic)
        let number = Request.attribute(1, [21, 0])
        #expect(court.forwards(try getFamily(number)))
        #expect(court.forwards(try getFamily([], 3, Request.dump)))
        for name in ["nlctrl", "ethtool"] { #expect(court.forwards(try getFamily(Request.text(2, name)))) }
        for name in ["nl80211", "nosuchfamily", "ethtool2", "devlink"] {
            #expect(court.errors(try getFamily(Request.text(2, name))) == [1], "\(name)")
        }
        #expect(court.errors(try getFamily(number + Request.text(2, "ethtool"))) == [22])
        #expect(court.errors(try getFamily(Request.attribute(2, Array("ethtool\0x\0".utf8)))) == [22])
        #expect(court.errors(try getFamily(Request.attribute(2, []))) == [22])
    }

    @Test func `policies of families are dumped under the same rule`() throws {
        let court = try Court(.readOnly, NetlinkProtocol.generic)
        #expect(court.forwards(try getFamily(Request.text(2, "ethtool"), 10, Request.dump)))
        #expect(court.errors(try getFamily(Request.text(2, "nl80211"), 10, Request.dump)) == [1])
        #expect(court.errors(try getFamily(Request.text(2, "ethtool"), 10)) == [1])
    }

    @Test func `one dump bit is asked as a single request and a dump`() throws {
        let court = try Court(.readOnly, NetlinkProtocol.generic)
        let one: MessageFlags = [.request, .root]
        #expect(court.forwards(try getFamily(Request.attribute(1, [21, 0]), 3, one)))
        #expect(court.errors(try getFamily([], 10, one)) == [1])
    }

    @Test func `a number without a family, and commands without a row, are refused`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.generic)
        #expect(court.errors(try Request.generic(999, 1)) == [1])
        #expect(court.errors(try Request.generic(21, 200)) == [1])
        #expect(court.errors(try Request.generic(16, 1)) == [1])
        #expect(court.errors(try Request.message(21, Request.get, [1, 1])) == [22])
        #expect(court.errors(try Request.message(21, Request.get, [1, 1, 1, 0])) == [22])
    }

    @Test func `a number means the family that has it now`() throws {
        let judge = DatagramJudge(grants: .readOnly, protocolNumber: NetlinkProtocol.generic)
        let context = SessionContext(portID: 1)
        let request = try Request.generic(50, 2)
        var map = FamilyMap()
        func forwards() -> Bool {
            guard case .forward = judge.judge(request.span, families: map, context: context, lookup: Server()) else {
                return false
            }
            return true
        }
        #expect(!forwards())
        let ethtool = try announcement(1, 50, "ethtool")
        map.apply(ethtool.span)
        #expect(forwards())
        let other = try announcement(1, 50, "nl80211")
        map.apply(other.span)
        #expect(!forwards())
    }

    @Test func `taskstats takes one selector`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.generic)
        let id = try #require(assignedFamilies["TASKSTATS"])
        let pid = Request.attribute(1, [1, 0, 0, 0])
        #expect(court.forwards(try Request.generic(id, 1, Request.get, pid)))
        #expect(court.errors(try Request.generic(id, 1, Request.get, [])) == [22])
        #expect(court.errors(try Request.generic(id, 1, Request.get, pid + Request.text(3, "0-3"))) == [22])
        #expect(court.errors(try Request.generic(id, 1, Request.get, Request.attribute(9, []))) == [1])
        #expect(try Court(.readOnly, NetlinkProtocol.generic).errors(Request.generic(id, 1, Request.get, pid)) == [1])
    }

    @Test func `groups are joined by the name that a number has now`() throws {
        let judge = DatagramJudge(grants: .readOnly, protocolNumber: NetlinkProtocol.generic)
        var map = FamilyMap()
        #expect(judge.judgeJoin(group: 16, families: map) == joins("generic/nlctrl notify", privileged: false))
        guard case .refused = judge.judgeJoin(group: 5, families: map) else {
            Issue.record("an unassigned group was granted")
            return
        }
        let psample = try announcement(1, 60, "psample", groups: [("packets", 70), ("config", 71)])
        map.apply(psample.span)
        let all = DatagramJudge(grants: .unrestricted, protocolNumber: NetlinkProtocol.generic)
        #expect(all.judgeJoin(group: 70, families: map) == joins("generic/psample packets", privileged: true))
        #expect(all.judgeJoin(group: 71, families: map) == joins("generic/psample config", privileged: false))
        #expect(
            judge.judgeJoin(group: 71, families: map)
                == staysOut("generic/psample config", "listening to generic/psample config"))
    }

    @Test func `groups of rtnetlink, xfrm and netfilter`() throws {
        let map = FamilyMap()
        let route = DatagramJudge(grants: .readOnly, protocolNumber: NetlinkProtocol.route)
        let granted = (0...64).filter { group in
            if case .granted = route.judgeJoin(group: UInt32(group), families: map) { return true }
            return false
        }
        #expect(granted == Array(1...29) + Array(32...39))
        let all = DatagramJudge(grants: .unrestricted, protocolNumber: NetlinkProtocol.route)
        #expect(all.judgeJoin(group: 30, families: map) == joins("route IPV4_MROUTE_R", privileged: true))
        let xfrm = Grants(operations: { _, _ in [] }, groups: { family, _ in family.label == "xfrm" })
        let judge = DatagramJudge(grants: xfrm, protocolNumber: NetlinkProtocol.xfrm)
        #expect(judge.judgeJoin(group: 4, families: map) == joins("xfrm POLICY", privileged: true))
        #expect(
            judge.judgeJoin(group: 3, families: map)
                == staysOut("xfrm SA", "extra secrets, which listening to xfrm SA needs,"))
        let netfilter = DatagramJudge(grants: .unrestricted, protocolNumber: NetlinkProtocol.netfilter)
        #expect(
            netfilter.judgeJoin(group: 1, families: map)
                == joins("netfilter/ctnetlink CONNTRACK_NEW", privileged: true))
    }
}

@Suite struct FamilyMapTests {
    @Test func `announcements assign, replace and take away`() throws {
        var map = FamilyMap()
        #expect(map.name(of: 16) == "nlctrl")
        let first = try announcement(1, 30, "demo", groups: [("a", 100), ("b", 101)])
        map.apply(first.span)
        #expect(map.name(of: 30) == "demo")
        #expect(map.group(101)?.group == "b" && map.group(101)?.family == "demo")
        let reloaded = try announcement(1, 31, "demo", groups: [("a", 102)])
        map.apply(reloaded.span)
        #expect(map.name(of: 30) == nil && map.group(100) == nil && map.group(102)?.group == "a")
        let added = try announcement(7, 31, "demo", groups: [("c", 103)])
        map.apply(added.span)
        #expect(map.group(103)?.group == "c" && map.group(102)?.group == "a")
        let dropped = try announcement(8, 31, "demo", groups: [("a", 102)])
        map.apply(dropped.span)
        #expect(map.group(102) == nil && map.group(103) != nil)
        let gone = try announcement(2, 31, "demo")
        map.apply(gone.span)
        #expect(map.name(of: 31) == nil && map.group(103) == nil)
    }

    @Test func `several announcements in a datagram are all read, and reset forgets them`() throws {
        var map = FamilyMap()
        let both = try announcement(1, 30, "one") + announcement(1, 31, "two")
        map.apply(both.span)
        #expect(map.name(of: 30) == "one" && map.name(of: 31) == "two")
        map.reset()
        #expect(map.name(of: 30) == nil && map.name(of: 16) == "nlctrl" && map.group(16)?.group == "notify")
    }

    @Test func `the controller keeps its number and its group`() throws {
        var map = FamilyMap()
        let stolen = try announcement(1, 16, "demo", groups: [("x", 16)])
        map.apply(stolen.span)
        let group = try announcement(1, 40, "demo", groups: [("x", 16)])
        map.apply(group.span)
        #expect(map.name(of: 16) == "nlctrl" && map.group(16)?.family == "nlctrl")
    }

    @Test func `what is cut short assigns nothing new`() throws {
        let whole = try announcement(1, 30, "demo", groups: [("a", 100)])
        for length in 0..<whole.count {
            var map = FamilyMap()
            let cut = Array(whole.prefix(length))
            map.apply(cut.span)
            #expect(map.name(of: 30) == nil && map.group(100) == nil)
        }
    }
}
