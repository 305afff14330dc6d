import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket

/// A descriptor as something that can be optional.
final class TunnelSocket {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}

/// Bytes on their way in one direction: at most what one read gave.
struct Flow {
    private(set) var bytes: [UInt8] = []
    private(set) var start = 0
    /// The source has ended.
    var inputEnded = false
    /// The end was passed on.
    var outputEnded = false

    var isEmpty: Bool { start == bytes.count }

    mutating func fill(_ buffer: [UInt8], _ count: Int) {
        bytes = Array(buffer[..<count])
        start = 0
    }

    mutating func advance(_ count: Int) {
        start += count
        if isEmpty { (bytes, start) = ([], 0) }
    }
}

/// One client of the tunnel and its connection to the gateway.
final class TunnelPair {
    enum Phase {
        case connecting
        case handshake
        case open
    }

    let number: UInt64
    let local: TunnelSocket
    let deadline: UInt64
    private let url: GatewayURL
    private let context: TLSClientContext
    private var addresses: ArraySlice<SocketAddress>
    /// The address that was tried last.
    private var address: SocketAddress?
    private(set) var remote: TunnelSocket?
    private(set) var phase = Phase.connecting
    private var tls: TLSConnection?
    /// From the client to the gateway, and back.
    private var up = Flow()
    private var down = Flow()
    private var handshakeWantsWrite = false
    private var readWantsWrite = false
    private var writeWantsRead = false
    /// The client, or the gateway, has closed the whole connection.
    var localIsGone = false
    var remoteIsGone = false
    /// There was more to do than one turn allows.
    private(set) var isBusy = false
    var watchedLocal: Readiness = []
    var watchedRemote: Readiness = []

    init(
        _ number: UInt64, _ local: consuming Descriptor, to url: GatewayURL, at addresses: [SocketAddress],
        _ context: TLSClientContext, deadline: UInt64
    ) {
        self.number = number
        self.local = TunnelSocket(local)
        self.url = url
        self.context = context
        self.addresses = addresses[...]
        self.deadline = deadline
    }

