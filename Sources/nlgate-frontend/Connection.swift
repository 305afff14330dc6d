import GatewayIPC
import GatewayProtocol
import LinuxSys
import TLSSocket

/// A descriptor as something that can be shared and optional.
final class SessionSocket {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// A second descriptor for the same file; nil when there is none to be had.
    init?(copyOf original: borrowing Descriptor) {
        guard let copy = try? original.duplicate() else { return nil }
        descriptor = copy
    }
}

/// One client: its socket, its TLS state, and the one session that it may have.
final class Connection {
    enum Phase: Equatable {
        /// The TLS handshake goes on.
        case handshake
        /// Preface and frames.
        case open
        /// The last bytes were queued; close when they are sent.
        case closing
        /// Everything was sent; wait for the client's end so that our last bytes aren't lost to a reset.
        case draining
    }

    let number: UInt32
    let socket: Descriptor
    let transport: Transport
    let peer: SocketAddress
    let local: SocketAddress
    let tls: TLSConnection?
    var phase: Phase
    /// The dialect is known: without `messages` it is the native one.
    var isDecided = false
    var machine = FrontendConnection()
    /// In place of `machine`, of a client that speaks netlink messages.
    var messages: MessageConnection?
    /// To the broker, while there is a session.
    var session: SessionSocket?
    /// Client bytes that aren't a whole frame yet, or must wait: the first `held` ones.
    var incoming: [UInt8] = []
    var held = 0
    /// A packet that the broker's socket had no room for.
    var toBroker: [UInt8] = []
    /// Bytes that the client's socket had no room for.
    var outgoing: [UInt8] = []
    /// When `messages` has more to write, in monotonic milliseconds.
    var resumeAt: UInt64?
    /// The client has ended its side of the stream and still reads.
    var inputEnded = false
    /// HELLO, until there is a broker to send it to.
    var hello: [UInt8] = []
    /// When the present phase must be over, in monotonic milliseconds; nil once the client has had a session.
    var deadline: UInt64?
    /// When the client was last heard, in monotonic milliseconds; after its end, when it was last told something.
    var lastHeard: UInt64
    var pingSent = false
    /// It counts against its address: it has no session.
    var isCounted = false
    /// The supervisor knows this connection and must be told of its end.
    var isKnown = false
    /// TLS wants the socket to be writable before it reads on.
    var readWantsWrite = false
    var watchedSocket: Readiness = .read
    var watchedSession: Readiness = []

    init(
        number: UInt32, socket: consuming Descriptor, transport: Transport, peer: SocketAddress, local: SocketAddress,
        tls: TLSConnection?, now: UInt64, deadline: UInt64?
    ) {
        self.number = number
        self.socket = socket
        self.transport = transport
        self.peer = peer
        self.local = local
        self.tls = tls
        phase = tls == nil ? .open : .handshake
        lastHeard = now
        self.deadline = deadline
    }

    /// True while client bytes must wait: a session is being opened or reset.
    var isPaused: Bool { messages?.isPaused ?? machine.isPaused }

    /// True while a broker was asked for and isn't there.
    var isOpening: Bool { messages?.isOpening ?? (machine.isPaused && session == nil) }

    /// True while what the broker sends has somewhere to go.
    var mayReadBroker: Bool { phase == .open && outgoing.isEmpty && messages?.isFull != true }

    /// True while client bytes have somewhere to go.
    var mayRead: Bool {
        switch phase {
        case .handshake, .draining: true
        case .open: !isPaused && !inputEnded && toBroker.isEmpty && outgoing.count < FrameHeader.maximumLength
        case .closing: false
        }
    }
}

extension SocketAddress {
    /// What a limit for one client counts by: an IPv6 host has all of its /64 to come from.
    var origin: [UInt8] {
        guard kind == .ipv6, !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) else { return bytes }
        return Array(bytes.prefix(8))
    }

    /// For OPEN: IPv4 mapped into IPv6; nothing for Unix.
    var endpoint: Endpoint {
        switch kind {
        case .ipv4: Endpoint(address: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] + bytes, port: port)
        case .ipv6: Endpoint(address: bytes, port: port)
        case .unix, .other: .unknown
        }
    }
}
