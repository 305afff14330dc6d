import GatewayPolicy
import LinuxSys
import NetlinkWire

/// The broker's own generic netlink socket: which number a family or group has now.
///
/// Clients' sockets never carry these requests, and nothing is answered to a client from here.
final class KernelLookup {
    private let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var sequence: UInt32 = 0
    private(set) var families = FamilyMap()
    /// Notifications were lost and the map is not whole again.
    private var isStale = false

    /// nlctrl's fixed family number (GENL_ID_CTRL), and its group "notify", which has the same.
    private static let controller: UInt16 = 0x10
    private static let getFamily: UInt8 = 3

    static func open() throws(StartError) -> KernelLookup {
        do throws(Errno) {
            return try KernelLookup()
        } catch {
            throw .system("can't open the lookup socket (NETLINK_GENERIC)", error)
        }
    }

    private init() throws(Errno) {
        let socket = try Descriptor.netlink(protocolNumber: 16)
        try socket.bindNetlink()
        try socket.setOption(
            level: NetlinkOption.level, NetlinkOption.addMembership, Int32(KernelLookup.controller))
        self.socket = socket
        try reload()
    }

    /// Takes in what changed since the last call.
    ///
    /// Must be called before every decision on a generic message.
    func refresh() {
        do throws(Errno) {
            while try receive() {}
            if !isStale { return }
        } catch {
            isStale = true
        }
        // Whatever we knew may be wrong, so ask for everything anew; what can't be asked now is refused meanwhile.
        do throws(Errno) {
            while try receive() {}
            families.reset()
            try reload()
            isStale = false
        } catch {
            families.reset()
        }
    }

    private func receive() throws(Errno) -> Bool {
        guard let datagram = try socket.receiveNetlink(into: &buffer, count: buffer.count) else { return false }
        if datagram.sender == 0, datagram.length <= buffer.count {
            families.apply(Array(buffer[..<datagram.length]).span)
        }
        return true
    }

    /// Dumps all families.
    ///
    /// The kernel answers a dump inside send() and receive(), so nothing is waited for.
    private func reload() throws(Errno) {
        sequence &+= 1
        var writer = MessageWriter()
        let header = MessageHeader(
            type: MessageType(rawValue: KernelLookup.controller), flags: [.request, .dump], sequence: sequence)
        try? writer.message(header) { (body: inout MessageWriter) throws(WireError) in
            body.append([KernelLookup.getFamily, 1, 0, 0])
        }
        _ = try socket.send(writer.bytes.span)
        while try receive() {}
    }
}
