public import GatewayIPC
import Glibc
public import LinuxSys

/// A helper's socket to the supervisor.
///
/// Losing it ends the process: no helper lives without its supervisor.
public final class ControlSocket {
    /// The number under which every helper finds it.
    public static let number: Int32 = 3

    /// For epoll.
    public let descriptor: Descriptor
    private var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)

    /// The inherited socket.
    public init() {
        descriptor = Descriptor(owning: ControlSocket.number)
    }

    /// Sends a message.
    ///
    /// The supervisor always reads; when it doesn't for ten seconds it is stuck, and this process ends.
    public func send(_ message: ChildMessage) {
        let bytes = message.encode()
        for _ in 0..<100 {
            do throws(Errno) {
                guard try descriptor.send(bytes.span) == .wouldBlock else { return }
                _ = try descriptor.wait(for: .write, milliseconds: 100)
            } catch {
                exit(1)
            }
        }
        exit(1)
    }

    /// The next message and its descriptor, which is there exactly when the kind carries one; nil when there is none
    /// now.
    ///
    /// Anything malformed ends the process.
    public func receive(taking passed: inout Descriptor?) -> SupervisorMessage? {
        do throws(Errno) {
            switch try descriptor.receivePacket(into: &buffer, taking: &passed) {
            case .wouldBlock: return nil
            case .closed: exit(0)
            case .bytes(let count):
                guard let message = try? SupervisorMessage(Array(buffer[..<count])),
                    message.carriesDescriptor == (passed != nil)
                else { exit(1) }
                return message
            }
        } catch {
            exit(1)
        }
    }
}
