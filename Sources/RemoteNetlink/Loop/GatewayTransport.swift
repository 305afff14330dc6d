import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import NetlinkWire
import TLSSocket

/// A session on a gateway: connects, shakes hands, says HELLO, and then carries datagrams.
final class GatewayTransport: Transport {
    /// What is needed to begin.
    struct Start: Sendable {
        var url: GatewayURL
        var address: SocketAddress
        var isConnected: Bool
        var context: TLSClientContext?
        var hello: Hello
        var strictGroups: Bool
        /// Options that are asked for at once, and whose refusal is no reason to end.
        var options: [OptionRequest]
        var patience: UInt64
    }

    private enum Phase {
        case connecting
        case handshake
        case greeting
        case open
    }

    /// Bytes read before what is whole among them is taken.
    private static let readSize = 256 * 1024
    /// Rounds of reading at one go before other channels get their turn.
    private static let fairShare = 8
    /// A connection that is silent so long is asked whether somebody is there, in milliseconds.
    private static let silence: UInt64 = 20_000

    private unowned let channel: Channel
    private let stream: StreamSocket
    private let start: Start
    private let welcomed: (Result<Welcome, ConnectError>) -> Void
    private var phase = Phase.connecting
    private var machine = ClientSession()
    private var limits = Welcome()
    private var controls = ControlTable()

    private var watched: Readiness = []
    private var readWants = Readiness.read
    private var writeWants = Readiness.write
    private var outgoing = OutgoingBytes()
    /// The beginning of a frame whose end hasn't come.
    private var rest: [UInt8] = []
    private var lastHeard: UInt64
    private var pingSent = false
    private var beginDeadline: UInt64
    private var isReading = false

    init(
        _ channel: Channel, _ stream: StreamSocket, _ start: Start,
        _ welcomed: @escaping (Result<Welcome, ConnectError>) -> Void
    ) {
        self.channel = channel
        self.stream = stream
        self.start = start
        self.welcomed = welcomed
        lastHeard = channel.core.now
        beginDeadline = channel.core.now + start.patience
    }

    var maximumDatagram: Int { phase == .open ? Int(limits.maximumToServer) : 0 }
    let window = 32

    // MARK: - Beginning

    /// Goes as far as it can; called once the channel knows its transport.
    func begin() {
        if start.isConnected { connected() } else { updateInterest() }
    }

    private func connected() {
        do throws(ConnectError) {
            if let context = start.context { try stream.startTLS(context) }
            phase = .handshake
            try shakeHands()
        } catch {
            channel.end(error)
        }
    }

    private func checkConnected() {
        do throws(Errno) {
            if let error = try stream.socket.pendingError() { throw error }
        } catch {
            return channel.end(.connect(start.address, error))
        }
        connected()
    }

    private func shakeHands() throws(ConnectError) {
        if let wanted = try stream.handshake() {
            readWants = wanted
            return updateInterest()
        }
        readWants = .read
        phase = .greeting
        var writer = FrameWriter()
        writer.append(.hello, flags: start.strictGroups ? .strictGroups : [], start.hello.encode())
        outgoing.append(preface)
        outgoing.append(writer.take())
        for option in start.options { controls.start(&outgoing, .option(option), deadline: beginDeadline) { _ in } }
        flush()
        updateInterest()
    }

    // MARK: - Readiness

    func ready(_ readiness: Readiness) {
        switch phase {
        case .connecting: checkConnected()
        case .handshake:
            do throws(ConnectError) { try shakeHands() } catch { channel.end(error) }
        case .greeting, .open:
            if !outgoing.isEmpty { flush() }
            read()
        }
    }

    func updateInterest() {
        var wanted: Readiness = []
        switch phase {
        case .connecting: wanted = .write
        case .handshake: wanted = readWants
        case .greeting, .open:
            if channel.mayRead { wanted.formUnion(readWants) }
            if !outgoing.isEmpty { wanted.formUnion(writeWants) }
        }
        do throws(Errno) {
            try channel.core.watch(stream.socket.raw, from: watched, to: wanted, channel.id)
            watched = wanted
        } catch {
            channel.end(.system("epoll_ctl", error))
        }
    }

    func close(_ error: ConnectError) {
        try? channel.core.watch(stream.socket.raw, from: watched, to: [], channel.id)
        if phase == .open || phase == .greeting { stream.close() }
        if phase != .open { welcomed(.failure(error)) }
        controls.failAll(.connection(error))
    }

    // MARK: - Writing

    func send(_ datagram: [UInt8], tag: UInt32) throws(Errno) {
        var writer = FrameWriter()
        writer.append(.datagram, tag: tag, datagram)
        outgoing.append(writer.take())
    }

    func control(_ operation: ControlOperation, _ answer: @escaping (ControlAnswer) -> Void) {
        controls.start(&outgoing, operation, deadline: channel.core.now + start.patience, answer)
        flush()
        updateInterest()
    }