    /// Starts to connect to the next address.
    func connect() throws(TunnelError) {
        var failure = Errno(rawValue: EADDRNOTAVAIL)
        while let address = addresses.popFirst() {
            self.address = address
            do throws(Errno) {
                let socket = TunnelSocket(try Descriptor.streamSocket(for: address))
                _ = try socket.descriptor.connect(to: address)
                try socket.descriptor.setOption(level: Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                try socket.descriptor.setOption(level: SOL_SOCKET, SO_KEEPALIVE, 1)
                remote = socket
                watchedRemote = []
                return
            } catch {
                failure = error
            }
        }
        throw address.map { .connect(.connect($0, failure)) } ?? .system("\(url)", failure)
    }

    /// What the two sockets are waited for.
    var wanted: (local: Readiness, remote: Readiness) {
        var local: Readiness = []
        var remote: Readiness = []
        switch phase {
        case .connecting: remote.insert(.write)
        case .handshake: remote.insert(handshakeWantsWrite ? .write : .read)
        case .open:
            if up.isEmpty, !up.inputEnded { local.insert(.read) }
            if !down.isEmpty { local.insert(.write) }
            if down.isEmpty, !down.inputEnded { remote.insert(readWantsWrite ? .write : .read) }
            if !up.isEmpty { remote.insert(writeWantsRead ? .read : .write) }
        }
        // Who is gone says so again and again; who isn't shall be heard when it goes.
        return (localIsGone ? [] : local.union(.hangUp), remoteIsGone ? [] : remote.union(.hangUp))
    }

    /// Does what can be done now; false when the pair is done.
    ///
    /// - Throws: why the gateway can't be had, or was lost.
    func advance(_ buffer: inout [UInt8]) throws(TunnelError) -> Bool {
        if phase == .connecting {
            guard !localIsGone else { return false }
            guard try isConnected() else { return true }
        }
        if phase == .handshake {
            guard !localIsGone else { return false }
            guard try isSecured() else { return true }
        }
        isBusy = false
        for _ in 0..<16 {
            let rose = try moveUp(&buffer)
            let fell = try moveDown(&buffer)
            if !rose, !fell { return !isDone }
        }
        isBusy = true
        return !isDone
    }

    private var isDone: Bool {
        if localIsGone, up.inputEnded, up.isEmpty { return true }
        return down.outputEnded && (up.outputEnded || remoteIsGone)
    }

    private func isConnected() throws(TunnelError) -> Bool {
        guard let remote, let address else { return false }
        let failure: Errno?
        do throws(Errno) {
            guard try remote.descriptor.wait(for: .write, milliseconds: 0) else { return false }
            failure = try remote.descriptor.pendingError()
        } catch {
            throw .system("\(url)", error)
        }
        if let failure {
            guard !addresses.isEmpty else { throw .connect(.connect(address, failure)) }
            remoteIsGone = false
            try connect()
            return false
        }
        do throws(TLSError) {
            tls = try context.connect(descriptor: remote.descriptor.raw, serverName: url.host)
        } catch {
            throw .tls(url, error)
        }
        phase = .handshake
        return true
    }

    private func isSecured() throws(TunnelError) -> Bool {
        guard let tls else { return false }
        do throws(TLSError) {
            switch try tls.handshake() {
            case .wantRead: handshakeWantsWrite = false
            case .wantWrite: handshakeWantsWrite = true
            case .done:
                phase = .open
                return true
            }
            return false
        } catch {
            throw .tls(url, error)
        }
    }

    /// One step from the client to the gateway; false when there is none.
    private func moveUp(_ buffer: inout [UInt8]) throws(TunnelError) -> Bool {
        guard let tls, !up.outputEnded else { return false }
        guard up.isEmpty else {
            do throws(TLSError) {
                let result = try tls.write(up.bytes.span.extracting(up.start..<up.bytes.count))
                writeWantsRead = result == .wantRead
                guard case .bytes(let count) = result else { return false }
                up.advance(count)
                return true
            } catch {
                throw .tls(url, error)
            }
        }
        if up.inputEnded {
            tls.closeNotify()
            remote?.descriptor.shutdown(write: true)
            up.outputEnded = true
            return true
        }
        switch local.descriptor.received(into: &buffer) {
        case .wouldBlock: return false
        case .closed: up.inputEnded = true
        case .bytes(let count): up.fill(buffer, count)
        }
        return true
    }

    /// One step from the gateway to the client; false when there is none.
    ///
    /// What one record carried is written at once, so that a client finds it as the gateway cut it.
    private func moveDown(_ buffer: inout [UInt8]) throws(TunnelError) -> Bool {
        guard let tls, !down.outputEnded else { return false }
        guard down.isEmpty else {
            switch local.descriptor.sent(down.bytes.span.extracting(down.start..<down.bytes.count)) {
            case .wouldBlock: return false
            case .closed:
                // Nobody reads any more; what the client said before still goes up.
                down.advance(down.bytes.count - down.start)
                (down.inputEnded, down.outputEnded, localIsGone) = (true, true, true)
            case .bytes(let count): down.advance(count)
            }
            return true
        }
        if down.inputEnded {
            local.descriptor.shutdown(write: true)
            down.outputEnded = true
            return true
        }
        do throws(TLSError) {
            let result = try tls.read(into: &buffer, count: buffer.count)
            readWantsWrite = result == .wantWrite
            switch result {
            case .wantRead, .wantWrite: return false
            case .closed: down.inputEnded = true
            case .bytes(let count): down.fill(buffer, count)
            }
            return true
        } catch {
            throw .tls(url, error)
        }
    }
}

extension Descriptor {
    /// Reads; an error is an end.
    fileprivate func received(into buffer: inout [UInt8]) -> Transfer {
        do throws(Errno) {
            return try receive(into: &buffer, count: buffer.count)
        } catch {
            return .closed
        }
    }

    /// Writes; an error is an end.
    fileprivate func sent(_ bytes: Span<UInt8>) -> Transfer {
        do throws(Errno) {
            return try send(bytes)
        } catch {
            return .closed
        }
    }
}
