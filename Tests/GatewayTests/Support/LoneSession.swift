import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink

/// A session of a lone broker; the test is its frontend and its client.
final class LoneSession {
    let helper: LoneHelper
    let number: UInt64
    let socket: PacketSocket
    private(set) var welcome = Welcome()
    private var packet: [UInt8] = []
    private var offset = 0

    /// Up to WELCOME.
    init(
        _ helper: LoneHelper, _ number: UInt64 = 1, grantSet: UInt32 = 1, protocolNumber: UInt32 = 0,
        readOnly: Bool = false, groups: [UInt32] = [], local: Endpoint = .unknown, peer: Endpoint = .unknown
    ) throws {
        self.helper = helper
        self.number = number
        let pair = try PacketSocket.pair()
        socket = pair.ours
        var assignment = LoneHelper.assignment(number, grantSet: grantSet)
        (assignment.protocolNumber, assignment.readOnly) = (protocolNumber, readOnly)
        (assignment.local, assignment.peer) = (local, peer)
        try helper.send(.assign(assignment), passing: pair.theirs)
        guard try helper.message() == .accepted(number: number) else {
            throw ToolFailure(description: "the session was not accepted: \(helper.log)")
        }
        let hello = Hello(protocolNumber: protocolNumber, readOnly: readOnly, groups: groups)
        try socket.send(RawClient.frame(.hello, hello.encode()))
        let (header, payload) = try next()
        guard header.kind == .welcome else { throw ToolFailure(description: "no WELCOME but \(header)") }
        welcome = try Welcome(0..<payload.count, in: payload.span)
    }

    /// The next frame.
    func next(seconds: Int = 60) throws -> (header: FrameHeader, payload: [UInt8]) {
        if offset == packet.count {
            guard let received = try socket.receive(seconds: seconds) else {
                throw ToolFailure(description: "the session is over: \(helper.log)")
            }
            (packet, offset) = (received, 0)
        }
        let bytes = packet
        var cursor = FrameCursor(offset..<bytes.count)
        guard let (header, range) = try cursor.next(in: bytes.span) else {
            throw ToolFailure(description: "half a frame")
        }
        offset = range.upperBound
        return (header, Array(bytes[range]))
    }

    func say(_ datagram: [UInt8]) throws {
        try socket.send(RawClient.frame(.datagram, datagram))
    }

    /// Gathers what answers the message with this sequence number.
    func answer(sequence: UInt32) throws -> KernelAnswer {
        var answer = KernelAnswer(sequence: sequence)
        while !answer.isComplete {
            let (header, payload) = try next()
            if header.kind == .datagram { try answer.take(payload.span) }
        }
        return answer
    }

    /// Gathers what answers several messages, in whatever order it comes.
    func answers(_ sequences: ClosedRange<UInt32>) throws -> [KernelAnswer] {
        var answers = sequences.map { KernelAnswer(sequence: $0) }
        while !answers.allSatisfy(\.isComplete) {
            let (header, payload) = try next()
            guard header.kind == .datagram else { continue }
            for index in answers.indices { try answers[index].take(payload.span) }
        }
        return answers
    }

    func answer(to datagram: [UInt8], sequence: UInt32) throws -> KernelAnswer {
        try say(datagram)
        return try answer(sequence: sequence)
    }

    /// The answer to a request that has a tag.
    func result(_ kind: FrameKind, group: UInt32 = 0, _ payload: [UInt8] = []) throws -> GatewayProtocol.Outcome {
        try socket.send(RawClient.frame(kind, tag: 99, group: group, payload))
        while true {
            let (header, payload) = try next()
            if header.kind == .result { return try Outcome(.result, 0..<payload.count, in: payload.span) }
        }
    }

    func askForTexts() throws {
        _ = try result(.option, OptionRequest.extendedAcks(true).encode())
    }

    func describe() throws -> [String] {
        try socket.send(RawClient.frame(.describe, tag: 98))
        while true {
            let (header, payload) = try next()
            if header.kind == .describe { return try Description.decode(0..<payload.count, in: payload.span) }
        }
    }

    /// The next event of a group.
    func event() throws -> (type: UInt16, group: UInt32) {
        while true {
            let (header, payload) = try next()
            if header.kind == .datagram, header.group != 0 { return (try payload.span.u16(at: 4), header.group) }
        }
    }

    /// What the broker says next for the audit log.
    func record() throws -> AuditRecord {
        guard case .audit(let record) = try helper.message() else { throw ToolFailure(description: "no record") }
        return record
    }
}

extension Grants {
    /// These operations and groups of rtnetlink, in every mode.
    static func route(
        _ operations: Set<String>, groups: Set<String> = [], extras: Extras = []
    ) -> Grants {
        Grants(
            extras: extras,
            operations: { family, operation in
                family.label == "route" && operations.contains(operation.name) ? operation.grantable : []
            },
            groups: { family, group in family.label == "route" && groups.contains(group.name) })
    }
}
