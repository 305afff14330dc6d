import ControlSocket
import GatewayIPC
import GatewayProtocol
import LinuxSys
import TLSSocket

/// Between client and broker: frames pass as they are, in both directions, with nothing queued beyond one of each.
extension Frontend {
    /// Reads taken at one go before other connections get their turn.
    private static let fairShare = 8

    mutating func handleClient(_ event: Event, _ connection: Connection) {
        if connection.phase == .handshake, !shakeHands(connection) { return }
        if connection.phase == .draining { return discard(connection) }
        if connection.inputEnded, event.readiness.contains(.hangUp) || event.readiness.contains(.error) {
            return close(connection)
        }
        guard connection.flush() else { return close(connection) }
        if connection.phase == .closing {
            if connection.outgoing.isEmpty { drain(connection) }
            return
        }
        if connection.messages != nil { writeMessages(connection) }
        readClient(connection)
    }

    mutating func handleSession(_ event: Event, _ connection: Connection) {
        if !connection.toBroker.isEmpty { flushToBroker(connection) }
        if isLive(connection), event.readiness.contains(.read) || event.readiness.contains(.hangUp) {
            readBroker(connection)
        }
    }

    /// Reads while there is something, and takes what is whole.
    mutating func readClient(_ connection: Connection) {
        takeFrames(connection, count: restore(connection))
        for _ in 0..<Frontend.fairShare {
            guard isLive(connection), connection.phase == .open, connection.mayRead else { return }
            let held = restore(connection)
            let result = connection.read(into: &fromClient, at: held, count: fromClient.count - held)
            connection.readWantsWrite = result == .wantWrite
            switch result {
            case .bytes(let count):
                connection.lastHeard = now
                connection.pingSent = false
                takeFrames(connection, count: held + count)
                // Without more at hand, epoll tells when there is.
                guard connection.tls?.hasPendingInput ?? (held + count == fromClient.count) else { return }
            case .wantRead, .wantWrite: return keep(connection, 0..<held)
            case .closed: return endInput(connection)
            }
        }
        // Bytes that TLS holds already are no event for epoll: their turn comes in the next round.
        if connection.tls?.hasPendingInput == true { unfinished.insert(connection.number) }
    }

    /// Puts back what was left over; returns its length.
    private mutating func restore(_ connection: Connection) -> Int {
        let held = connection.held
        if connection.incoming.count == fromClient.count {
            swap(&fromClient, &connection.incoming)
        } else {
            for index in 0..<held { fromClient[index] = connection.incoming[index] }
            connection.incoming = []
        }
        connection.held = 0
        return held
    }

    /// A little is copied.
    ///
    /// Much is kept by trading buffers, or a client that sends byte by byte would cost a long copy for each.
    mutating func keep(_ connection: Connection, _ range: Range<Int>) {
        connection.held = range.count
        guard range.count > 4096 else { return connection.incoming = Array(fromClient[range]) }
        if range.lowerBound > 0 { fromClient.replaceSubrange(0..<range.count, with: Array(fromClient[range])) }
        if connection.incoming.count != fromClient.count {
            connection.incoming = [UInt8](repeating: 0, count: fromClient.count)
        }
        swap(&fromClient, &connection.incoming)
    }

    private mutating func takeFrames(_ connection: Connection, count: Int) {
        guard decideDialect(connection, count: count) else { return }
        if connection.messages != nil { return takeMessages(connection, count: count) }
        var start = 0
        do throws(ProtocolError) {
            while start < count, isLive(connection), connection.phase == .open, connection.toBroker.isEmpty {
                var consumed = 0
                let step = try connection.machine.receive(
                    start..<count, of: fromClient.span, consumed: &consumed)
                if step == .needMore { break }
                take(step, connection)
                start += consumed
            }
        } catch {
            return sayGoodbye(connection, GoodbyeReason.protocolError, "\(error)")
        }
        if isLive(connection), connection.phase == .open { keep(connection, start..<count) }
    }

    private mutating func take(_ step: ClientStep, _ connection: Connection) {
        switch step {
        case .needMore, .consumed: break
        case .pong(let tag):
            if !connection.deliver(.pong, tag: tag) { close(connection) }
        case .goodbye: finish(connection)
        case .open(let hello, let frame): ask(connection, hello, Array(fromClient[frame]))
        case .forward(let range): forward(connection, range)
        }
    }

    /// HELLO: the supervisor decides which broker, if any.
    mutating func ask(_ connection: Connection, _ hello: Hello, _ frame: [UInt8]) {
        var index = 0
        if let name = hello.networkNamespace {
            guard let found = options.networkNamespaces.firstIndex(of: name) else {
                return sayGoodbye(connection, GoodbyeReason.notFound, "this gateway serves no namespace of that name")
            }
            index = found + 1
        }
        authenticated(connection)
        connection.deadline = nil
        connection.hello = frame
        connection.isKnown = true
        control.send(
            .open(
                OpenRequest(
                    connection: connection.number, transport: connection.transport, networkNamespace: UInt16(index),
                    protocolNumber: hello.protocolNumber, readOnly: hello.readOnly,
                    local: connection.local.endpoint, peer: connection.peer.endpoint)))
    }

