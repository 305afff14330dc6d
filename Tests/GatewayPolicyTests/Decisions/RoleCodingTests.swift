import GatewayPolicy
import Testing

@Suite struct RoleCodingTests {
    private static func samples() throws -> [RolePart] {
        var full = RolePart.role(named: "router", line: 70_000, ["route *"], extras: .all, netnsIDs: [-1, 5]) {
            $0.interfaces = ["veth*", "é"]
            $0.tables = [1...5, 100...UInt32.max]
            $0.protocols = [0, 255]
            $0.destinations = [AddressPrefix(address: [10, 0, 0, 0], length: 8)].compactMap(\.self)
            $0.excludedDestinations = [AddressPrefix(address: Request.zeros(16), length: 0)].compactMap(\.self)
            $0.linkKinds = []
            $0.families = [2]
        }
        full.limits.messagesPerSecond = 1
        full.limits.receiveBuffer = UInt32.max
        return [
            full, RolePart(name: "", grants: .readOnly),
            RolePart(name: "x", grants: Grants(operations: { _, _ in [] })),
        ]
    }

    /// `nlgS`, version, flags, never, roles, roles of the ceiling.
    static func set(
        _ roles: [RolePart], ceiling: [RolePart] = [], never: Never = Never(), flags: UInt16 = 0
    ) -> [UInt8] {
        func long(_ bytes: [UInt8]) -> [UInt8] { Request.little(UInt32(bytes.count)) + bytes }
        return Array("nlgS".utf8) + [1, 0] + Request.little(flags) + long(never.encode())
            + Request.little(UInt16(roles.count)) + Request.little(UInt16(ceiling.count))
            + (roles + ceiling).flatMap { long($0.encode()) }
    }

    @Test func `roles survive their encoding`() throws {
        for role in try RoleCodingTests.samples() {
            let bytes = role.encode()
            #expect(try RolePart(decoding: bytes.span) == role)
        }
    }

    @Test func `never survives its encoding, and nothing is nothing`() throws {
        for never in [Never(), Never(linkKinds: ["nlmon"]), Never(linkKinds: ["a", "b"], interfaces: ["mgmt0"])] {
            let bytes = never.encode()
            #expect(try Never(decoding: bytes.span) == never)
        }
        #expect(Never().encode().isEmpty)
    }

    @Test func `grant sets survive theirs`() throws {
        let samples = try RoleCodingTests.samples()
        for flags in [0, 1] as [UInt16] {
            let bytes = RoleCodingTests.set(
                samples, ceiling: [samples[0]], never: Never(interfaces: ["mgmt0"]), flags: flags)
            let decoded = try SessionGrants(decoding: bytes.span)
            #expect(
                decoded
                    == SessionGrants(
                        roles: samples, ceiling: [samples[0]], never: Never(interfaces: ["mgmt0"]),
                        auditRequired: flags == 1))
        }
        let wrong = RoleCodingTests.set(samples, flags: 2)
        #expect(throws: GrantsError.self) { try SessionGrants(decoding: wrong.span) }
    }

    @Test func `what is cut, longer or changed throws or comes back as it was`() throws {
        let small = RolePart.role(
            named: "r", line: 3, ["generic/nlctrl GETFAMILY"], extras: [.netns], netnsIDs: [1, 2]
        ) {
            $0.interfaces = ["a"]
            $0.tables = [1...2]
            $0.destinations = [AddressPrefix(address: [10, 0, 0, 0], length: 8)].compactMap(\.self)
        }
        let never = Never(linkKinds: ["k"], interfaces: ["i"])
        let readers: [([UInt8], ([UInt8]) throws -> [UInt8])] = [
            (small.encode(), { try RolePart(decoding: $0.span).encode() }),
            (never.encode(), { try Never(decoding: $0.span).encode() }),
            (
                RoleCodingTests.set([small], ceiling: [small], never: never),
                { bytes in
                    let decoded = try SessionGrants(decoding: bytes.span)
                    return RoleCodingTests.set(
                        decoded.roles, ceiling: decoded.ceiling, never: decoded.never,
                        flags: decoded.auditRequired ? 1 : 0)
                }
            ),
        ]
        for (bytes, again) in readers {
            #expect(try again(bytes) == bytes)
            for length in 1..<bytes.count {
                #expect(throws: GrantsError.self, "\(length)") { try again(Array(bytes.prefix(length))) }
            }
            #expect(throws: GrantsError.self) { try again(bytes + [0]) }
            for index in bytes.indices {
                for value in [bytes[index] ^ 1, bytes[index] ^ 0x80, 0, 0xff] where value != bytes[index] {
                    var changed = bytes
                    changed[index] = value
                    guard let back = try? again(changed) else { continue }
                    #expect(back == changed, "byte \(index) as \(value)")
                }
            }
        }
    }

    @Test func `random changes throw or come back as they were`() throws {
        var random = SystemRandomNumberGenerator()
        let whole = RoleCodingTests.set(try RoleCodingTests.samples().suffix(2), never: Never(interfaces: ["i"]))
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            guard let decoded = try? SessionGrants(decoding: bytes.span) else { continue }
            let again = RoleCodingTests.set(
                decoded.roles, ceiling: decoded.ceiling, never: decoded.never, flags: decoded.auditRequired ? 1 : 0)
            #expect(again == bytes)
        }
    }

    @Test func `the lowest limits hold, and a ceiling sets none`() {
        var (one, two, three) = (SessionLimits(), SessionLimits(), SessionLimits())
        one.dumps = 5
        one.messagesPerSecond = 100
        two.dumps = 2
        two.burstBuffer = 7
        three.dumps = 1
        let empty = Grants(operations: { _, _ in [] })
        func part(_ limits: SessionLimits) -> RolePart { RolePart(name: "r", grants: empty, limits: limits) }
        let limits = SessionGrants(roles: [part(one), part(two)], ceiling: [part(three)]).limits
        #expect(limits.dumps == 2 && limits.messagesPerSecond == 100 && limits.burstBuffer == 7)
        #expect(limits.bytesPerSecond == nil && limits.receiveBuffer == nil)
    }
}
