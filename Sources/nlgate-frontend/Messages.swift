import GatewayProtocol
import LinuxSys

/// Clients that speak netlink messages instead of frames: the dialects of pyroute2 0.1.
///
/// What they say becomes the frames that a native client would have sent, so the broker knows nothing of them.
extension Frontend {
    /// Milliseconds of a pause.
    ///
    /// The short one is what a waiting process needs to wake up and read, many times over.
    private static func length(of pause: Pause) -> UInt64 {
        switch pause {
        case .short: 10
        case .long: 1000
        }
    }

    /// Finds out how the client speaks; false when that can't be told yet, or when it speaks nothing that is known.
    mutating func decideDialect(_ connection: Connection, count: Int) -> Bool {
        if connection.isDecided { return true }
        do throws(ProtocolError) {
            guard let dialect = try Dialect(firstBytes: 0..<count, of: fromClient.span) else {
                keep(connection, 0..<count)
                return false
            }
            // The older dialects stay closed until their tests are here.
            guard dialect == .native else { throw .badPreface }
            connection.isDecided = true
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
        // What the client sends may tell that it has read what a pause was for.
        if connection.resumeAt != nil, connection.messages?.isHeld == false { endPause(connection, isOver: false) }
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

    /// Turns the frames in `range` of what the broker sent into messages.
    mutating func takeMessageFrames(_ connection: Connection, _ range: Range<Int>) {
        let wasPaused = connection.isPaused
        var cursor = FrameCursor(range)
        var output: [UInt8] = []
        var last = MessageBrokerStep.forward
        do throws(ProtocolError) {
            while last == .forward,
                let step = try connection.messages?.receiveFromBroker(&cursor, in: fromBroker.span, output: &output)
            {
                last = step
            }
        } catch {
            return lostBroker(connection)
        }
        connection.lastHeard = now
        guard connection.deliver(output.span) else { return close(connection) }
        switch last {
        case .forward: break
        case .pause(let pause):
            connection.heldBack = Array(fromBroker[cursor.offset..<range.upperBound])
            rest(connection, pause)
        case .end: return finish(connection)
        }
        // What the client sent before WELCOME is no event for epoll.
        if wasPaused, !connection.isPaused { readClient(connection) }
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

/// Pauses, in which a client is left alone so that it reads what it was sent by itself.
extension Frontend {
    /// Milliseconds until the first pause ends.
    var untilNextResume: Int32 {
        let times = pausing.compactMap { connections[$0]?.resumeAt }
        guard let first = times.min(), first > now else { return 0 }
        return Int32(clamping: first - now)
    }

    /// Ends the pauses that have lasted long enough.
    mutating func resumePausing() {
        for number in pausing {
            guard let connection = connections[number], let end = connection.resumeAt, now >= end else { continue }
            endPause(connection, isOver: true)
            if isLive(connection) { watch(connection) }
        }
    }

    private mutating func rest(_ connection: Connection, _ pause: Pause) {
        // Not `now`: the turn may have been long, and the bytes are out only since a moment.
        connection.resumeAt = Clock.monotonicMilliseconds() + Frontend.length(of: pause)
        pausing.insert(connection.number)
    }

    private mutating func endPause(_ connection: Connection, isOver: Bool) {
        // What the socket had no room for was not read either.
        guard connection.outgoing.isEmpty else { return rest(connection, .short) }
        connection.resumeAt = nil
        pausing.remove(connection.number)
        var output: [UInt8] = []
        let step =
            isOver
            ? connection.messages?.pauseEnded(into: &output) : connection.messages?.resume(into: &output)
        guard connection.deliver(output.span) else { return close(connection) }
        if case .pause(let pause) = step { return rest(connection, pause) }
        let heldBack = connection.heldBack
        connection.heldBack = []
        fromBroker.replaceSubrange(0..<heldBack.count, with: heldBack)
        takeMessageFrames(connection, 0..<heldBack.count)
    }
}
