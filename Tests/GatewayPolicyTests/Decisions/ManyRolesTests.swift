import GatewayPolicy
import PolicyReference
import SeededInput
import Testing

/// Many roles under one condition each: what is merged for speed admits what the roles admit one by one.
@Suite struct ManyRolesTests {
    private static let count = 150

    private func court(_ conditions: (Int, inout Conditions) throws -> Void) throws -> Court {
        let roles = try (0..<ManyRolesTests.count).map { number in
            try RolePart.role(named: "r\(number)", line: UInt32(number + 1), ["route *"], extras: .all) {
                try conditions(number, &$0)
            }
        }
        return try Court(SessionGrants(roles: roles), server: .usual)
    }

    /// The line of the first role that fits, which the judge must name; nil when none does.
    private func expect(_ court: Court, _ bytes: [UInt8], fits line: Int?) {
        if let line {
            #expect(court.summary(bytes)?.entries.first?.line == UInt32(line + 1))
        } else {
            #expect(court.errors(bytes) == [1])
        }
    }

    @Test func `tables`() throws {
        var numbers = SeededNumbers(seed: 1)
        var ranges: [[ClosedRange<UInt32>]] = []
        for _ in 0..<ManyRolesTests.count {
            ranges.append(
                (0...numbers.below(3)).map { _ in
                    let first = UInt32(1 + numbers.below(2000))
                    return first...(first + UInt32(numbers.below(20)))
                })
        }
        ranges[7] = [UInt32.max...UInt32.max]
        let court = try court { $1.tables = ranges[$0] }
        for table in Array(1...2100 as ClosedRange<UInt32>) + [UInt32.max - 1, UInt32.max] {
            let line = ranges.firstIndex { $0.contains { $0.contains(table) } }
            expect(court, try Route.route(Route.index(15, table)), fits: line)
        }
    }

    @Test(arguments: [false, true])
    func `prefixes`(isExcluded: Bool) throws {
        var numbers = SeededNumbers(seed: isExcluded ? 3 : 2)
        func prefix() throws -> AddressPrefix {
            let length = UInt8(numbers.below(25) + (isExcluded ? 0 : 8))
            var address = [10, UInt8(numbers.below(2)), UInt8(numbers.below(4)), UInt8(numbers.below(256))]
            for bit in Int(length)..<32 { address[bit / 8] &= ~(128 >> UInt8(bit % 8)) }
            return try #require(AddressPrefix(address: address, length: length))
        }
        let prefixes = try (0..<ManyRolesTests.count).map { _ in try (0...numbers.below(3)).map { _ in try prefix() } }
        let court = try court {
            if isExcluded { $1.excludedDestinations = prefixes[$0] } else { $1.destinations = prefixes[$0] }
        }
        var found = 0
        for _ in 0..<2000 {
            let destination = try prefix()
            let line = prefixes.firstIndex { $0.contains { $0.contains(destination) } != isExcluded }
            found += line == nil ? 0 : 1
            expect(
                court, try Route.route(length: destination.length, Request.attribute(1, destination.address)),
                fits: line)
        }
        #expect(found > 200)
    }

    @Test func `names`() throws {
        let patterns = (0..<ManyRolesTests.count).map { number in
            switch number % 5 {
            case 0: "veth\(number)"
            case 1: "br\(number)*"
            case 2: "*\(number)"
            case 3: "a*\(number)*z"
            default: "veth\(number - 4)*"
            }
        }
        let court = try court { $1.interfaces = [patterns[$0]] }
        let cases: [(String, Int?)] = [
            ("veth5", 5), ("veth55", 9), ("veth10x", 14), ("br1", 1), ("br111", 1), ("br96", 96), ("br8", nil),
            ("x102", 2), ("a3z", 3), ("a-3-z", 3), ("ab13cz", 3), ("a13", nil), ("zz", nil), ("eth0", nil), ("x97", 7),
        ]
        for (name, line) in cases {
            expect(court, try Route.link(16, with: Request.create, Route.name(name) + Route.kind("dummy")), fits: line)
        }
    }
}
