import LinuxSys
import NetlinkFamilies
import NetlinkWire

/// One netlink socket as its loop sees it: what was asked and who waits for what.
///
/// Answers are matched by sequence number. The library's own numbers have the highest bit set; a program that sends
/// datagrams of its own has the others.
final class Channel: LoopMember {
    static let firstSequence: UInt32 = 1 << 31

    let id: UInt64
    unowned let core: LoopCore
    private let state: ChannelState
    private var transport: (any Transport)?

    private var waiting = Queue<Exchange>()
    /// The kernel runs one dump at a time on a socket.
    private var waitingDumps = Queue<Exchange>()
    private var currentDump: Exchange?
    private var underWay: [UInt32: Exchange] = [:]
    /// All that somebody waits for, by number.
    private var exchanges: [UInt64: Exchange] = [:]
    private var lastSequence = Channel.firstSequence
    /// What no request asked for.
    private var incoming: IncomingBuffer?
    private var nextWake: UInt64?

    init(id: UInt64, _ core: LoopCore, _ state: ChannelState) {
        self.id = id
        self.core = core
        self.state = state
    }

    /// The transport, made for this channel.
    func begin(_ transport: any Transport) {
        self.transport = transport
        core.add(self)
        if let moment = transport.nextDeadline { wake(by: moment) }
    }

    // MARK: - From programs

    func submit(_ exchange: Exchange) {
        exchange.deadline = core.now + exchange.patience
        exchanges[exchange.id] = exchange
        if exchange.isDump { waitingDumps.append(exchange) } else { waiting.append(exchange) }
        sendMore()
        wake(by: exchange.deadline)
    }

    /// Gives a request up; a late answer is dropped.
    func abandon(_ id: UInt64, _ reason: NetlinkError.Reason) {
        guard let exchange = exchanges[id] else { return }
        give(up: exchange, reason)
        transport?.updateInterest()
    }

    /// The consumer of a dump has room again.
    func resume(_ id: UInt64) {
        guard let dump = currentDump, dump.id == id else { return }
        dump.isPaused = false
        dump.deadline = core.now + dump.patience
        transport?.updateInterest()
        transport?.ready(.read)
        wake(by: dump.deadline)
    }

    /// Sends a datagram of the program's own.
    func send(_ datagram: [UInt8]) throws(Errno) {
        try transport?.send(datagram, tag: 0)
        transport?.flush()
    }

    func control(_ operation: ControlOperation, _ answer: @escaping (ControlAnswer) -> Void) {
        transport?.control(operation, answer)
        if let moment = transport?.nextDeadline { wake(by: moment) }
    }

    /// From here on what no request asked for goes there.
    func setIncoming(_ buffer: IncomingBuffer) {
        incoming = buffer
    }

    /// False when the channel has ended.
    var isLive: Bool { transport != nil }

    var maximumDatagram: Int { transport?.maximumDatagram ?? 0 }

    // MARK: - For the transport

    /// Whether more should be read now.
    ///
    /// A slow consumer of a dump stops the reading, unless somebody else waits for something behind it.
    var mayRead: Bool {
        guard let currentDump, currentDump.isPaused else { return true }
        return underWay.count > 1 || !waiting.isEmpty || !waitingDumps.isEmpty
    }

    /// A datagram came, at `range` of `bytes`.
    func take(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        guard group == 0 else {
            incoming?.push(.datagram(Array(bytes[range]), group: group))
            return
        }
        do throws(WireError) {
            if try !takeAnswers(bytes, range) { incoming?.push(.datagram(Array(bytes[range]), group: 0)) }
        } catch {
            failUnderWay(.malformed(error))
        }
    }

    /// The kernel dropped messages.
    ///
    /// A dump goes on: the kernel makes its next part only when there is room for it.
    func overrun() {
        incoming?.push(.lost)
        for exchange in Array(underWay.values) where !exchange.isDump { give(up: exchange, .overrun) }
        sendMore()
    }

    /// The gateway could not hand a datagram to the kernel.
    func refused(sequence: UInt32, _ acknowledgement: Acknowledgement) {
        guard let exchange = underWay[sequence] else {
            incoming?.push(.refused(acknowledgement))
            return
        }
        finish(exchange, acknowledgement)
        sendMore()
    }

    /// The channel is over: everybody who waits is told why.
    func end(_ error: ConnectError) {
        guard let ended = transport else { return }
        transport = nil
        core.remove(self)
        ended.close(error)
        state.ended(error)
        for exchange in Array(exchanges.values) { give(up: exchange, .connection(error)) }
        incoming?.end(error)
    }

    func ready(_ readiness: Readiness) {
        transport?.ready(readiness)
        transport?.updateInterest()
    }

