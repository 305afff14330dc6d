import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink

/// The ioctls about interfaces, answered from the other kernel's RTM_GETLINK.
extension ExecMonitor {
    /// sizeof(struct ifreq).
    fileprivate static let requestSize = 40
    fileprivate static let nameSize = 16

    func askAboutInterface(_ call: Call) throws(Errno) -> Verdict {
        guard let request = InterfaceRequest(rawValue: UInt32(truncatingIfNeeded: call.argument(1))) else {
            return .carryOn
        }
        // Any open descriptor will do, a closed one won't.
        if call.integer(0) < 0 { throw Errno(rawValue: EBADF) }
        let bytes = try call.read(call.argument(2), count: ExecMonitor.requestSize)
        var message = MessageWriter()
        do throws(WireError) {
            try message.linkRequest(request, bytes)
        } catch {
            throw Errno(rawValue: ENODEV)
        }
        pool.request(hello(protocolNumber: 0, readOnly: true), for: LinkQuestion(self, call, request, message.bytes))
        return .later
    }

    /// Writes the answer into struct ifreq.
    fileprivate func tell(_ call: Call, _ request: InterfaceRequest, _ link: FoundLink) {
        let field: [UInt8] =
            switch request {
            case .name: Array(link.name.utf8.prefix(ExecMonitor.nameSize - 1)) + [0]
            case .index: UserStructure.bytes(link.index)
            case .flags: UserStructure.bytes(UInt16(truncatingIfNeeded: link.flags))
            case .mtu: UserStructure.bytes(link.mtu)
            case .hardwareAddress:
                UserStructure.bytes(link.type) + link.address.prefix(14)
                    + [UInt8](repeating: 0, count: max(0, 14 - link.address.count))
            }
        let offset: UInt64 = request == .name ? 0 : UInt64(ExecMonitor.nameSize)
        do throws(Errno) {
            try call.write(call.argument(2) &+ offset, field)
            answer(call, .success(0))
        } catch {
            answer(call, .failure(error))
        }
    }
}

/// What the requests are about.
private struct FoundLink {
    var index: UInt32
    var flags: UInt32
    var type: UInt16
    var name = ""
    var mtu: UInt32 = 0
    var address: [UInt8] = []

    /// RTM_NEWLINK: struct ifinfomsg and attributes (linux/if_link.h).
    init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        type = try bytes.u16(at: start + 2)
        index = try bytes.u32(at: start + 4)
        flags = try bytes.u32(at: start + 8)
        var cursor = AttributeCursor((start + 16)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case 1: address = try attribute.copy(of: bytes)
            case 3: name = try attribute.string(in: bytes)
            case 4: mtu = try attribute.u32(in: bytes)
            default: break
            }
        }
    }
}

extension MessageWriter {
    fileprivate mutating func linkRequest(_ request: InterfaceRequest, _ ifreq: [UInt8]) throws(WireError) {
        let name = ifreq[..<(ExecMonitor.nameSize - 1)].prefix { $0 != 0 }
        let index = request == .name ? UserStructure.u32(ifreq, ExecMonitor.nameSize) : 0
        guard index > 0 || !name.isEmpty && request != .name else { throw WireError(.truncatedHeader, at: 0) }
        // RTM_GETLINK.
        let header = MessageHeader(type: MessageType(rawValue: 18), flags: .request, sequence: 1)
        try message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append([UInt8](repeating: 0, count: 4))
            writer.append(index)
            writer.append([UInt8](repeating: 0, count: 8))
            if request != .name { try writer.attribute(3, Array(name) + [0]) }
        }
    }
}

/// A request that waits for its answer.
private final class LinkQuestion: SessionOwner {
    private unowned let monitor: ExecMonitor
    private let call: Call
    private let request: InterfaceRequest
    private let message: [UInt8]
    private var link: GatewayLink?

    init(_ monitor: ExecMonitor, _ call: Call, _ request: InterfaceRequest, _ message: [UInt8]) {
        self.monitor = monitor
        self.call = call
        self.request = request
        self.message = message
    }

    let mayReceive = true

    func assigned(_ link: GatewayLink) {
        self.link = link
        link.queue(.datagram, payload: message)
    }

    func welcomed(_ welcome: Welcome) {}
    func overrun() {}

    func lost(_ error: ConnectError) {
        monitor.complain("\(error)")
        monitor.answer(call, .failure(Errno(rawValue: ENODEV)))
    }

    func ended(tag: UInt32, _ outcome: Outcome) {
        if outcome.code != 0 { finish { .failure(Errno(rawValue: Int32(clamping: outcome.code))) } }
    }

    func received(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        var cursor = MessageCursor(range)
        while let message = try? cursor.next(in: bytes.span) {
            if message.header.type == .error, let answer = try? Acknowledgement(message, in: bytes.span) {
                return finish { .failure(Errno(rawValue: answer.code == 0 ? EIO : abs(answer.code))) }
            }
            if let found = try? FoundLink(message, in: bytes.span) {
                release()
                return monitor.tell(call, request, found)
            }
        }
    }

    private func finish(_ result: () -> Result<Int64, Errno>) {
        release()
        monitor.answer(call, result())
    }

    private func release() {
        link?.release()
        link = nil
    }
}
