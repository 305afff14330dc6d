import GatewayIPC
import LinuxSys
import TLSSocket

/// The way to the keeper: one question at a time, each of which waits for its answer.
///
/// The loop stands still meanwhile. An answer takes the keeper less time than this process spends on the same handshake;
/// a keeper that takes two seconds is given up, and there are no handshakes until the supervisor has made a new link.
final class KeeperLink: HandshakeKeeper {
    private static let patience: UInt64 = 2000

    private var socket: SessionSocket?
    private var buffer = [UInt8](repeating: 0, count: 2048)
    /// The keeper was lost, and the supervisor doesn't know yet.
    private(set) var isLost = false
    /// Handshakes that the keeper knows, and that haven't come to their end.
    private var begun: Set<UInt32> = []

    /// A new way; what was under way on the one before is over.
    func connect(_ new: SessionSocket) {
        socket = new
        begun = []
        isLost = false
    }

    /// The supervisor was told.
    func lossReported() { isLost = false }

    func nonce(for connection: UInt32) -> [UInt8]? {
        guard case .nonce(connection, let bytes)? = ask(.begin(connection: connection)) else { return nil }
        begun.insert(connection)
        return bytes
    }

    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]? {
        guard begun.contains(connection),
            case .signature(connection, let bytes)? = ask(.sign(connection: connection, content: content))
        else { return nil }
        return bytes
    }

    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32 {
        // X509_V_ERR_APPLICATION_VERIFICATION
        let undecided: Int32 = 50
        guard begun.contains(connection),
            case .judged(connection, let code)? = ask(.judge(connection: connection, transcript: transcript))
        else { return undecided }
        return Int32(bitPattern: code)
    }

    /// True when the keeper knows by the client's signature who it is, and has told the supervisor.
    func prove(_ message: [UInt8], for connection: UInt32) -> Bool {
        guard begun.remove(connection) != nil else { return false }
        return ask(.prove(connection: connection, message: message)) == .proved(connection: connection)
    }

    /// The handshake, if there is one, came to nothing.
    func forget(_ connection: UInt32) {
        guard begun.remove(connection) != nil, let socket else { return }
        // Where there is no room for it now, the keeper forgets by itself.
        _ = try? socket.descriptor.send(KeeperRequest.forget(connection: connection).encode().span)
    }

    private func ask(_ request: KeeperRequest) -> KeeperReply? {
        guard let socket else { return nil }
        let deadline = Clock.monotonicMilliseconds() + KeeperLink.patience
        do throws(Errno) {
            let packet = request.encode()
            while try socket.descriptor.send(packet.span) == .wouldBlock {
                guard try wait(socket, .write, deadline) else { return lose() }
            }
            while true {
                switch try socket.descriptor.receivePacket(into: &buffer, count: buffer.count) {
                case .bytes(let count): return (try? KeeperReply(Array(buffer[..<count]))) ?? lose()
                case .closed: return lose()
                case .wouldBlock:
                    guard try wait(socket, .read, deadline) else { return lose() }
                }
            }
        } catch {
            return lose()
        }
    }

    private func wait(_ socket: SessionSocket, _ event: Readiness, _ deadline: UInt64) throws(Errno) -> Bool {
        let now = Clock.monotonicMilliseconds()
        guard now < deadline else { return false }
        return try socket.descriptor.wait(for: event, milliseconds: Int32(clamping: deadline - now))
    }

    /// An answer that comes too late would be taken for that to another question.
    private func lose() -> KeeperReply? {
        socket = nil
        begun = []
        isLost = true
        return nil
    }
}
