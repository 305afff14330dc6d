import Foundation
import NetlinkFamilies
import NetlinkWire
import Testing

@testable import nlgate

@Suite struct VectorTests {
    /// Size of the fixed header behind the message's.
    private static let headers = [
        "link": 16, "built": 16, "address": 8, "route": 12, "neighbour": 12, "rule": 12, "qdisc": 20, "class": 20,
        "filter": 20,
    ]

    @Test func `vectors of every family are there`() {
        #expect(Set(Vector.all.map(\.family)).isSuperset(of: Self.headers.keys))
        #expect(Vector.all.count >= 40)
    }

    @Test(arguments: Vector.all.filter { !["controller", "request"].contains($0.family) })
    func `decoding and encoding give the same bytes`(_ vector: Vector) throws {
        #expect(!vector.messages.isEmpty)
        for bytes in vector.messages {
            var cursor = MessageCursor(bytes.span)
            let message = try #require(try cursor.next(in: bytes.span))
            switch message.header.type {
            case .newLink: try check(Link(message, in: bytes.span), bytes, message, header: 16)
            case .newAddress: try check(Address(message, in: bytes.span), bytes, message, header: 8)
            case .newRoute: try check(Route(message, in: bytes.span), bytes, message, header: 12)
            case .newNeighbour: try check(Neighbour(message, in: bytes.span), bytes, message, header: 12)
            case .newRule: try check(Rule(message, in: bytes.span), bytes, message, header: 12)
            case .newQdisc: try check(Qdisc(message, in: bytes.span), bytes, message, header: 20)
            case .newTrafficClass: try check(TrafficClass(message, in: bytes.span), bytes, message, header: 20)
            case .newFilter: try check(TrafficFilter(message, in: bytes.span), bytes, message, header: 20)
            default: Issue.record("unexpected type \(message.header.type)")
            }
        }
    }

    private func check<Object: RouteMessage>(
        _ object: Object, _ bytes: [UInt8], _ message: Message, header: Int
    ) throws {
        let payload = Array(bytes[message.payload])
        var writer = MessageWriter()
        try object.encode(into: &writer)
        #expect(Array(writer.bytes[..<header]) == Array(payload[..<header]))
        let before = try sortedAttributes(payload, header: header)
        let after = try sortedAttributes(writer.bytes, header: header)
        #expect(before.map(\.rawType) == after.map(\.rawType))
        for (left, right) in zip(before, after) where left != right {
            // Nests whose parts are typed may come back in another order, with nothing lost.
            #expect(left.rawType == right.rawType && canonical(left.payload) == canonical(right.payload))
        }
        // What was written reads as the same value.
        let again = try object.request(Object.newType).encode(sequence: 0)
        var cursor = MessageCursor(again.span)
        let second = try #require(try cursor.next(in: again.span))
        #expect(try Object(second, in: again.span) == object)
    }

    @Test(arguments: Vector.of("link"))
    func `links are shown as ip shows them`(_ vector: Vector) throws {
        let links = try vector.decoded(Link.self)
        let names = names(vector, links)
        let json = Output.linkJSON(
            links, names: names, details: vector.command.contains("-d "), statistics: vector.command.contains("-s "))
        try compare(json, vector)
    }

    @Test(arguments: Vector.of("address"))
    func `addresses are shown as ip shows them`(_ vector: Vector) throws {
        let links = try vector.decoded(Link.self)
        let json = Output.addressJSON(
            try vector.decoded(), links: links, names: names(vector, links), details: vector.command.contains("-d "))
        try compare(json, vector)
    }

    @Test(arguments: Vector.of("route"))
    func `routes are shown as ip shows them`(_ vector: Vector) throws {
        let everything = vector.command.contains("table all")
        let main = try vector.decoded(Route.self).filter {
            everything || vector.command.contains("table") || $0.table == .main
        }
        let only = vector.command.split(separator: " ").last.map(String.init) ?? ""
        let routes = main.filter { route in
            guard only.contains("/"), let destination = route.destination else { return true }
            return Names.prefix(destination, route.destinationLength) == only
        }
        let json = Output.routeJSON(
            routes, names: names(vector), details: vector.command.contains("-d "), tableIsGiven: !everything)
        try compare(json, vector)
    }

    @Test(arguments: Vector.of("neighbour").filter { $0.command.hasPrefix("ip ") })
    func `neighbours are shown as ip shows them`(_ vector: Vector) throws {
        let neighbours = try vector.decoded(Neighbour.self).filter(Output.isListed)
        let json = Output.neighbourJSON(
            neighbours, names: names(vector), statistics: vector.command.contains("-s "))
        try compare(json, vector)
    }

    @Test(arguments: Vector.of("rule"))
    func `rules are shown as ip shows them`(_ vector: Vector) throws {
        try compare(Output.ruleJSON(try vector.decoded(), details: vector.command.contains("-d ")), vector)
    }

    @Test(arguments: Vector.of("qdisc"))
    func `queueing disciplines are shown as tc shows them`(_ vector: Vector) throws {
        let named = vector.command.contains(" dev ")
        let qdiscs = try vector.decoded(Qdisc.self).filter { qdisc in
            !named || vector.links[qdisc.index] == vector.command.split(separator: " ").last.map(String.init)
        }
        let json = Output.qdiscJSON(
            qdiscs, names: named ? nil : names(vector), statistics: vector.command.contains("-s "))
        try compare(json, vector)
    }

    private func names(_ vector: Vector, _ links: [Link] = []) -> LinkNames {
        var names = LinkNames()
        // A link that isn't part of the vector wasn't up where ip shows M-DOWN, else it was.
        let flags: LinkFlags = vector.expected.contains("M-DOWN") ? [] : .up
        for (index, name) in vector.links { names.insert(index, ByteString(name), flags: flags) }
        for link in links { names.insert(link.index, link.name, flags: link.flags) }
        return names
    }

    private func compare(_ json: String, _ vector: Vector) throws {
        let ours = try objects(json)
        guard vector.expected.prefix(4) != "null" else {
            // iproute2's own output wasn't JSON; ours is.
            #expect(ours.count == vector.messages.count)
            return
        }
        let theirs = try objects(vector.expected)
        #expect(ours.count == theirs.count)
        for (left, right) in zip(ours, theirs) {
            var left = left
            // ip writes the outer destination as a second "dst".
            if let outer = left.removeValue(forKey: "encap_dst") { left["dst"] = outer }
            for key in Set(left.keys).union(right.keys) {
                let same = (left[key] as? NSObject) == (right[key] as? NSObject)
                #expect(same, "\(key): \(String(describing: left[key])) is not \(String(describing: right[key]))")
            }
        }
    }

    private func objects(_ json: String) throws -> [[String: Any]] {
        let parsed = try JSONSerialization.jsonObject(with: Data(json.utf8))
        // A filtered list of ip has an empty object for what it left out.
        return try #require(parsed as? [[String: Any]]).filter { !$0.isEmpty }
    }
}
