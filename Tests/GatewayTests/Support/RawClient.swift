import GatewayProtocol
import Glibc
import LinuxSys
import TLSSocket

/// Bytes in, bytes out: a client that may misbehave.
final class RawClient {
    let socket: Descriptor
    private var tls: TLSConnection?
    private var pending: [UInt8] = []
    private(set) var isClosed = false

    /// Connects and says nothing.
    init(_ address: SocketAddress) throws {
        socket = try Descriptor.streamSocket(for: address)
        if try !socket.connect(to: address) {
            guard try socket.wait(for: .write, milliseconds: 60_000) else { throw Errno(rawValue: ETIMEDOUT) }
            if let error = try socket.pendingError() { throw error }
        }
    }

    /// Connects to the gateway's Unix socket.
    convenience init(_ gateway: Gateway) throws {
        try self.init(SocketAddress(unix: gateway.unixPath, abstract: false))
    }

    /// A session over the Unix socket, up to WELCOME.
    convenience init(_ gateway: Gateway, greeting: Hello) throws {
        try self.init(gateway)
        try write(preface + RawClient.frame(.hello, greeting.encode()))
        guard try nextFrame()?.header.kind == .welcome else { throw ToolFailure(description: "there is no WELCOME") }
    }

    /// The address of the TLS listener.
    static let loopback = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7000)

    static func frame(_ kind: FrameKind, tag: UInt32 = 0, group: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        var writer = FrameWriter()
        writer.append(kind, tag: tag, group: group, payload)
        return writer.bytes
    }

    /// Finishes the TLS handshake.
    func startTLS(_ identities: Identities, as other: IssuedCertificate? = nil) throws {
        let own = other ?? identities.client
        let context = try TLSClientContext(
            certificate: own.certificate, key: own.key,
            ca: identities.authorityCertificate, crl: nil)
        let connection = try context.connect(descriptor: socket.raw, serverName: "127.0.0.1")
        while try connection.handshake() != .done { _ = try socket.wait(for: .read, milliseconds: 60_000) }
        tls = connection
    }

    /// Writes everything; false when the peer has closed the connection.
    @discardableResult
    func write(_ bytes: [UInt8]) throws -> Bool {
        var done = 0
        while done < bytes.count {
            guard let count = writeSome(bytes.span.extracting(done..<bytes.count)) else { return false }
            done += count
            if count == 0 { guard try socket.wait(for: .write, milliseconds: 60_000) else { return false } }
        }
        return true
    }

    /// Bytes written; 0 when there is no room now, nil when the connection is lost.
    func writeSome(_ bytes: Span<UInt8>) -> Int? {
        if let tls {
            return switch try? tls.write(bytes) {
            case .bytes(let count): count
            case .wantRead, .wantWrite: 0
            case .closed, nil: nil
            }
        }
        return switch try? socket.send(bytes) {
        case .bytes(let count): count
        case .wouldBlock: 0
        case .closed, nil: nil
        }
    }

    /// Reads once more; false when the peer has closed the connection.
    private func fill(milliseconds: Int32) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isClosed {
            let count: Int?
            if let tls {
                count =
                    switch try? tls.read(into: &buffer, count: buffer.count) {
                    case .bytes(let count): count
                    case .wantRead, .wantWrite: 0
                    case .closed, nil: nil
                    }
            } else {
                count =
                    switch try? socket.receive(into: &buffer, count: buffer.count) {
                    case .bytes(let count): count
                    case .wouldBlock: 0
                    case .closed, nil: nil
                    }
            }
            guard let count else { break }
            if count > 0 {
                pending += buffer[..<count]
                return true
            }
            guard try socket.wait(for: .read, milliseconds: milliseconds) else {
                throw ToolFailure(description: "nothing came in time")
            }
        }
        isClosed = true
        return false
    }

    /// Sends the alert that ends TLS's output.
    fileprivate func closeTLS() {
        tls?.closeNotify()
    }

    /// Some bytes; nil when the peer has closed the connection.
    func readSome(seconds: Int = 60) throws -> [UInt8]? {
        if pending.isEmpty { guard try fill(milliseconds: Int32(seconds) * 1000) else { return nil } }
        defer { pending = [] }
        return pending
    }

    /// The next frame; nil when the peer has closed the connection.
    func nextFrame(seconds: Int = 60) throws -> (header: FrameHeader, payload: [UInt8])? {
        while true {
            if let frame = try takeFrame(pending) { return frame }
            guard try fill(milliseconds: Int32(seconds) * 1000) else { return nil }
        }
    }

    private func takeFrame(_ bytes: [UInt8]) throws -> (header: FrameHeader, payload: [UInt8])? {
        var cursor = FrameCursor(0..<bytes.count)
        guard let (header, range) = try cursor.next(in: bytes.span) else { return nil }
        pending.removeFirst(range.upperBound)
        return (header, Array(bytes[range]))
    }

    /// Reads until GOODBYE or the end; nil when the connection ended without a word.
    func goodbye(seconds: Int = 60) throws -> GatewayProtocol.Outcome? {
        while let (header, payload) = try nextFrame(seconds: seconds) {
            if header.kind == .goodbye { return try Outcome(.goodbye, 0..<payload.count, in: payload.span) }
        }
        return nil
    }

    /// Everything that comes until the end, as text.
    func readAll(seconds: Int = 60) throws -> String {
        while try fill(milliseconds: Int32(seconds) * 1000) {}
        return String(decoding: pending, as: UTF8.self)
    }

    /// Reads and forgets until the peer closes the connection.
    func waitForEnd(seconds: Int = 60) throws {
        while try fill(milliseconds: Int32(seconds) * 1000) { pending = [] }
    }
}

extension RawClient {
    /// Says that nothing more will be written.
    func endOutput() {
        closeTLS()
        socket.shutdown(write: true)
    }
}