    /// The supervisor gave the session its broker.
    mutating func open(_ connection: Connection, _ session: SessionSocket) {
        guard connection.phase == .open, connection.isOpening, connection.session == nil else { return }
        do throws(Errno) {
            try epoll.add(session.descriptor.raw, .read, token: UInt64(connection.number) << 1 | 1)
            guard try session.descriptor.send(connection.hello.span) != .wouldBlock else {
                return sayGoodbye(connection, GoodbyeReason.internalError, "the session's process doesn't answer")
            }
        } catch {
            return sayGoodbye(connection, GoodbyeReason.internalError, "the session's process has ended")
        }
        connection.hello = []
        connection.session = session
        connection.watchedSession = .read
        if connection.messages != nil {
            connection.messages?.sessionOpened()
        } else {
            connection.machine.sessionOpened()
        }
        readClient(connection)
        if isLive(connection) { watch(connection) }
    }

    private mutating func forward(_ connection: Connection, _ range: Range<Int>) {
        if !connection.forward(fromClient.span.extracting(range)) { lostBroker(connection) }
    }

    private mutating func flushToBroker(_ connection: Connection) {
        guard let session = connection.session else { return }
        do throws(Errno) {
            guard try session.descriptor.send(connection.toBroker.span) != .wouldBlock else { return }
            connection.toBroker = []
            readClient(connection)
        } catch {
            lostBroker(connection)
        }
    }

    private mutating func readBroker(_ connection: Connection) {
        for _ in 0..<Frontend.fairShare {
            guard isLive(connection), connection.mayReadBroker, let session = connection.session else { return }
            do throws(Errno) {
                switch try session.descriptor.receivePacket(into: &fromBroker, count: fromBroker.count) {
                case .wouldBlock: return
                case .closed: return lostBroker(connection)
                case .bytes(let count) where connection.messages != nil: takeMessageFrames(connection, count)
                case .bytes(let count): takeBrokerFrames(connection, count)
                }
            } catch {
                return lostBroker(connection)
            }
        }
    }

    /// Checks the frames of one packet and passes runs of them on with one write.
    private mutating func takeBrokerFrames(_ connection: Connection, _ count: Int) {
        let wasPaused = connection.machine.isPaused
        var cursor = FrameCursor(0..<count)
        var run = 0..<0
        do throws(ProtocolError) {
            while let step = try connection.machine.receiveFromBroker(&cursor, in: fromBroker.span) {
                switch step {
                case .forward(let frame): run = run.isEmpty ? frame : run.lowerBound..<frame.upperBound
                case .drop: break
                case .sessionEnded(let frame):
                    guard connection.deliver(fromBroker.span.extracting(frame)) else { return close(connection) }
                    return endSession(connection)
                case .goodbye(let frame):
                    run = run.isEmpty ? frame : run.lowerBound..<frame.upperBound
                    guard connection.deliver(fromBroker.span.extracting(run)) else { return close(connection) }
                    return finish(connection)
                }
            }
        } catch {
            return lostBroker(connection)
        }
        guard run.isEmpty || connection.deliver(fromBroker.span.extracting(run)) else { return close(connection) }
        // RESET was refused: what the client sent behind it is no event for epoll.
        if wasPaused, !connection.machine.isPaused { readClient(connection) }
    }

    /// RESET was confirmed: the connection is free for the next HELLO.
    private mutating func endSession(_ connection: Connection) {
        if let session = connection.session { epoll.remove(session.descriptor.raw) }
        connection.session = nil
        connection.watchedSession = []
        control.send(.sessionClosed(connection: connection.number))
        countAgain(connection)
        if isLive(connection) { readClient(connection) }
    }

    mutating func lostBroker(_ connection: Connection) {
        sayGoodbye(connection, GoodbyeReason.internalError, "the process behind the session has ended")
    }

    private mutating func discard(_ connection: Connection) {
        for _ in 0..<Frontend.fairShare {
            switch connection.socket.discard(into: &fromClient) {
            case .wouldBlock: return
            case .closed: return close(connection)
            case .bytes: continue
            }
        }
    }
}

extension Descriptor {
    /// Reads bytes that nobody wants; an error counts as the end.
    fileprivate func discard(into buffer: inout [UInt8]) -> Transfer {
        do throws(Errno) {
            return try receive(into: &buffer, count: buffer.count)
        } catch {
            return .closed
        }
    }
}
