import GatewayPolicy
import Testing

@Suite struct GrantsTests {
    private static let samples: [Grants] = [
        .readOnly, .unrestricted, Grants.unrestricted.restrictedToReading(), Grants(operations: { _, _ in [] }),
        Grants(extras: .secrets, operations: { family, _ in family.label == "xfrm" ? .both : [] }),
    ]

    private func decode(_ bytes: [UInt8]) throws(GrantsError) -> Grants {
        try Grants(decoding: bytes.span)
    }

    @Test func `grants survive their encoding`() throws {
        for grants in GrantsTests.samples {
            let bytes = grants.encode()
            #expect(bytes.count < Grants.maximumSize / 4)
            #expect(try decode(bytes) == grants)
        }
    }

    @Test func `what is cut, longer or changed is not the same grants`() throws {
        let bytes = Grants.readOnly.encode()
        for length in 0..<bytes.count {
            #expect(throws: GrantsError.self) { try decode(Array(bytes.prefix(length))) }
        }
        #expect(throws: GrantsError.self) { try decode(bytes + [0]) }
        #expect(throws: GrantsError.self) { try decode(Request.zeros(Grants.maximumSize + 1)) }
        var accepted = 0
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                guard let grants = try? decode(changed) else { continue }
                accepted += 1
                #expect(grants != .readOnly && grants.encode() == changed)
            }
        }
        #expect(accepted > 0)
    }

    @Test func `never-carried operations can't be decoded into grants`() throws {
        let head: [UInt8] = Array("nlgG".utf8) + [2, 0, 0, 0, 0, 0, 1, 0]
        func family(_ label: String, _ number: UInt8, _ modes: UInt8) -> [UInt8] {
            head + [UInt8(label.utf8.count)] + Array(label.utf8) + [1, 0, 0, 0, number, 0, modes]
        }
        #expect(try decode(family("route", 18, 3)).modes("route", 18) == .both)
        #expect(throws: GrantsError.self) { try decode(family("generic/handshake", 2, 1)) }
        #expect(throws: GrantsError.self) { try decode(family("generic/nl80211", 103, 1)) }
        #expect(throws: GrantsError.self) { try decode(family("route", 18, 4)) }
        #expect(throws: GrantsError.self) { try decode(family("route", 18, 0)) }
        #expect(throws: GrantsError.self) { try decode(family("route", 16, 2)) }
        #expect(throws: GrantsError.self) { try decode(family("route", 99, 1)) }
        #expect(throws: GrantsError.self) { try decode(family("rout", 18, 1)) }
    }

    @Test func `readers are enough for read-only and for whoever only wants to read`() {
        let protocols: [Int32] = [0, 4, 6, 12, 16]
        for grants in [Grants.readOnly, Grants.unrestricted.restrictedToReading()] {
            for number in protocols { #expect(!grants.needsPrivilege(protocolNumber: number)) }
        }
        for number in protocols { #expect(Grants.unrestricted.needsPrivilege(protocolNumber: number)) }
        let reading = Grants.unrestricted.restrictedToReading()
        #expect(protocols.filter { reading.serves(protocolNumber: $0) } == [0, 4, 16])
        #expect(reading.restrictedToReading() == reading)
        #expect(Grants.readOnly.restrictedToReading() == .readOnly)
    }

    @Test func `one capped group makes a session privileged`() {
        let grants = Grants(
            operations: { _, operation in operation.name == "GETLINK" ? .both : [] },
            groups: { family, group in family.label == "route" && group.name == "IPV4_MROUTE_R" })
        #expect(grants.needsPrivilege(protocolNumber: 0))
        #expect(!grants.restrictedToReading().needsPrivilege(protocolNumber: 0))
    }

    @Test func `writes without the kernel's own check still need a privileged broker`() {
        let grants = Grants(operations: { family, operation in
            family.label == "generic/nl80211" && operation.name == "SET_PMK" ? .single : []
        })
        #expect(grants.needsPrivilege(protocolNumber: NetlinkProtocol.generic))
    }

    @Test func `secrets and traffic are not implied`() throws {
        let reads = Grants(operations: { _, operation in operation.grantable })
        let xfrm = try Court(reads, NetlinkProtocol.xfrm)
        #expect(xfrm.errors(try Request.message(18, Request.dump, [])) == [1])
        #expect(xfrm.forwards(try Request.message(21, Request.dump, [])))
        let netfilter = try Court(reads, NetlinkProtocol.netfilter)
        #expect(netfilter.errors(try Request.message(770, Request.set, Request.zeros(4))) == [1])
        #expect(netfilter.errors(try Special.rule("queue")).contains(1))
        #expect(netfilter.forwards(try Special.rule("counter")))
        let route = try Court(reads)
        let everyLink = Request.zeros(16) + Request.attribute(27, [0, 0, 0, 0])
        #expect(route.errors(try Request.message(19, Request.set, everyLink)) == [1])
        #expect(try Court(.unrestricted).forwards(Request.message(19, Request.set, everyLink)))
        let oneLink = Request.zeros(4) + [7, 0, 0, 0] + Request.zeros(8) + Request.attribute(27, [0, 0, 0, 0])
        #expect(route.forwards(try Request.message(19, Request.set, oneLink)))
        #expect(route.forwards(try Request.message(16, Request.create, everyLink)))
    }

    @Test func `the description names what is granted`() {
        let lines = Grants.readOnly.describe()
        #expect(lines.contains { $0.hasPrefix("read route: GETLINK, GETADDR") })
        #expect(lines.contains("listen generic/nlctrl: notify"))
        #expect(!lines.contains { $0.hasPrefix("write") || $0.hasPrefix("extra") })
        #expect(Grants.unrestricted.describe().last == "extra: secrets, traffic, group, self, code")
        #expect(
            Grants.readOnly.describe(protocolNumber: NetlinkProtocol.generic).allSatisfy { $0.contains("generic/") })
    }
}
