import GatewayPolicy
import PolicyReference
import SeededInput

/// Policies as a differential test wants them: roles that overlap, conditions of every key, and everything else at times.
enum RandomSessions {
    static func make(_ numbers: inout SeededNumbers) throws -> SessionGrants {
        // Extras come together, so that several roles would have all of them nearly always.
        let extras = Grants.Extras(rawValue: UInt16(numbers.below(64)))
        var roles: [RolePart] = []
        for number in 0..<(1 + numbers.below(6)) { roles.append(try role(number, extras, &numbers)) }
        var ceiling: [RolePart] = []
        if numbers.one(in: 3) { ceiling = [try role(90, .all, &numbers)] }
        if numbers.one(in: 3) { ceiling.append(try role(91, extras, &numbers)) }
        let never = Never(
            linkKinds: numbers.one(in: 3) ? ["nlmon", "mac*"] : [],
            interfaces: numbers.one(in: 3) ? [numbers.pick(["eth0", "mgmt*", "veth9", "enp*"])] : [])
        return SessionGrants(roles: roles, ceiling: ceiling, never: never)
    }

    private static func role(
        _ number: Int, _ possible: Grants.Extras, _ numbers: inout SeededNumbers
    ) throws -> RolePart {
        let share = numbers.pick([1, 1, 2, 4])
        var chosen = numbers
        let extras = possible.intersection(Grants.Extras(rawValue: UInt16(numbers.below(64))))
        let grants = Grants(
            extras: extras, netnsIDs: [2, 100],
            operations: { _, operation in
                guard chosen.one(in: share) else { return [] }
                return chosen.one(in: 5)
                    ? operation.grantable.intersection(.dump).union(operation.kind == .write ? .single : [])
                    : operation.grantable
            })
        numbers = chosen
        var part = RolePart(name: "role\(number)", line: UInt32(number + 10), grants: grants)
        switch numbers.below(6) {
        case 0, 1: break
        case 2: part.conditions.destinations = try prefixes(&numbers)
        case 3: part.conditions.excludedDestinations = try prefixes(&numbers)
        default: part.conditions = try conditions(&numbers)
        }
        return part
    }

    /// Prefixes inside one another and side by side.
    private static func prefixes(_ numbers: inout SeededNumbers) throws -> [AddressPrefix] {
        let all = [
            "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.255.0.0/16", "10.255.1.0/24", "192.0.2.0/24", "192.0.2.1/32",
            "198.51.0.0/16", "198.51.100.0/24", "2001:db8:0:0:0:0:0:0/32", "2001:db8:0:0:0:0:0:1/128",
        ]
        return try (0...numbers.below(5)).map { _ in try .prefix(numbers.pick(all)) }
    }

    private static func conditions(_ numbers: inout SeededNumbers) throws -> Conditions {
        var conditions = Conditions()
        if numbers.one(in: 3) {
            conditions.interfaces = [
                numbers.pick(["veth*", "eth0", "*0", "v*n*", "vlan7"]), numbers.pick(["lo", "mgmt*"]),
            ]
        }
        if numbers.one(in: 3) {
            let first = numbers.pick([1, 5, 100, 150] as [UInt32])
            conditions.tables = [first...(first + UInt32(numbers.below(60))), 254...numbers.pick([254, 255, 1000])]
        }
        if numbers.one(in: 3) { conditions.protocols = [numbers.pick([4, 186]), 188] }
        if numbers.one(in: 4) {
            conditions.destinations = [
                try .prefix(numbers.pick(["10.0.0.0/8", "0.0.0.0/0", "10.255.0.0/16", "198.51.100.0/24"])),
                try .prefix(numbers.pick(["2001:db8:0:0:0:0:0:0/32", "0:0:0:0:0:0:0:0/0"])),
            ]
        }
        if numbers.one(in: 4) {
            conditions.excludedDestinations = [try .prefix(numbers.pick(["10.255.0.0/16", "10.0.0.0/8", "0.0.0.0/0"]))]
        }
        if numbers.one(in: 4) { conditions.linkKinds = [numbers.pick(["dummy", "v*", "vlan", "*"])] }
        if numbers.one(in: 4) { conditions.families = [numbers.pick([0, 2, 7]), numbers.pick([2, 10])] }
        return conditions
    }

    static func server(_ numbers: inout SeededNumbers) -> Server {
        var server = Server.usual
        server.carrying = numbers.pick([nil, GuardCase.four, six])
        return server
    }

    private static let six = Carrier(
        localAddress: [0x20, 1, 0xd, 0xb8] + Request.zeros(11) + [1],
        peerAddress: [0x20, 1, 0xd, 0xb8] + Request.zeros(12),
        localPort: 7000, links: [3], route: AddressPrefix(address: Request.zeros(16), length: 0))
}
