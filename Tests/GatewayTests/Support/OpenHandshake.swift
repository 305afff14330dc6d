import GatewayProtocol
import Glibc
import LinuxSys
import TLSSocket
import Testing

/// A client's handshake that goes on when the test says so.
final class OpenHandshake {
    let socket: Descriptor
    let tls: TLSConnection

    init(_ identities: Identities) throws {
        socket = try Descriptor.streamSocket(for: RawClient.loopback)
        if try !socket.connect(to: RawClient.loopback) { _ = try socket.wait(for: .write, milliseconds: 60_000) }
        let context = try TLSClientContext(
            certificate: identities.client.certificate, key: identities.client.key,
            ca: identities.authorityCertificate, crl: nil)
        tls = try context.connect(descriptor: socket.raw, serverName: "127.0.0.1")
    }

    /// Sends ClientHello and waits until the server's answer is there, unread.
    func waitForServer(_ gateway: Gateway) throws {
        // It must not answer while this side may still read.
        let frontend = try gateway.only(.frontend).pid
        #expect(kill(frontend, SIGSTOP) == 0)
        defer { kill(frontend, SIGCONT) }
        #expect(try tls.handshake() == .wantRead)
        kill(frontend, SIGCONT)
        guard try socket.wait(for: .read, milliseconds: 60_000) else { throw Errno(rawValue: ETIMEDOUT) }
    }

    func finish() throws {
        while try tls.handshake() != .done {
            guard try socket.wait(for: .read, milliseconds: 60_000) else { throw Errno(rawValue: ETIMEDOUT) }
        }
    }

    /// HELLO, which must be answered.
    func sayHello() throws {
        let hello = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
        #expect(try tls.write(hello.span) == .bytes(hello.count))
        var buffer = [UInt8](repeating: 0, count: 4096)
        while try tls.read(into: &buffer, count: 4096) == .wantRead {
            guard try socket.wait(for: .read, milliseconds: 60_000) else { throw Errno(rawValue: ETIMEDOUT) }
        }
        // The kind of the first frame.
        #expect(buffer[4] == UInt8(FrameKind.welcome.rawValue))
    }
}
