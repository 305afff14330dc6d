public import GatewayIPC
import Glibc
public import LinuxSys

/// A helper's socket to the supervisor.
///
/// Losing it ends the process, unless it has something to do first: no helper lives without its supervisor.
public final class ControlSocket {
    /// The number under which every helper finds it.
    public static let number: Int32 = 3

    /// For epoll.
    public let descriptor: Descriptor
    /// The process must not end with the supervisor but look at ``isLost``.
    public var outlivesSupervisor = false
    /// There is no supervisor to speak with; what is sent is dropped.
    public private(set) var isLost = false
    private var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)

    /// The inherited socket.
    public init() {
        descriptor = Descriptor(owning: ControlSocket.number)
    }

    /// Sends a message.
    ///
    /// The supervisor always reads; when it doesn't for ten seconds it is stuck, and this process ends.
    public func send(_ message: ChildMessage) {
        guard !isLost else { return }
        let bytes = message.encode()
        for _ in 0..<100 {
            do throws(Errno) {
                guard try descriptor.send(bytes.span) == .wouldBlock else { return }
                _ = try descriptor.wait(for: .write, milliseconds: 100)
            } catch {
                return lose(1)
            }
        }
        lose(1)
    }

    private func lose(_ status: Int32) {
        guard outlivesSupervisor else { exit(status) }
        isLost = true
    }

    /// The next message and its descriptor, which is there exactly when the kind carries one; nil when there is none
    /// now.
    ///
    /// Anything malformed ends the process.
    public func receive(taking passed: inout Descriptor?) -> SupervisorMessage? {
        guard !isLost else { return nil }
        do throws(Errno) {
            switch try descriptor.receivePacket(into: &buffer, taking: &passed) {
            case .wouldBlock: return nil
            case .closed: lose(0)
            case .bytes(let count):
                let message = try? SupervisorMessage(Array(buffer[..<count]))
                if let message, message.carriesDescriptor == (passed != nil) { return message }
                lose(1)
            }
        } catch {
            lose(1)
        }
        return nil
    }
}
