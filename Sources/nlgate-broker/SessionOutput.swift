import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire

/// From the kernel, and from the broker itself, to the client.
extension Broker {
    /// Datagrams read at one go before other sessions get their turn.
    private static let fairShare = 16
    /// Datagrams thrown away at one go, whoever sends them.
    private static let mostDropped = 1024

    /// Queues one frame, cut with MORE when it is long.
    func send(_ session: Session, _ kind: FrameKind, tag: UInt32 = 0, _ payload: [UInt8] = []) {
        var writer = FrameWriter()
        writer.append(kind, tag: tag, payload)
        session.outgoing.append(writer.bytes.span)
        if kind == .overrun { session.measures.overruns += 1 }
    }

    /// Sends what is queued, as far as the socketpair takes it.
    mutating func flush(_ session: Session) {
        while !session.outgoing.isEmpty {
            let packet = session.outgoing.nextPacket()
            guard !packet.isEmpty else { return end(session) }
            let result = session.outgoing.withPacket(packet) { bytes in transferOrNil(session.pair, bytes) }
            switch result {
            case .bytes(let count) where count == packet.count: session.outgoing.drop(count)
            case .wouldBlock: return
            default: return end(session)
            }
        }
        if session.isEnding { end(session) }
    }

    /// Moves datagrams from the kernel to the client, several small ones in one packet.
    mutating func readKernel(_ session: Session) {
        var turns = 0
        while turns < Broker.fairShare, !session.outgoing.isFull, isLive(session), !session.isEnding {
            turns += 1
            let filled = fillScratch(session)
            guard filled.count > 0 || session.owesOverrun else { return }
            deliver(session, filled.count)
            // A single reply is most often all there is; epoll tells when it wasn't.
            if filled.endsWithReply, !session.awaitsSilence, !session.isCongested { return }
        }
        // The queue may be empty by now, and then epoll says nothing: where the gap is, the client is told once more.
        if session.isCongested, isLive(session), !session.isEnding {
            send(session, .overrun)
            flush(session)
        }
    }

    /// Bytes of frames in the scratch; the last may be a reply that is no part of a dump.
    private struct Filled {
        var count = 0
        var endsWithReply = false
    }

    /// Receives until the scratch holds a packet's worth, a single reply came, or the kernel has nothing more.
    private mutating func fillScratch(_ session: Session) -> Filled {
        var filled = Filled()
        var dropped = 0
        while filled.count < FrameHeader.maximumLength / 2, !session.outgoing.isFull, !filled.endsWithReply,
            dropped < Broker.mostDropped
        {
            let start = filled.count + FrameHeader.size
            do throws(Errno) {
                let received = try kernel.receive(session, into: &scratch, at: start, count: DatagramLimit.toClient)
                guard let received else {
                    noteSilence(session)
                    if session.isCongested { (session.isCongested, session.owesOverrun) = (false, true) }
                    return filled
                }
                // Only the kernel speaks to our clients: what another process sent is dropped, and what was queued
                // of a group before the session had to leave it.
                guard received.sender == 0, received.group == 0 || session.groups.contains(received.group) else {
                    dropped += 1
                    continue
                }
                guard received.length <= DatagramLimit.toClient else {
                    (session.owesOverrun, session.lostAnswers) = (true, true)
                    return filled
                }
                if received.group == 0, session.dumps > 0 || session.verdicts != nil {
                    noteAnswer(session, scratch.span.extracting(start..<(start + received.length)))
                }
                session.measures.messages += 1
                session.measures.messageBytes += UInt64(received.length)
                filled.endsWithReply = received.group == 0 && !isPartOfDump(at: start, received.length)
                filled.count = frame(session, payload: start..<(start + received.length), group: received.group)
            } catch {
                // ENOBUFS: the kernel dropped messages for this socket. Anything else means the socket is lost.
                if error.rawValue == ENOBUFS {
                    (session.owesOverrun, session.lostAnswers) = (true, true)
                    session.isCongested = true
                } else {
                    self.end(session)
                }
                return filled
            }
        }
        return filled
    }

    private func isPartOfDump(at start: Int, _ length: Int) -> Bool {
        guard length >= MessageHeader.size else { return false }
        return (try? MessageHeader(from: scratch.span, at: start))?.flags.contains(.multi) ?? false
    }

    /// Puts the header before a datagram that lies in the scratch; a datagram that no frame can hold is queued in parts.
    private mutating func frame(_ session: Session, payload: Range<Int>, group: UInt32) -> Int {
        guard payload.count > FrameHeader.maximumPayload else {
            FrameHeader(payload: payload.count, kind: .datagram, group: group)
                .write(into: &scratch, at: payload.lowerBound - FrameHeader.size)
            return payload.upperBound
        }
        session.outgoing.append(scratch.span.extracting(0..<(payload.lowerBound - FrameHeader.size)))
        var writer = FrameWriter()
        writer.append(.datagram, group: group, Array(scratch[payload]))
        session.outgoing.append(writer.bytes.span)
        return 0
    }

    /// Sends `count` bytes of frames from the scratch, or queues them behind what is queued already.
    private mutating func deliver(_ session: Session, _ count: Int) {
        guard isLive(session) else { return }
        if count > 0 {
            if session.outgoing.isEmpty, count <= FrameHeader.maximumLength {
                switch transferOrNil(session.pair, scratch.span.extracting(0..<count)) {
                case .bytes(count): break
                case .wouldBlock: session.outgoing.append(scratch.span.extracting(0..<count))
                default: return end(session)
                }
            } else {
                session.outgoing.append(scratch.span.extracting(0..<count))
            }
        }
        if session.owesOverrun {
            session.owesOverrun = false
            send(session, .overrun)
        }
        flush(session)
    }
}

/// A send whose error means that the peer is gone.
private func transferOrNil(_ descriptor: borrowing Descriptor, _ bytes: Span<UInt8>) -> Transfer? {
    do throws(Errno) {
        return try descriptor.send(bytes)
    } catch {
        return nil
    }
}
