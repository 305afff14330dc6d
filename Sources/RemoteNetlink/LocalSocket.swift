import Glibc
import LinuxSys

/// A netlink socket of this host's kernel, with the same calls as a session on a gateway.
public final class LocalSocket {
    private let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    /// The socket's port id.
    public let portID: UInt32

    /// Opens a socket of this netlink protocol.
    ///
    /// - Throws: `ConnectError.system`.
    public init(protocolNumber: UInt32) throws(ConnectError) {
        do throws(Errno) {
            let opened = try Descriptor.netlink(protocolNumber: Int32(protocolNumber))
            try opened.bindNetlink()
            try opened.setOption(level: NetlinkOption.level, NetlinkOption.packetInfo, 1)
            portID = try opened.netlinkPortID()
            socket = opened
        } catch {
            throw .system("netlink socket", error)
        }
    }

    /// Sets an option of SOL_NETLINK.
    ///
    /// - Throws: `ConnectError.system`.
    public func setOption(_ option: Int32, _ value: Int32) throws(ConnectError) {
        do throws(Errno) {
            try socket.setOption(level: NetlinkOption.level, option, value)
        } catch {
            throw .system("setsockopt", error)
        }
    }

    /// Says one datagram to the kernel.
    ///
    /// - Throws: `ConnectError.system`.
    public func send(_ datagram: [UInt8]) throws(ConnectError) {
        do throws(Errno) {
            _ = try socket.send(datagram.span)
        } catch {
            throw .system("send", error)
        }
    }

    /// Receives one datagram of the kernel and hands it to `body`; false when it reports lost messages instead.
    ///
    /// - Throws: `ConnectError.timedOut` when nothing comes within `seconds`, `system` otherwise.
    public func receive(seconds: Int?, _ body: (Span<UInt8>, _ group: UInt32) -> Void) throws(ConnectError) -> Bool {
        let deadline = seconds.map { Deadline(seconds: $0) } ?? .never
        do throws(Errno) {
            while true {
                if let datagram = try socket.receiveNetlink(into: &buffer, count: buffer.count) {
                    guard datagram.sender == 0 else { continue }
                    guard datagram.length <= buffer.count else { return false }
                    // A class's property can't lend a span; a local array can, without a copy.
                    var lent: [UInt8] = []
                    swap(&lent, &buffer)
                    body(lent.span.extracting(0..<datagram.length), datagram.group)
                    swap(&lent, &buffer)
                    return true
                }
                guard try socket.wait(for: .read, milliseconds: deadline.left) || deadline.left != 0 else { break }
            }
        } catch {
            if error.rawValue == ENOBUFS { return false }
            throw .system("recvmsg", error)
        }
        throw .timedOut(seconds: deadline.seconds)
    }
}
