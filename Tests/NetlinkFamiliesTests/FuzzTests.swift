import NetlinkFamilies
import NetlinkWire
import SeededInput
import Testing

@testable import nlgate

@Suite struct FuzzTests {
    @Test func `mutated messages are refused or round trip, and never stop the program`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededNumbers(seed: seed)
        let corpus = Vector.all.flatMap(\.messages)
        try #require(!corpus.isEmpty)
        var accepted = 0
        for _ in 0..<6_000 {
            guard var bytes = corpus.randomElement(using: &random) else { break }
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
            var cursor = MessageCursor(bytes.span)
            guard let message = try? cursor.next(in: bytes.span) else { continue }
            accepted += try roundTrip(Link.self, message, bytes, seed)
            accepted += try roundTrip(Address.self, message, bytes, seed)
            accepted += try roundTrip(Route.self, message, bytes, seed)
            accepted += try roundTrip(Neighbour.self, message, bytes, seed)
            accepted += try roundTrip(Rule.self, message, bytes, seed)
            if let family = try? GenericFamily(message, in: bytes.span) { _ = family.name.description }
        }
        #expect(accepted > 300)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededNumbers) {
        let place = Int.random(in: 16..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[place] = [0, 1, 3, 4, 5, 127, 128, 255].randomElement(using: &random) ?? 0
        default:
            guard bytes.count > 24 else { return }
            bytes.removeLast(Int.random(in: 1...4, using: &random))
            let length = UInt32(bytes.count)
            for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
        }
    }

    private func roundTrip<Object: RouteMessage>(
        _ type: Object.Type, _ message: Message, _ bytes: [UInt8], _ seed: UInt64
    ) throws -> Int {
        guard let object = try? Object(message, in: bytes.span) else { return 0 }
        show(object)
        let again = try object.request(Object.newType).encode(sequence: 0)
        var cursor = MessageCursor(again.span)
        let second = try #require(try cursor.next(in: again.span))
        #expect(try Object(second, in: again.span) == object, "seed \(seed)")
        return 1
    }

    /// What is decoded can be shown, whatever it says, without control characters.
    private func show(_ object: some RouteMessage) {
        let names = LinkNames()
        let text: String
        switch object {
        case let link as Link:
            text = Output.linkTable([link]) + Output.linkJSON([link], details: true, statistics: true)
        case let address as Address:
            var link = Link(index: address.index, name: "v0")
            link.alternativeNames = ["x"]
            text = Output.addressTable([address], links: [link]) + Output.addressJSON([address], links: [link])
        case let route as Route:
            text = Output.routeTable([route], names: names) + Output.routeJSON([route], names: names, details: true)
        case let neighbour as Neighbour:
            text =
                Output.neighbourTable([neighbour], names: names)
                + Output.neighbourJSON([neighbour], names: names, statistics: true)
        case let rule as Rule: text = Output.ruleTable([rule]) + Output.ruleJSON([rule], details: true)
        default: return
        }
        #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x0a })
    }
}
