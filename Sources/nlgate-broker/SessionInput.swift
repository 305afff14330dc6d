import Confinement
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire

/// From the client to the kernel. The frontend may be hostile: nothing that it "already checked" counts.
extension Broker {
    mutating func readClient(_ session: Session) {
        // Lent out: its bytes are read while the rest of the broker changes.
        var packet: [UInt8] = []
        swap(&packet, &clientPacket)
        defer { swap(&packet, &clientPacket) }
        do throws(Errno) {
            switch try session.pair.receivePacket(into: &packet, count: packet.count) {
            case .wouldBlock: return
            case .closed: return end(session)
            case .bytes(let count): takeFrames(session, packet.span.extracting(0..<count))
            }
        } catch {
            // Ancillary data or an oversized packet: no frontend of ours sends that.
            end(session)
        }
        if isLive(session) { flush(session) }
    }

    /// Goes on with a packet that had to wait.
    mutating func takeWaiting(_ session: Session) {
        let packet = session.waiting
        session.waiting = []
        takeFrames(session, packet.span)
        if isLive(session) { flush(session) }
    }

    private mutating func takeFrames(_ session: Session, _ packet: Span<UInt8>) {
        var cursor = FrameCursor(0..<packet.count)
        do throws(ProtocolError) {
            while isLive(session), !session.isEnding {
                guard mayTake(session) else { return session.waiting = [UInt8](packet, from: cursor.offset) }
                guard let (header, payload) = try cursor.next(in: packet) else { break }
                let request = try session.machine.receive(header, payload, in: packet)
                take(request, session, tag: header.tag, packet)
            }
            if isLive(session), !session.isEnding, !cursor.isAtEnd { throw .badLength }
        } catch {
            sayGoodbye(session, GoodbyeReason.protocolError, "\(error)")
        }
    }

    private mutating func take(_ request: SessionRequest, _ session: Session, tag: UInt32, _ packet: Span<UInt8>) {
        switch request {
        case .hello(let hello, let strict): start(session, hello, strict: strict)
        case .datagram(.inPlace(let range)): count(session, packet.extracting(range), tag: tag)
        case .datagram(.assembled(let datagram)): count(session, datagram.span, tag: tag)
        case .join(let tag, let group):
            charge(session)
            send(session, .result, tag: tag, joinOutcome(session, group).encode())
        case .leave(let tag, let group):
            charge(session)
            leave(session, group, tag: tag)
        case .option(let tag, let option):
            charge(session)
            setOption(session, option, tag: tag)
        case .arm(let tag, let list): arm(session, list, tag: tag)
        case .confirm(let tag):
            charge(session)
            confirm(session, tag: tag)
        case .describe(let tag):
            charge(session)
            send(session, .describe, tag: tag, Description.encode(describe(session)))
        case .reset(let tag): reset(session, tag: tag)
        case .partial: break
        }
    }

    /// A request that isn't a datagram costs as much as one message.
    func charge(_ session: Session, messages: Int = 1, bytes: Int = FrameHeader.size) {
        guard !session.throttle.isOpen else { return }
        session.throttle.take(messages: messages, bytes: bytes, now: Clock.monotonicMilliseconds())
    }

    /// Counts a datagram's messages before it is judged: judging is work, too.
    private mutating func count(_ session: Session, _ datagram: Span<UInt8>, tag: UInt32) {
        session.measures.requests += 1
        session.measures.requestBytes += UInt64(datagram.count)
        if !session.throttle.isOpen {
            var (messages, cursor) = (0, MessageCursor(datagram))
            while (try? cursor.next(in: datagram)) != nil { messages += 1 }
            charge(session, messages: max(1, messages), bytes: datagram.count)
        }
        say(session, datagram, tag: tag)
    }

    /// HELLO, which must say what OPEN said: a frontend that changes its mind is hostile.
    private mutating func start(_ session: Session, _ hello: Hello, strict: Bool) {
        let assignment = session.assignment
        guard hello.protocolNumber == assignment.protocolNumber, hello.readOnly == assignment.readOnly,
            (hello.networkNamespace ?? "") == options.networkNamespaceName
        else { return end(session) }
        // The filter kills a process that opens another protocol, and all its sessions with it.
        guard options.protocols.contains(Int32(hello.protocolNumber)) else {
            let text = "the policy grants nothing of netlink protocol \(hello.protocolNumber)"
            return sayGoodbye(session, GoodbyeReason.policy, text)
        }
        do throws(Errno) {
            try kernel.open(session)
        } catch {
            let text = "can't open netlink protocol \(hello.protocolNumber): \(error)"
            return sayGoodbye(session, GoodbyeReason.notFound, text)
        }
        var welcome = Welcome()
        for group in hello.groups where !welcome.groups.contains(group) {
            let outcome = joinOutcome(session, group)
            if outcome.code == 0 {
                welcome.groups.append(group)
            } else if strict {
                return sayGoodbye(session, GoodbyeReason.policy, outcome.text)
            }
        }
        if options.isPrivileged { dropSocketCreation() }
        welcome.portID = session.portID
        welcome.kernelRelease = release
        welcome.serverVersion = nlgateVersion
        welcome.maximumToServer = UInt32(options.isPrivileged ? DatagramLimit.toBroker : DatagramLimit.toReader)
        welcome.identity = assignment.identity
        welcome.roles = [assignment.roles]
        welcome.isPrivileged = options.isPrivileged
        send(session, .welcome, welcome.encode())
    }

    /// After HELLO a privileged broker never opens a socket again.
    private mutating func dropSocketCreation() {
        do throws(SealingError) { try sealing.dropSocketCreation() } catch { exit(1) }
    }

    /// RESET: what is in flight is dropped, the answer is the last frame of the session.
    private mutating func reset(_ session: Session, tag: UInt32) {
        if let armed = session.armed {
            session.machine.resetRefused()
            let text = "list \(armed.tag) is armed; confirm it first"
            return send(session, .result, tag: tag, Outcome(code: UInt32(EBUSY), text: text).encode())
        }
        session.kernel = nil
        session.outgoing.clear()
        session.isEnding = true
        send(session, .result, tag: tag, Outcome(code: 0).encode())
    }
}

extension [UInt8] {
    /// A copy of what follows `offset`.
    init(_ bytes: Span<UInt8>, from offset: Int) {
        self.init(capacity: bytes.count - offset) { output in
            for index in offset..<bytes.count { output.append(bytes[index]) }
        }
    }
}
