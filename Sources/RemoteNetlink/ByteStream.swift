import GatewayURL
import Glibc
import LinuxSys
import TLSSocket

/// A blocking byte stream with deadlines, over a Unix socket, TCP or TLS.
final class ByteStream {
    let socket: Descriptor
    private let url: GatewayURL
    private var tls: TLSConnection?

    private init(_ socket: consuming Descriptor, _ url: GatewayURL) {
        self.socket = socket
        self.url = url
    }

    /// Connects to the first address that answers, and finishes the handshake.
    static func connect(
        to url: GatewayURL, _ credentials: Credentials?, _ deadline: Deadline
    ) throws(ConnectError) -> ByteStream {
        if url.scheme == .tls, credentials == nil { throw .credentialsMissing(url) }
        var failure = ConnectError.closed
        for address in try addresses(of: url) {
            do throws(ConnectError) {
                let stream = ByteStream(try connected(to: address, deadline), url)
                if url.scheme == .tls, let credentials { try stream.startTLS(credentials, deadline) }
                return stream
            } catch {
                failure = error
                guard case .connect = error else { throw error }
            }
        }
        throw failure
    }

    private static func addresses(of url: GatewayURL) throws(ConnectError) -> [SocketAddress] {
        if url.scheme == .unix {
            do throws(Errno) {
                return [try SocketAddress(unix: url.host, abstract: url.isAbstract)]
            } catch {
                throw .system(url.description, error)
            }
        }
        do throws(ResolveError) {
            return try SocketAddress.resolve(host: url.host, port: url.port)
        } catch {
            throw .resolve(error)
        }
    }

    private static func connected(to address: SocketAddress, _ deadline: Deadline) throws(ConnectError) -> Descriptor {
        do throws(Errno) {
            let socket = try Descriptor.streamSocket(for: address)
            if try !socket.connect(to: address) {
                guard try socket.wait(for: .write, milliseconds: deadline.left) else {
                    throw Errno(rawValue: ETIMEDOUT)
                }
                if let error = try socket.pendingError() { throw error }
            }
            if address.kind != .unix { try socket.setOption(level: Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
            return socket
        } catch {
            throw .connect(address, error)
        }
    }

    private func startTLS(_ credentials: Credentials, _ deadline: Deadline) throws(ConnectError) {
        let connection: TLSConnection
        do throws(TLSError) {
            let context = try TLSClientContext(
                certificate: credentials.certificate, key: credentials.key, ca: credentials.authority,
                crl: credentials.revocationList)
            connection = try context.connect(descriptor: socket.raw, serverName: url.host)
        } catch {
            throw .tls(url, error)
        }
        while let wanted = try handshake(connection) { try wait(wanted, deadline) }
        tls = connection
    }

    /// What the handshake waits for; nil when it is complete.
    private func handshake(_ connection: TLSConnection) throws(ConnectError) -> Readiness? {
        do throws(TLSError) {
            switch try connection.handshake() {
            case .done: return nil
            case .wantRead: return .read
            case .wantWrite: return .write
            }
        } catch {
            throw .tls(url, error)
        }
    }

    /// Reads at least one byte.
    func read(
        into buffer: inout [UInt8], at offset: Int, count: Int, _ deadline: Deadline
    ) throws(ConnectError) -> Int {
        while true {
            switch try readNow(into: &buffer, at: offset, count: count) {
            case .bytes(let count): return count
            case .closed: throw .closed
            case .wantRead: try wait(.read, deadline)
            case .wantWrite: try wait(.write, deadline)
            }
        }
    }

    /// Writes every byte.
    func write(_ bytes: Span<UInt8>, _ deadline: Deadline) throws(ConnectError) {
        var done = 0
        while done < bytes.count {
            switch try writeNow(bytes.extracting(done..<bytes.count)) {
            case .bytes(let count): done += count
            case .closed: throw .closed
            case .wantRead: try wait(.read, deadline)
            case .wantWrite: try wait(.write, deadline)
            }
        }
    }

    /// Tells the peer that no more will come.
    func close() {
        tls?.closeNotify()
        socket.shutdown(write: true)
    }

    private enum Step {
        case bytes(Int)
        case wantRead
        case wantWrite
        case closed
    }

    private func readNow(into buffer: inout [UInt8], at offset: Int, count: Int) throws(ConnectError) -> Step {
        guard let tls else {
            do throws(Errno) {
                return step(try socket.receive(into: &buffer, at: offset, count: count), blocked: .wantRead)
            } catch {
                throw lost(error)
            }
        }
        do throws(TLSError) {
            return step(try tls.read(into: &buffer, at: offset, count: count))
        } catch {
            throw .tls(url, error)
        }
    }

    private func writeNow(_ bytes: Span<UInt8>) throws(ConnectError) -> Step {
        guard let tls else {
            do throws(Errno) {
                return step(try socket.send(bytes), blocked: .wantWrite)
            } catch {
                throw lost(error)
            }
        }
        do throws(TLSError) {
            return step(try tls.write(bytes))
        } catch {
            throw .tls(url, error)
        }
    }

    private func step(_ transfer: Transfer, blocked: Step) -> Step {
        switch transfer {
        case .bytes(let count): .bytes(count)
        case .wouldBlock: blocked
        case .closed: .closed
        }
    }

    private func step(_ transfer: TLSTransfer) -> Step {
        switch transfer {
        case .bytes(let count): .bytes(count)
        case .wantRead: .wantRead
        case .wantWrite: .wantWrite
        case .closed: .closed
        }
    }

    private func lost(_ error: Errno) -> ConnectError {
        error.rawValue == ECONNRESET || error.rawValue == EPIPE ? .closed : .system("connection", error)
    }

    private func wait(_ readiness: Readiness, _ deadline: Deadline) throws(ConnectError) {
        do throws(Errno) {
            while true {
                if try socket.wait(for: readiness, milliseconds: deadline.left) { return }
                if deadline.left == 0 { break }
            }
        } catch {
            throw .system("poll", error)
        }
        throw .timedOut(seconds: deadline.seconds)
    }
}

/// A moment by which something must have happened.
struct Deadline {
    let seconds: Int
    private let end: UInt64?

    /// So many seconds from now.
    init(seconds: Int) {
        self.seconds = seconds
        end = Clock.monotonicMilliseconds() + UInt64(seconds) * 1000
    }

    private init() {
        seconds = 0
        end = nil
    }

    /// No end.
    static let never = Deadline()

    /// Milliseconds that are left, as poll wants them.
    var left: Int32 {
        guard let end else { return -1 }
        let now = Clock.monotonicMilliseconds()
        return now >= end ? 0 : Int32(clamping: end - now)
    }
}