    // MARK: - Deadlines

    func deadlinePassed() {
        let now = core.now
        // One that was replaced by a sooner one.
        guard let due = nextWake, due <= now else { return }
        nextWake = nil
        transport?.deadlinePassed(now)
        for exchange in Array(exchanges.values) where !exchange.isPaused && exchange.deadline <= now {
            give(up: exchange, .timedOut(.milliseconds(Int64(clamping: exchange.patience))))
        }
        transport?.updateInterest()
        sendMore()
        scheduleWake()
    }

    /// Has the loop call at the next moment at which something may be due.
    private func scheduleWake() {
        var soonest = transport?.nextDeadline ?? .max
        for exchange in exchanges.values where !exchange.isPaused { soonest = min(soonest, exchange.deadline) }
        if soonest < .max { wake(by: soonest) }
    }

    /// Has the loop call at this moment, or before; in steps of at least 10 ms.
    private func wake(by moment: UInt64) {
        guard nextWake.map({ moment < $0 }) ?? true else { return }
        let wake = max(moment, core.now + 10)
        nextWake = wake
        core.wake(self, at: wake)
    }

    // MARK: - Sending

    private func sendMore() {
        guard let transport else { return }
        while underWay.count < transport.window, let next = waiting.popFirst() {
            if !next.isOver { send(next, transport) }
        }
        while currentDump == nil, let next = waitingDumps.popFirst() {
            guard !next.isOver else { continue }
            currentDump = next
            send(next, transport)
        }
        transport.flush()
    }

    private func send(_ exchange: Exchange, _ transport: any Transport) {
        exchange.sequence = nextSequence()
        do throws(WireError) {
            let datagram = try exchange.request.encode(sequence: exchange.sequence)
            guard datagram.count <= transport.maximumDatagram else { throw WireError(.tooLong, at: 0) }
            underWay[exchange.sequence] = exchange
            send(datagram, exchange, transport)
        } catch {
            if currentDump === exchange { currentDump = nil }
            give(up: exchange, .malformed(error))
        }
    }

    private func send(_ datagram: [UInt8], _ exchange: Exchange, _ transport: any Transport) {
        do throws(Errno) {
            try transport.send(datagram, tag: exchange.sequence)
        } catch {
            finish(exchange, Acknowledgement(code: error.rawValue))
        }
    }

    private func nextSequence() -> UInt32 {
        repeat {
            lastSequence = lastSequence == .max ? Channel.firstSequence : lastSequence + 1
        } while underWay[lastSequence] != nil
        return lastSequence
    }

    // MARK: - Answers

    /// False when nothing in the datagram is about a request of ours.
    private func takeAnswers(_ bytes: [UInt8], _ range: Range<Int>) throws(WireError) -> Bool {
        var cursor = MessageCursor(range)
        var isOurs = false
        var part: Exchange?
        var ends: [(Exchange, Acknowledgement)] = []
        while let message = try cursor.next(in: bytes.span) {
            isOurs = isOurs || message.header.sequence >= Channel.firstSequence
            guard let exchange = underWay[message.header.sequence] else { continue }
            let type = message.header.type
            if type == .error || type == .done {
                ends.append((exchange, try Acknowledgement(message, in: bytes.span)))
            } else {
                try exchange.keep(message, in: bytes.span)
                if !exchange.isDump, !exchange.wantsAcknowledgement, !message.header.flags.contains(.multi) {
                    ends.append((exchange, Acknowledgement(code: 0)))
                }
            }
            if exchange.isDump { part = exchange }
        }
        if let part {
            part.deadline = core.now + part.patience
            part.take(Array(bytes[range]))
        }
        for (exchange, acknowledgement) in ends { finish(exchange, acknowledgement) }
        if !ends.isEmpty { sendMore() }
        return isOurs
    }

    private func finish(_ exchange: Exchange, _ acknowledgement: Acknowledgement) {
        underWay[exchange.sequence] = nil
        exchanges[exchange.id] = nil
        if currentDump === exchange { currentDump = nil }
        exchange.finish(acknowledgement)
    }

    private func failUnderWay(_ reason: NetlinkError.Reason) {
        for exchange in Array(underWay.values) { give(up: exchange, reason) }
        sendMore()
    }

    /// Tells whoever waits; a request that waits itself is skipped when its turn comes.
    ///
    /// A dump that the kernel runs stays until its end comes: until then the kernel starts no other.
    private func give(up exchange: Exchange, _ reason: NetlinkError.Reason) {
        exchanges[exchange.id] = nil
        if exchange !== currentDump { underWay[exchange.sequence] = nil }
        exchange.fail(reason)
    }
}