    func flush() {
        guard phase == .greeting || phase == .open else { return }
        do throws(ConnectError) {
            while !outgoing.isEmpty {
                switch try outgoing.write(to: stream) {
                case .bytes: continue
                case .wantRead: return writeWants = .read
                case .wantWrite: return writeWants = .write
                case .closed: throw .closed
                }
            }
        } catch {
            // What the gateway said before it went explains more than the write that failed.
            guard !isReading else { return }
            read()
            channel.end(error)
        }
    }

    // MARK: - Reading

    private func read() {
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        var isPending = false
        do throws(ConnectError) {
            for _ in 0..<GatewayTransport.fairShare {
                isPending = false
                guard channel.isLive, channel.mayRead else { break }
                let count = try fill()
                guard count > rest.count else { break }
                rest = []
                lastHeard = channel.core.now
                pingSent = false
                try takeFrames(count)
                isPending = stream.hasPendingInput
            }
        } catch {
            return channel.end(error)
        }
        if channel.isLive {
            channel.core.setUnfinished(channel, isPending)
            updateInterest()
        }
    }

    /// Puts what was left over and what there is to read into the scratch; the count of both.
    private func fill() throws(ConnectError) -> Int {
        let core = channel.core
        var count = rest.count
        if count > 0 { core.scratch.replaceSubrange(0..<count, with: rest) }
        while count < GatewayTransport.readSize {
            switch try stream.read(into: &core.scratch, at: count, count: GatewayTransport.readSize - count) {
            case .bytes(let more): count += more
            case .wantRead:
                readWants = .read
                return count
            case .wantWrite:
                readWants = .write
                return count
            case .closed:
                // What came before the end counts.
                if count > rest.count { try takeFrames(count) }
                throw .closed
            }
        }
        return count
    }

    private func takeFrames(_ count: Int) throws(ConnectError) {
        let bytes = channel.core.scratch
        var cursor = FrameCursor(0..<count)
        while channel.isLive {
            let event: SessionEvent
            do throws(ProtocolError) {
                guard let (header, payload) = try cursor.next(in: bytes.span) else { break }
                event = try machine.receive(header, payload, in: bytes.span)
            } catch {
                throw .protocolBroken(error)
            }
            try take(event, bytes)
        }
        rest = Array(bytes[cursor.offset..<count])
    }

    private func take(_ event: SessionEvent, _ bytes: [UInt8]) throws(ConnectError) {
        switch event {
        case .datagram(.inPlace(let range), let group): channel.take(bytes, range, group: group)
        case .datagram(.assembled(let whole), let group): channel.take(whole, 0..<whole.count, group: group)
        case .overrun: channel.overrun()
        case .result(let tag, let outcome): take(outcome, tag: tag)
        case .description(let tag, let lines): controls.finish(tag, .success(.lines(lines)))
        case .ping(let tag):
            var writer = FrameWriter()
            writer.append(.pong, tag: tag)
            outgoing.append(writer.take())
            flush()
        case .pong(let tag): controls.finish(tag, .success(.done))
        case .goodbye(let outcome): throw .goodbye(outcome)
        case .welcome(let welcome):
            limits = welcome
            phase = .open
            welcomed(.success(welcome))
        case .partial: break
        }
    }

    private func take(_ outcome: Outcome, tag: UInt32) {
        let words = outcome.text.isEmpty ? nil : outcome.text
        let acknowledgement = Acknowledgement(code: Int32(clamping: outcome.code), text: words)
        if tag >= Channel.firstSequence || tag == 0 {
            if outcome.code != 0 { channel.refused(sequence: tag, acknowledgement) }
        } else {
            controls.finish(tag, outcome.code == 0 ? .success(.done) : .failure(.refused(acknowledgement)))
        }
    }

    // MARK: - Deadlines

    var nextDeadline: UInt64? {
        guard phase == .open else { return beginDeadline }
        return min(controls.soonest ?? .max, lastHeard + GatewayTransport.silence * (pingSent ? 2 : 1))
    }

    func deadlinePassed(_ now: UInt64) {
        guard phase == .open else {
            guard beginDeadline <= now else { return }
            let isConnecting = if case .connecting = phase { true } else { false }
            return channel.end(
                isConnecting
                    ? .connect(start.address, Errno(rawValue: ETIMEDOUT))
                    : .timedOut(seconds: Int((start.patience + 999) / 1000)))
        }
        controls.expire(now)
        // While a slow consumer holds the reading up, nothing can be heard.
        guard channel.mayRead else { return lastHeard = now }
        if now >= lastHeard + 2 * GatewayTransport.silence {
            channel.end(.timedOut(seconds: Int(2 * GatewayTransport.silence / 1000)))
        } else if now >= lastHeard + GatewayTransport.silence, !pingSent {
            pingSent = true
            controls.start(&outgoing, .ping, deadline: .max) { _ in }
            flush()
        }
    }
}
