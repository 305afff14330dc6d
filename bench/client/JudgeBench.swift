import GatewayPolicy
import Glibc
import NetlinkWire

/// What a decision costs for a policy of so many roles, each of which is bound to a table, a protocol, a prefix and an
/// interface of its own.
struct JudgeBench {
    private let judge: DatagramJudge
    private let datagrams: [[UInt8]]

    init(roles count: Int) throws {
        let roles = (0..<count).map { JudgeBench.role($0) }
        judge = DatagramJudge(session: SessionGrants(roles: roles), protocolNumber: NetlinkProtocol.route)
        // What the last role grants, what no role does, and two reads: the policy's size must not matter to any of them.
        let last = UInt8(truncatingIfNeeded: count - 1)
        datagrams = [
            try JudgeBench.route(
                table: UInt32(1000 + count - 1), second: UInt8(truncatingIfNeeded: (count - 1) >> 8), last),
            try JudgeBench.route(table: 254, second: 0, last),
            try JudgeBench.message(18, [.request, .root, .match], [UInt8](repeating: 0, count: 4)),
            try JudgeBench.message(26, [.request, .root, .match], [2] + [UInt8](repeating: 0, count: 11)),
        ]
    }

    /// Prints nanoseconds a message.
    func run(_ rounds: Int) throws {
        var (forwarded, refused) = (0, 0)
        let started = clock()
        for _ in 0..<rounds {
            for datagram in datagrams {
                let verdict = judge.judge(
                    datagram.span, families: FamilyMap(), context: SessionContext(portID: 1), lookup: NoServerFacts())
                if case .forward = verdict { forwarded += 1 } else { refused += 1 }
            }
        }
        let nanoseconds = Double(clock() - started) * 1e9 / Double(CLOCKS_PER_SEC)
        guard forwarded == 3 * rounds, refused == rounds else { throw WireError(.trailingBytes, at: 0) }
        print(Int(nanoseconds / Double(rounds * datagrams.count)))
    }

    private static func role(_ number: Int) -> RolePart {
        let grants = Grants(operations: { family, operation in family.label == "route" ? operation.grantable : [] })
        var part = RolePart(name: "role\(number)", line: UInt32(number + 1), grants: grants)
        let table = UInt32(1000 + number)
        part.conditions.tables = [table...table]
        part.conditions.protocols = [186, UInt8(truncatingIfNeeded: number)]
        let address = [10, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number), 0]
        part.conditions.destinations = AddressPrefix(address: address, length: 24).map { [$0] }
        return part
    }

    private static func route(table: UInt32, second: UInt8, _ third: UInt8) throws(WireError) -> [UInt8] {
        let header: [UInt8] = [2, 32, 0, 0, 0, 186, 0, 1, 0, 0, 0, 0]
        let destination: [UInt8] = [8, 0, 1, 0, 10, second, third, 7]
        let number: [UInt8] = [8, 0, 15, 0] + (0..<4).map { UInt8(truncatingIfNeeded: table >> UInt32(8 * $0)) }
        let gateway: [UInt8] = [8, 0, 5, 0, 192, 0, 2, 1]
        return try message(24, [.request, .ack, .create, .replace], header + destination + number + gateway)
    }

    private static func message(
        _ type: UInt16, _ flags: MessageFlags, _ payload: [UInt8]
    ) throws(WireError) -> [UInt8] {
        var writer = MessageWriter()
        try writer.message(MessageHeader(type: MessageType(rawValue: type), flags: flags, sequence: 1)) {
            (writer: inout MessageWriter) throws(WireError) in writer.append(payload)
        }
        return writer.bytes
    }
}
