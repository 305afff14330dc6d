import ControlSocket
import GatewayIPC
import GatewayProtocol
import LinuxSys
import TLSSocket

/// An inherited listener.
final class Listener {
    let descriptor: Descriptor
    let transport: Transport

    init(_ descriptor: consuming Descriptor, transport: Transport) {
        self.descriptor = descriptor
        self.transport = transport
    }
}

/// New connections: limits first, then a handshake that must end in time.
extension Frontend {
    /// Connections taken at one go before others get their turn.
    private static let fairShare = 32

    mutating func accept(from index: Int) {
        let listener = listeners[index]
        for _ in 0..<Frontend.fairShare {
            do throws(Errno) {
                guard let accepted = try listener.descriptor.accept() else { return }
                let peer = accepted.peer
                admit(Descriptor(owning: accepted.release()), peer, listener.transport)
            } catch {
                // ECONNABORTED and the like concern one connection; running out of descriptors concerns the next.
                if !turnOneAway(listener) { return }
            }
        }
    }

    private mutating func admit(_ socket: consuming Descriptor, _ peer: SocketAddress, _ transport: Transport) {
        let waiting = unauthenticated[peer.origin, default: 0]
        guard connections.count < options.connections, waiting < options.unauthenticated, !isStopping else { return }
        guard let local = try? socket.localAddress(), tune(socket) else { return }
        let number = freeNumber()
        var tls: TLSConnection?
        if transport == .tls {
            guard let made = credentials.accept(socket, number) else { return }
            tls = made
        }
        let connection = Connection(
            number: number, socket: socket, transport: transport, peer: peer, local: local, tls: tls,
            now: now, deadline: now + UInt64(options.handshakeSeconds) * 1000)
        unauthenticated[peer.origin] = waiting + 1
        connection.isCounted = true
        start(connection)
    }

    /// A Unix connection that the supervisor accepted; it knows who that is.
    mutating func adopt(_ number: UInt32, _ socket: consuming Descriptor, uid: UInt32, gid: UInt32) {
        guard connections[number] == nil, number >= 1 << 31 else { return }
        // One descriptor more than this process may have would cost every session here.
        guard connections.count < options.connections else {
            let outcome = Outcome(code: GoodbyeReason.limits, text: "the gateway's limit of connections is reached")
            var writer = FrameWriter()
            writer.append(.goodbye, outcome.encode())
            _ = try? socket.send(writer.bytes.span)
            return control.send(.closed(connection: number))
        }
        let unnamed = SocketAddress(kind: .unix, bytes: [])
        let connection = Connection(
            number: number, socket: socket, transport: .unix, peer: unnamed, local: unnamed, tls: nil,
            now: now, deadline: now + UInt64(options.handshakeSeconds) * 1000)
        connection.isKnown = true
        start(connection)
    }

    private mutating func start(_ connection: Connection) {
        connections[connection.number] = connection
        do throws(Errno) {
            try epoll.add(connection.socket.raw, .read, token: UInt64(connection.number) << 1)
        } catch {
            close(connection)
        }
    }

    /// The client said HELLO, or is gone: it no longer counts against its address.
    mutating func authenticated(_ connection: Connection) {
        guard connection.isCounted, let count = unauthenticated[connection.peer.origin] else { return }
        connection.isCounted = false
        unauthenticated[connection.peer.origin] = count > 1 ? count - 1 : nil
    }

    /// The session is over and the connection stays: it counts again, or an address could hold any number of these.
    mutating func countAgain(_ connection: Connection) {
        guard connection.transport != .unix else { return }
        let waiting = unauthenticated[connection.peer.origin, default: 0]
        guard waiting < options.unauthenticated else {
            return sayGoodbye(connection, GoodbyeReason.limits, "too many connections without a session")
        }
        unauthenticated[connection.peer.origin] = waiting + 1
        connection.isCounted = true
    }

    /// Goes on with the TLS handshake; true when it is complete.
    mutating func shakeHands(_ connection: Connection) -> Bool {
        guard let tls = connection.tls else { return true }
        do throws(TLSError) {
            switch try tls.handshake() {
            case .wantRead: connection.readWantsWrite = false
            case .wantWrite: connection.readWantsWrite = true
            case .done:
                connection.readWantsWrite = false
                guard let proof = tls.takeProof(), credentials.keeper.prove(proof, for: connection.number) else {
                    reportLostKeeper()
                    close(connection)
                    return false
                }
                connection.isKnown = true
                connection.phase = .open
                connection.deadline = now + UInt64(options.handshakeSeconds) * 1000
                return true
            }
        } catch {
            // The alert is in the socket; drain so that the client can read it.
            credentials.keeper.forget(connection.number)
            drain(connection)
        }
        reportLostKeeper()
        return false
    }

    /// Asks for a new way to the keeper when there is none any more.
    private func reportLostKeeper() {
        guard credentials.keeper.isLost else { return }
        credentials.keeper.lossReported()
        control.send(.keeperLost)
    }

    private func tune(_ socket: borrowing Descriptor) -> Bool {
        do throws(Errno) {
            try socket.setOption(level: 6, TCPOption.noDelay, 1)
            try socket.setOption(level: 1, TCPOption.keepAlive, 1)
            try socket.setOption(level: 6, TCPOption.keepIdle, 60)
            try socket.setOption(level: 6, TCPOption.keepInterval, 10)
            try socket.setOption(level: 6, TCPOption.keepCount, 6)
            try socket.setOption(level: 6, TCPOption.userTimeout, 120_000)
            return true
        } catch {
            return false
        }
    }

    private mutating func freeNumber() -> UInt32 {
        repeat {
            nextNumber = nextNumber % ((1 << 31) - 1) + 1
        } while connections[nextNumber] != nil
        return nextNumber
    }

    /// Out of descriptors: gives up the reserve, accepts and closes one, takes the reserve back.
    ///
    /// False when even that doesn't work now.
    private mutating func turnOneAway(_ listener: Listener) -> Bool {
        reserve = nil
        if let accepted = try? listener.descriptor.accept() { _ = accepted.release() }
        reserve = SessionSocket(copyOf: control.descriptor)
        return false
    }
}

/// Options of the levels SOL_SOCKET (1) and IPPROTO_TCP (6).
private enum TCPOption {
    static let keepAlive: Int32 = 9
    static let noDelay: Int32 = 1
    static let keepIdle: Int32 = 4
    static let keepInterval: Int32 = 5
    static let keepCount: Int32 = 6
    static let userTimeout: Int32 = 18
}
