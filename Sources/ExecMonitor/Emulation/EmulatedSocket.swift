import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink

/// A netlink socket that the program believes it has: one end of a packet pair there, a session on the gateway here.
///
/// What comes from the gateway goes into the pair, so that poll, read and recv work without the monitor. The two ends
/// are `ours` and the program's, which only the program holds: when it closes it, `ours` hangs up.
final class EmulatedSocket {
    /// What is known of a packet in the pair.
    struct Queued: Equatable {
        var length: Int
        var group: UInt32
    }

    /// Packets beyond this have been read natively: the pair can't hold so many.
    private static let mostQueued = 1024
    /// Bytes that wait here for the pair while an answer behind them is waited for.
    static let spillLimit = 8 << 20

    let ours: Descriptor
    /// Says which open socket of a program this is.
    let number: UInt64
    let protocolNumber: Int32
    let type: Int32
    var token: UInt64 = 0
    var watched: Readiness = []

    var link: GatewayLink?
    var welcome = Welcome()
    /// Why there is no session any more.
    var failure: Errno?

    /// The port id that the program asked for; replies are made to carry it.
    var ownPortID: UInt32?
    var isBound = false
    var groups: Set<UInt32> = []
    var options: [Int32: Bool] = [:]
    var receiveBuffer: Int32 = 212_992
    var sendBuffer: Int32 = 212_992
    /// The largest buffer with which the program received.
    var largestReceive = 0

    private(set) var queued: [Queued] = []
    /// Packets that found no room in the pair.
    private(set) var spill: [(bytes: [UInt8], group: UInt32)] = []
    private(set) var spilled = 0
    /// Packets that were taken and whose taker was interrupted.
    var returned: [(bytes: [UInt8], group: UInt32)] = []
    /// Receives that wait for a packet.
    var receivers: [PendingReceive] = []
    /// What was sent last.
    var sent = RequestMemory()
    /// Requests under way, by tag.
    var requests: [UInt32: PendingRequest] = [:]

    init(ours: consuming Descriptor, number: UInt64, protocolNumber: Int32, type: Int32) {
        self.ours = ours
        self.number = number
        self.protocolNumber = protocolNumber
        self.type = type
    }

    /// What getsockname says.
    var address: NetlinkAddress {
        guard isBound else { return NetlinkAddress(groups: groupMask) }
        return NetlinkAddress(portID: ownPortID ?? welcome.portID, groups: groupMask)
    }

    var groupMask: UInt32 {
        groups.reduce(0) { $1 >= 1 && $1 <= 32 ? $0 | 1 << ($1 - 1) : $0 }
    }

    // MARK: - Towards the program

    /// Puts a packet where the program finds it.
    func deliver(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        var bytes = bytes
        var range = range
        if options[NetlinkOption.capAck] != true, let whole = sent.completed(bytes, range) {
            (bytes, range) = (whole, 0..<whole.count)
        }
        if let ownPortID {
            bytes = renamed(Array(bytes[range]), from: welcome.portID, to: ownPortID)
            range = 0..<bytes.count
        }
        for part in DumpParts.split(bytes, range, limit: DumpParts.limit(largestReceive: largestReceive)) {
            let packet = bytes.span.extracting(part)
            deliver(packet, group: group)
        }
    }

    private func deliver(_ packet: Span<UInt8>, group: UInt32) {
        if spill.isEmpty, push(packet, group: group) { return }
        spill.append(([UInt8](copying: packet), group))
        spilled += packet.count
    }

    /// Puts a packet back that was taken when nothing else was there.
    func deliver(again packet: [UInt8], group: UInt32) {
        deliver(packet.span, group: group)
    }

    /// Moves what waits here into the pair, as far as there is room.
    func drain() {
        var count = 0
        while count < spill.count {
            let (packet, group) = spill[count]
            guard push(packet.span, group: group) else { break }
            count += 1
        }
        for item in spill[..<count] { spilled -= item.bytes.count }
        spill.removeFirst(count)
    }

    /// False when the pair is full.
    private func push(_ packet: Span<UInt8>, group: UInt32) -> Bool {
        do throws(Errno) {
            switch try ours.send(packet) {
            case .bytes:
                queued.append(Queued(length: packet.count, group: group))
                if queued.count > EmulatedSocket.mostQueued { queued.removeFirst(queued.count / 2) }
                return true
            case .wouldBlock: return false
            case .closed: return true
            }
        } catch {
            // Larger than a packet may be: the program is told that it lost something.
            guard error.rawValue == EMSGSIZE, packet.count > OverrunMark.bytes.count else { return true }
            return push(OverrunMark.bytes.span, group: 0)
        }
    }

    /// The group of a packet that was taken out of the pair, or looked at.
    func group(ofLength length: Int, taking: Bool) -> UInt32 {
        guard let index = queued.firstIndex(where: { $0.length == length }) else { return 0 }
        let group = queued[index].group
        if taking { queued.removeSubrange(...index) }
        return group
    }

    /// While this is false nothing is read from the gateway; answers that are waited for come behind what is spilled.
    var hasRoom: Bool { spill.isEmpty || (!requests.isEmpty && spilled < EmulatedSocket.spillLimit) }
}

/// A packet that stands for ENOBUFS.
///
/// Who reads it natively sees NLMSG_OVERRUN, which means the same.
enum OverrunMark {
    static let bytes: [UInt8] = [16, 0, 0, 0, 4, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8)
}

extension [UInt8] {
    /// The bytes of a span.
    init(copying span: Span<UInt8>) {
        self.init(capacity: span.count) { output in
            for index in span.indices { output.append(span[index]) }
        }
    }
}

/// A receive that waits for a packet.
final class PendingReceive {
    let call: Call
    /// When SO_RCVTIMEO is over.
    let deadline: UInt64?

    init(_ call: Call, deadline: UInt64?) {
        self.call = call
        self.deadline = deadline
    }
}

/// A request to the gateway that a call waits for.
final class PendingRequest {
    /// A send, which needn't be waited for when the program must first read.
    let isSend: Bool
    /// Called once: with the outcome, or with why there is none.
    let finish: (Result<Outcome, Errno>) -> Void

    init(isSend: Bool, _ finish: @escaping (Result<Outcome, Errno>) -> Void) {
        self.isSend = isSend
        self.finish = finish
    }
}
