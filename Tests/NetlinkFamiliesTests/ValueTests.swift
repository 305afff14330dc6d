import Glibc
import NetlinkFamilies
import NetlinkWire
import Testing

@testable import nlgate

@Suite struct ValueTests {
    @Test func `addresses are written as the C library writes them`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var state = seed
        for round in 0..<5_000 {
            var bytes: [UInt8] = []
            for _ in 0..<(round % 2 == 0 ? 16 : 4) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // Many zeros, so that runs of them come up.
                bytes.append(state >> 60 < 9 ? 0 : UInt8(truncatingIfNeeded: state >> 40))
            }
            let address = try #require(IPAddress(bytes: bytes))
            #expect(address.description == Self.libraryText(bytes), "seed \(seed)")
            #expect(IPAddress(address.description) == address, "seed \(seed)")
        }
    }

    private static func libraryText(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: 64)
        var copy = bytes
        unsafe _ = inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, &copy, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "12345::", "1:2:3:4:5:6:7:8::", "g::", "::1.2.3", "+1::", "::1%eth0",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `names that aren't harmless are shown escaped and kept as they are`() {
        let name = ByteString(bytes: [0x61, 0x1b, 0x5b, 0xff, 0x5c])
        #expect(name.description == "a\\x1b[\\xff\\\\")
        #expect(name.bytes == [0x61, 0x1b, 0x5b, 0xff, 0x5c])
        #expect(ByteString("\u{202e}ab").description == "\\xe2\\x80\\xaeab")
        #expect(ByteString("größe").description == "größe")
    }

    @Test func `an odd name of the kernel is decoded`() throws {
        let vector = try #require(Vector.all.first { $0.name == "link/odd-name" })
        let links = try vector.decoded(Link.self)
        #expect(links.count == 1 && links.first?.name == "v1")
    }

    @Test func `a link can be changed and written`() throws {
        let vector = try #require(Vector.all.first { $0.name == "link/bridge" })
        var link = try #require(try vector.decoded(Link.self).first)
        guard case .bridge(var bridge)? = link.info?.details else {
            Issue.record("not a bridge")
            return
        }
        #expect(bridge[.forwardDelay] == 400 && bridge[.priority] == 4096 && bridge[.stpState] == 0)
        bridge[.stpState] = 1
        bridge[.maxAge] = nil
        link.info?.details = .bridge(bridge)
        let bytes = try link.request(.newLink).encode(sequence: 1)
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        guard case .bridge(let read)? = try Link(message, in: bytes.span).info?.details else {
            Issue.record("not a bridge")
            return
        }
        #expect(read[.stpState] == 1 && read[.maxAge] == nil && read[.forwardDelay] == 400)
    }

    @Test func `a pair names its peer`() throws {
        var link = Link(name: "v0")
        var peer = Link(name: "v1")
        peer.address = LinkAddress("02:00:00:00:00:01")
        link.info = LinkInfo(kind: "veth", details: .veth(VethInfo(peer: peer)))
        let bytes = try link.request(.newLink, flags: [.create, .exclusive, .ack]).encode(sequence: 1)
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        #expect(message.header.flags == [.request, .ack, .create, .exclusive])
        guard case .veth(let info)? = try Link(message, in: bytes.span).info?.details else {
            Issue.record("not a pair")
            return
        }
        #expect(info.peer == peer)
    }

    @Test func `forwarding entries are decoded`() throws {
        let bridge = try #require(Vector.all.first { $0.name == "neighbour/forwarding" })
        let entries = try bridge.decoded(Neighbour.self)
        let sticky = try #require(entries.first { $0.flags.contains(.sticky) })
        #expect(sticky.family == .bridge && sticky.linkAddress == LinkAddress("02:00:00:00:00:cc"))
        #expect(sticky.master.flatMap { bridge.links[$0] } == "br0" && sticky.state == .noARP)
        let tunnel = try #require(Vector.all.first { $0.name == "neighbour/forwarding-vxlan" })
        let remote = try #require(try tunnel.decoded(Neighbour.self).first)
        #expect(remote.destination == IPAddress(10, 0, 0, 9) && remote.port == 8472 && remote.vni == 77)
    }

    @Test func `families of generic netlink are decoded`() throws {
        let vector = try #require(Vector.all.first { $0.name == "controller/family" })
        let bytes = try #require(vector.messages.first)
        var cursor = MessageCursor(bytes.span)
        let family = try GenericFamily(try #require(try cursor.next(in: bytes.span)), in: bytes.span)
        #expect(family.name == "nlctrl" && family.id == .genericController && family.version == 2)
        #expect(family.operations.map(\.id) == [3, 10])
        #expect(family.operations.first?.flags == [.canDo, .canDump, .hasPolicy])
        #expect(family.groups.map(\.name) == ["notify"] && family.groups.map(\.id) == [16])
    }

    @Test func `an attribute that stands twice is refused`() throws {
        var writer = MessageWriter()
        try writer.message(MessageHeader(type: .newRoute)) { (writer: inout MessageWriter) throws(WireError) in
            try Route(family: .inet).encode(into: &writer)
            try writer.attribute(RouteAttribute.longTable, UInt32(4))
            try writer.attribute(RouteAttribute.longTable, UInt32(5))
        }
        var cursor = MessageCursor(writer.bytes.span)
        let message = try #require(try cursor.next(in: writer.bytes.span))
        #expect(throws: WireError(.duplicateAttribute(RouteAttribute.longTable), at: 36)) {
            _ = try Route(message, in: writer.bytes.span)
        }
    }

    @Test func `an address of the wrong width is refused`() throws {
        var route = Route(family: .inet6)
        route.destination = IPAddress(1, 2, 3, 4)
        let bytes = try route.request(.newRoute).encode(sequence: 0)
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        #expect(throws: WireError.self) { _ = try Route(message, in: bytes.span) }
    }

    @Test func `an unknown attribute is kept and written back`() throws {
        var rule = Rule(family: .inet, table: .main)
        rule.unknownAttributes = [RawAttribute(rawType: 200, payload: [1, 2, 3])]
        let bytes = try rule.request(.newRule).encode(sequence: 0)
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        #expect(try Rule(message, in: bytes.span) == rule)
    }

    struct Asked: CustomTestStringConvertible {
        let vector: String
        let request: Request
        var testDescription: String { vector }
    }

    static let asked: [Asked] = {
        let pairs: [(String, Request?)] = [
            ("neighbour/inet", try? NeighbourRequest.dump()),
            ("neighbour/inet6", try? NeighbourRequest.dump(family: .inet6)),
            ("neighbour/proxy", try? NeighbourRequest.dump(proxies: true)),
            ("route/inet", try? RouteRequest.dump(family: .inet, table: .main)),
            ("route/table-all", try? RouteRequest.dump(family: .inet)),
            ("rule/inet", try? RuleRequest.dump(family: .inet)),
            ("rule/inet6", try? RuleRequest.dump(family: .inet6)),
        ]
        return pairs.compactMap { name, request in request.map { Asked(vector: name, request: $0) } }
    }()

    @Test(arguments: asked) func `dumps are asked for as iproute2 asks`(_ asked: Asked) throws {
        #expect(Self.asked.count == 7)
        let vector = try #require(Vector.all.first { $0.name == asked.vector })
        let ours = try asked.request.encode(sequence: 0)
        let theirs = try #require(vector.requests.first { Array($0[4..<6]) == Array(ours[4..<6]) })
        #expect(theirs == ours)
    }

    @Test func `tables are aligned and JSON is escaped`() {
        var link = Link(index: 3, name: ByteString(bytes: [0x61, 0x0a, 0x62]))
        link.flags = [.up, .running, .broadcast]
        link.operState = .up
        link.address = LinkAddress("02:00:00:00:00:01")
        #expect(
            Output.linkTable([link]) == "a\\x0ab           UP             02:00:00:00:00:01 <BROADCAST,UP>\n")
        #expect(Output.linkJSON([link]).contains("\"ifname\":\"a\\nb\""))
    }
}
