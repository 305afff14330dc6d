import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink

/// A privileged broker with a session in which lists can be armed; links of kind ifb are what they are about.
extension LoneSession {
    static func forLists(
        _ grants: SessionGrants..., local: Endpoint = .unknown, peer: Endpoint = .unknown
    ) throws -> LoneSession {
        let sets = grants.isEmpty ? [.of(.unrestricted)] : grants
        let helper = try LoneHelper.privileged(sets[0])
        for (index, set) in sets.dropFirst().enumerated() { try helper.send(set, number: UInt32(index + 2)) }
        return try LoneSession(helper, local: local, peer: peer)
    }

    /// Arms, and takes what the broker tells its supervisor: a record for each write, and for how long it is armed.
    @discardableResult
    func arm(_ tag: UInt32, seconds: UInt32 = 600, _ datagrams: [UInt8]...) throws -> [AuditRecord] {
        let outcome = try arm(tag, ArmRequest(seconds: seconds, datagrams: datagrams))
        guard outcome.code == 0 else { throw ToolFailure(description: "not armed: \(outcome)") }
        var records: [AuditRecord] = []
        while true {
            switch try helper.message() {
            case .audit(let record): records.append(record)
            case .armed(number, seconds): return records
            case let other: throw ToolFailure(description: "not about a list: \(String(describing: other))")
            }
        }
    }

    func arm(_ tag: UInt32, _ list: ArmRequest) throws -> GatewayProtocol.Outcome {
        try result(.arm, tag: tag, list.encode())
    }

    func confirm(_ tag: UInt32) throws -> GatewayProtocol.Outcome { try result(.confirm, tag: tag) }

    /// Sends a request of any length, frame by frame as a frontend does, and waits for the RESULT with its tag.
    func result(_ kind: FrameKind, tag: UInt32, _ payload: [UInt8] = []) throws -> GatewayProtocol.Outcome {
        let bytes = RawClient.frame(kind, tag: tag, payload)
        var cursor = FrameCursor(0..<bytes.count)
        while let (_, range) = try cursor.next(in: bytes.span) {
            let packet = Array(bytes[(range.lowerBound - FrameHeader.size)..<range.upperBound])
            while try socket.descriptor.send(packet.span) == .wouldBlock {
                _ = try socket.descriptor.wait(for: .write, milliseconds: 60_000)
            }
        }
        while true {
            let (header, payload) = try next()
            if header.kind == .result, header.tag == tag {
                return try Outcome(.result, 0..<payload.count, in: payload.span)
            }
        }
    }

    /// Reads until GOODBYE; nil when the session ends without one.
    func goodbye() throws -> GatewayProtocol.Outcome? {
        while let (header, payload) = try? next() {
            if header.kind == .goodbye { return try Outcome(.goodbye, 0..<payload.count, in: payload.span) }
        }
        return nil
    }

    /// What the broker said about lists that were sent, to its end.
    func rolledBack() throws -> [AuditRecord] {
        var records: [AuditRecord] = []
        while let message = try helper.message() {
            if case .audit(let record) = message, record.event == .rolledBack { records.append(record) }
        }
        return records
    }
}

extension LoneHelper {
    /// Takes and forgets what it has said so far, so that it doesn't wait for its supervisor.
    func skipMessages() throws {
        while try control.descriptor.wait(for: .read, milliseconds: 0) {
            guard try message() != nil else { return }
        }
    }
}

extension PacketSocket {
    /// What a process that ends does to its socket; what it sent before is still read.
    func shutDown() { descriptor.shutdown(write: false) }
}

extension RouteWrite {
    /// RTM_DELLINK by name.
    static func delete(named name: String, sequence: UInt32 = 1) throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append(RouteRequest.interface(0))
        try writer.attribute(3, name)
        return message(delLink, .ack, sequence: sequence, writer.bytes)
    }
}

/// True for a link of the calling thread's namespace that is there.
func linkExists(_ name: String) throws -> Bool { try ip("-o link").contains(" \(name): ") }

/// True for a link that is up.
func linkIsUp(_ name: String) throws -> Bool { try ip("-o link show \(name)").contains(",UP") }

/// Makes ifb links, down.
func makeLinks(_ names: String...) throws {
    for name in names { try ip("link add \(name) type ifb") }
}
