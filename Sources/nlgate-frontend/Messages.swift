import GatewayIPC
import GatewayProtocol
import LinuxSys

/// Clients that speak netlink messages instead of frames: the dialects of pyroute2 0.1.
///
/// What they say becomes the frames that a native client would have sent, so the broker knows nothing of them.
extension Frontend {
    /// Finds out how the client speaks; false when that can't be told yet, or when it speaks nothing that is known.
    mutating func decideDialect(_ connection: Connection, count: Int) -> Bool {
        if connection.isDecided { return true }
        do throws(ProtocolError) {
            guard let dialect = try Dialect(firstBytes: 0..<count, of: fromClient.span) else {
                keep(connection, 0..<count)
                return false
            }
            connection.isDecided = true
            if dialect != .native {
                connection.messages = MessageConnection(dialect, isLocal: connection.transport == .unix)
            }
            return true
        } catch {
            sayGoodbye(connection, GoodbyeReason.protocolError, "\(error)")
            return false
        }
    }

    /// Takes what is whole of the client's messages.
    mutating func takeMessages(_ connection: Connection, count: Int) {
        var start = 0
        do throws(ProtocolError) {
            while start < count, isLive(connection), connection.phase == .open, connection.toBroker.isEmpty {
                var consumed = 0
                var frames: [UInt8] = []
                let step = try connection.messages?.receive(
                    start..<count, of: fromClient.span, consumed: &consumed, frames: &frames)
                start += consumed
                guard take(step ?? .needMore, frames, connection) else { break }
            }
        } catch {
            return sayGoodbye(connection, GoodbyeReason.protocolError, "\(error)")
        }
        guard isLive(connection), connection.phase == .open else { return }
        keep(connection, start..<count)
        writeMessages(connection)
    }

    /// False when there is nothing more to take now.
    private mutating func take(_ step: MessageStep, _ frames: [UInt8], _ connection: Connection) -> Bool {
        switch step {
        case .needMore: return false
        case .open(let hello):
            var writer = FrameWriter()
            writer.append(.hello, hello.encode())
            ask(connection, hello, writer.bytes)
        case .forward:
            if !connection.forward(frames.span) { lostBroker(connection) }
        }
        return true
    }

    /// Turns the frames of one packet of the broker into messages.
    mutating func takeMessageFrames(_ connection: Connection, _ count: Int) {
        let wasPaused = connection.isPaused
        connection.lastHeard = now
        do throws(ProtocolError) {
            guard try connection.messages?.receiveFromBroker(0..<count, of: fromBroker.span, now: now) == true else {
                return sayGoodbye(connection, GoodbyeReason.closed, "")
            }
        } catch {
            return lostBroker(connection)
        }
        writeMessages(connection)
        // What the client sent before WELCOME is no event for epoll.
        if isLive(connection), wasPaused, !connection.isPaused { readClient(connection) }
    }

    /// Writes what the client may get now, and remembers when there is more.
    mutating func writeMessages(_ connection: Connection) {
        var output: [UInt8] = []
        // While the socket has no room, it is the socket that tells when to go on.
        let isOpen = connection.phase == .open && connection.outgoing.isEmpty
        connection.resumeAt = isOpen ? connection.messages?.write(into: &output, now: now) : nil
        delayed.set(connection.number, connection.resumeAt)
        if !connection.deliver(output.span) { close(connection) }
    }

    /// The client has ended its side of the stream: what it asked for must still reach it.
    mutating func endInput(_ connection: Connection) {
        guard connection.messages?.isActive == true else { return close(connection) }
        connection.inputEnded = true
    }

    /// A client that ended its side is done when nothing has come for it in a while; others may be silent for ever,
    /// since these dialects have no PING.
    ///
    /// TCP asks for itself.
    mutating func sweepMessages(_ connection: Connection, quietFor limit: UInt64) {
        guard connection.inputEnded, connection.outgoing.isEmpty, now >= connection.lastHeard + limit else { return }
        finish(connection)
    }
}

/// Connections to whose clients something is written later.
struct DelayedConnections {
    /// Milliseconds between two looks at all of them: many clients of one busy kernel must not cost a look each.
    private static let interval: UInt64 = 10

    private(set) var numbers: Set<UInt32> = []
    /// When to look again, in monotonic milliseconds.
    private(set) var nextLook = UInt64.max
    private var lastLook: UInt64 = 0

    mutating func set(_ number: UInt32, _ time: UInt64?) {
        guard let time else { return remove(number) }
        numbers.insert(number)
        nextLook = min(nextLook, max(time, lastLook + DelayedConnections.interval))
    }

    mutating func remove(_ number: UInt32) {
        numbers.remove(number)
        if numbers.isEmpty { nextLook = .max }
    }

    /// Says that all are looked at now, and `set` when to look again.
    mutating func look(at now: UInt64) {
        lastLook = now
        nextLook = .max
    }
}

/// Messages that wait until the client has read others.
extension Frontend {
    /// Milliseconds until some of them may be written.
    var untilNextResume: Int32 {
        delayed.nextLook > now ? Int32(clamping: delayed.nextLook - now) : 0
    }

    /// Writes those whose time has come.
    mutating func resumeDelayed() {
        guard now >= delayed.nextLook else { return }
        delayed.look(at: now)
        for number in delayed.numbers {
            guard let connection = connections[number], let time = connection.resumeAt else { continue }
            guard now >= time else {
                delayed.set(number, time)
                continue
            }
            writeMessages(connection)
            if isLive(connection) { watch(connection) }
        }
    }
}
