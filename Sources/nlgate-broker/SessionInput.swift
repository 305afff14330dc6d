import Confinement
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

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
                guard session.mayTake else { return session.waiting = [UInt8](packet, from: cursor.offset) }
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
        case .datagram(.inPlace(let range)): say(session, packet.extracting(range), tag: tag)
        case .datagram(.assembled(let datagram)): say(session, datagram.span, tag: tag)
        case .join(let tag, let group): join(session, group, tag: tag)
        case .leave(let tag, let group): leave(session, group, tag: tag)
        case .option(let tag, let option): setOption(session, option, tag: tag)
        case .describe(let tag): send(session, .describe, tag: tag, Description.encode(grantLines(session)))
        case .reset(let tag): reset(session, tag: tag)
        case .partial: break
        }
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

    private mutating func say(_ session: Session, _ datagram: Span<UInt8>, tag: UInt32) {
        if session.assignment.protocolNumber == UInt32(NetlinkProtocol.generic) { kernel.lookup.refresh() }
        let context = SessionContext(portID: session.portID)
        let verdict = session.rights.judge.judge(
            datagram, families: kernel.lookup.families, context: context, lookup: NoServerFacts())
        switch verdict {
        case .forward(let summary):
            do throws(Errno) {
                try kernel.send(session, datagram, summary)
            } catch {
                // ENOBUFS is about answers that found no room: the message itself was taken.
                if error.rawValue == ENOBUFS {
                    session.owesOverrun = true
                } else {
                    send(session, .result, tag: tag, Outcome(code: UInt32(error.rawValue), text: "\(error)").encode())
                }
            }
            readKernel(session)
        case .refuse(let refusal):
            let answers = refusal.answers(
                portID: session.portID, extendedAcks: session.extendedAcks, client: session.assignment.identity,
                denialID: denials.next())
            for answer in answers { send(session, .datagram, answer) }
        }
    }

    private mutating func join(_ session: Session, _ group: UInt32, tag: UInt32) {
        send(session, .result, tag: tag, joinOutcome(session, group).encode())
    }

    private func joinOutcome(_ session: Session, _ group: UInt32) -> Outcome {
        if session.assignment.protocolNumber == UInt32(NetlinkProtocol.generic) { kernel.lookup.refresh() }
        switch session.rights.judge.judgeJoin(group: group, families: kernel.lookup.families) {
        case .refused(let refusal):
            let text = refusal.objection.text(client: session.assignment.identity)
            return Outcome(code: UInt32(EPERM), text: text)
        case .granted:
            do throws(Errno) {
                try kernel.setMembership(session, group: group, joined: true)
                return Outcome(code: 0)
            } catch {
                return Outcome(code: UInt32(error.rawValue), text: "\(error)")
            }
        }
    }

    private mutating func leave(_ session: Session, _ group: UInt32, tag: UInt32) {
        reply(session, tag) { (kernel) throws(Errno) in
            try kernel.setMembership(session, group: group, joined: false)
        }
    }

    private mutating func setOption(_ session: Session, _ option: OptionRequest, tag: UInt32) {
        reply(session, tag) { (kernel) throws(Errno) in
            switch option.name {
            case OptionRequest.receiveBuffer: try kernel.setReceiveBuffer(session, bytes: option.value)
            case OptionRequest.sendBuffer: try kernel.setSendBuffer(session, bytes: option.value)
            case UInt32(NetlinkOption.packetInfo):
                // Always on for our own use; the group travels in the frame's header.
                guard option.value <= 1 else { throw Errno(rawValue: EINVAL) }
            default:
                let granted = [
                    NetlinkOption.extAck, NetlinkOption.capAck, NetlinkOption.getStrictCheck,
                    NetlinkOption.noENOBUFS, NetlinkOption.broadcastError,
                ]
                guard let name = Int32(exactly: option.name), granted.contains(name) else {
                    throw Errno(rawValue: ENOPROTOOPT)
                }
                guard option.value <= 1 else { throw Errno(rawValue: EINVAL) }
                try kernel.setNetlinkOption(session, name, option.value == 1)
                if name == NetlinkOption.extAck { session.extendedAcks = option.value == 1 }
            }
        }
    }

    /// RESET: what is in flight is dropped, the answer is the last frame of the session.
    private mutating func reset(_ session: Session, tag: UInt32) {
        session.kernel = nil
        session.outgoing.clear()
        session.isEnding = true
        send(session, .result, tag: tag, Outcome(code: 0).encode())
    }

    private func reply(_ session: Session, _ tag: UInt32, _ body: (KernelGate) throws(Errno) -> Void) {
        let outcome: Outcome
        do throws(Errno) {
            try body(kernel)
            outcome = Outcome(code: 0)
        } catch {
            outcome = Outcome(code: UInt32(error.rawValue), text: "\(error)")
        }
        send(session, .result, tag: tag, outcome.encode())
    }

    private func grantLines(_ session: Session) -> [String] {
        let head = [
            "identity \(session.assignment.identity)", "roles \(session.assignment.roles)",
            "broker \(options.isPrivileged ? "privileged" : "reader")",
        ]
        return head + session.rights.judge.describe()
    }
}

extension [UInt8] {
    /// A copy of what follows `offset`.
    fileprivate init(_ bytes: Span<UInt8>, from offset: Int) {
        self.init(capacity: bytes.count - offset) { output in
            for index in offset..<bytes.count { output.append(bytes[index]) }
        }
    }
}
