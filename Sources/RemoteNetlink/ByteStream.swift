package import GatewayURL
import Glibc
import LinuxSys
package import TLSSocket

/// A blocking byte stream with deadlines, over a Unix socket, TCP or TLS.
final class ByteStream {
    private let stream: StreamSocket

    private init(_ stream: StreamSocket) {
        self.stream = stream
    }

    /// Connects to the first address that answers, and finishes the handshake.
    static func connect(
        to url: GatewayURL, _ credentials: Credentials?, _ deadline: Deadline
    ) throws(ConnectError) -> ByteStream {
        let context = try tlsContext(url, credentials)
        var failure = ConnectError.closed
        for address in try StreamSocket.addresses(of: url) {
            do throws(ConnectError) {
                let stream = ByteStream(try connected(to: address, url, deadline))
                if let context { try stream.stream.startTLS(context) }
                while let wanted = try stream.stream.handshake() { try stream.wait(wanted, deadline) }
                return stream
            } catch {
                failure = error
                guard case .connect = error else { throw error }
            }
        }
        throw failure
    }

    private static func connected(
        to address: SocketAddress, _ url: GatewayURL, _ deadline: Deadline
    ) throws(ConnectError) -> StreamSocket {
        let started = try StreamSocket.connecting(to: address)
        let stream = StreamSocket(Descriptor(owning: started.socket), url)
        guard !started.isConnected else { return stream }
        do throws(Errno) {
            guard try stream.socket.wait(for: .write, milliseconds: deadline.left) else {
                throw Errno(rawValue: ETIMEDOUT)
            }
            if let error = try stream.socket.pendingError() { throw error }
        } catch {
            throw .connect(address, error)
        }
        return stream
    }

    /// Reads at least one byte.
    func read(
        into buffer: inout [UInt8], at offset: Int, count: Int, _ deadline: Deadline
    ) throws(ConnectError) -> Int {
        while true {
            switch try stream.read(into: &buffer, at: offset, count: count) {
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
            switch try stream.write(bytes.extracting(done..<bytes.count)) {
            case .bytes(let count): done += count
            case .closed: throw .closed
            case .wantRead: try wait(.read, deadline)
            case .wantWrite: try wait(.write, deadline)
            }
        }
    }

    /// Tells the peer that no more will come.
    func close() {
        stream.close()
    }

    private func wait(_ readiness: Readiness, _ deadline: Deadline) throws(ConnectError) {
        do throws(Errno) {
            while true {
                if try stream.socket.wait(for: readiness, milliseconds: deadline.left) { return }
                if deadline.left == 0 { break }
            }
        } catch {
            throw .system("poll", error)
        }
        throw .timedOut(seconds: deadline.seconds)
    }
}

/// What TLS needs; nil for URLs without it.
package func tlsContext(_ url: GatewayURL, _ credentials: Credentials?) throws(ConnectError) -> TLSClientContext? {
    guard url.scheme == .tls else { return nil }
    guard let credentials else { throw .credentialsMissing(url) }
    do throws(TLSError) {
        return try TLSClientContext(
            certificate: credentials.certificate, key: credentials.key, ca: credentials.authority,
            crl: credentials.revocationList)
    } catch {
        throw .tls(url, error)
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
