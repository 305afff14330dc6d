package import GatewayURL
import Glibc
package import LinuxSys
package import TLSSocket

/// A byte stream to a gateway that never waits: a Unix socket, TCP, or TLS over TCP.
package final class StreamSocket {
    /// How far one transfer came.
    package enum Step: Equatable {
        case bytes(Int)
        case wantRead
        case wantWrite
        case closed
    }

    package let socket: Descriptor
    private let url: GatewayURL
    private var tls: TLSConnection?

    package init(_ socket: consuming Descriptor, _ url: GatewayURL) {
        self.socket = socket
        self.url = url
    }

    /// Starts to connect; true when the connection stands already.
    package static func connecting(to address: SocketAddress) throws(ConnectError) -> (socket: Int32, isConnected: Bool)
    {
        do throws(Errno) {
            let socket = try Descriptor.streamSocket(for: address)
            let isConnected = try socket.connect(to: address)
            if address.kind != .unix { try tune(socket) }
            return (socket.release(), isConnected)
        } catch {
            throw .connect(address, error)
        }
    }

    /// Small messages go at once, and a server that is out of reach is given up within a minute, also by who only
    /// listens.
    private static func tune(_ socket: borrowing Descriptor) throws(Errno) {
        let tcp = Int32(IPPROTO_TCP)
        try socket.setOption(level: tcp, TCP_NODELAY, 1)
        try socket.setOption(level: SOL_SOCKET, SO_KEEPALIVE, 1)
        try socket.setOption(level: tcp, TCP_KEEPIDLE, 30)
        try socket.setOption(level: tcp, TCP_KEEPINTVL, 10)
        try socket.setOption(level: tcp, TCP_KEEPCNT, 3)
        try socket.setOption(level: tcp, TCP_USER_TIMEOUT, 60_000)
    }

    /// The addresses that the URL stands for; a host name blocks.
    package static func addresses(of url: GatewayURL, numericOnly: Bool = false) throws(ConnectError) -> [SocketAddress]
    {
        if url.scheme == .unix {
            do throws(Errno) {
                return [try SocketAddress(unix: url.host, abstract: url.isAbstract)]
            } catch {
                throw .system(url.description, error)
            }
        }
        do throws(ResolveError) {
            return try SocketAddress.resolve(host: url.host, port: url.port, numericOnly: numericOnly)
        } catch {
            throw .resolve(error)
        }
    }

    /// Begins TLS; `handshake` goes on with it.
    package func startTLS(_ context: TLSClientContext) throws(ConnectError) {
        do throws(TLSError) {
            tls = try context.connect(descriptor: socket.raw, serverName: url.host)
        } catch {
            throw .tls(url, error)
        }
    }

    /// What the handshake waits for; nil when it is complete, or there is none.
    package func handshake() throws(ConnectError) -> Readiness? {
        guard let tls else { return nil }
        do throws(TLSError) {
            switch try tls.handshake() {
            case .done: return nil
            case .wantRead: return .read
            case .wantWrite: return .write
            }
        } catch {
            throw .tls(url, error)
        }
    }

    /// True when bytes are waiting of which epoll can't know.
    package var hasPendingInput: Bool { tls?.hasPendingInput ?? false }

    /// Reads what is there.
    package func read(into buffer: inout [UInt8], at offset: Int, count: Int) throws(ConnectError) -> Step {
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

    /// Writes what finds room; after `wantRead` or `wantWrite` the next call begins with the same bytes.
    package func write(_ bytes: Span<UInt8>) throws(ConnectError) -> Step {
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

    /// Tells the peer that no more will come.
    package func close() {
        tls?.closeNotify()
        socket.shutdown(write: true)
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
}
