import GatewayProtocol
public import GatewayURL
import LinuxSys
public import NetlinkFamilies
public import NetlinkWire

/// What the kernel, or the gateway in its place, answered to a request that failed.
public struct KernelError: Error, Equatable, Sendable {
    /// The errno, positive.
    public let errno: Int32
    /// The extended acknowledgement's text.
    public let text: String?

    /// An error from its parts.
    public init(errno: Int32, text: String?) {
        self.errno = errno
        self.text = text
    }
}

/// Why a request has no answer.
public enum RequestError: Error, Equatable, Sendable {
    /// There is no connection, or it ended.
    case connection(ConnectError)
    /// The kernel said no.
    case kernel(KernelError)
    /// The answer isn't netlink as nlgate accepts it.
    case wire(WireError)
    /// Messages were lost: the answer is incomplete.
    case overrun
    /// A dump was interrupted by changes each time it was tried.
    case interrupted
}

/// Requests to a kernel, the local one or a gateway's, one at a time.
public final class NetlinkClient {
    private enum Channel {
        case local(LocalSocket)
        case remote(GatewaySession)
    }

    private let channel: Channel
    private var sequence: UInt32 = 1
    /// Seconds until a request without an answer fails.
    public var timeout = 30

    /// A client of the local kernel, or with a URL of a gateway's.
    ///
    /// Extended acknowledgements and strict checking are on.
    ///
    /// - Throws: `ConnectError`.
    public init(
        _ url: GatewayURL?, _ credentials: Credentials?, protocolNumber: UInt32, networkNamespace: String? = nil,
        readOnly: Bool = true
    ) throws(ConnectError) {
        guard let url else {
            let socket = try LocalSocket(protocolNumber: protocolNumber)
            try socket.setOption(NetlinkOption.extAck, 1)
            try? socket.setOption(NetlinkOption.getStrictCheck, 1)
            channel = .local(socket)
            return
        }
        let hello = Hello(
            protocolNumber: protocolNumber, networkNamespace: networkNamespace ?? url.networkNamespace,
            readOnly: readOnly, clientName: "nlgate")
        let session = try GatewaySession(url, credentials, hello)
        _ = try session.setOption(OptionRequest(name: UInt32(NetlinkOption.extAck), value: 1))
        _ = try session.setOption(OptionRequest(name: UInt32(NetlinkOption.getStrictCheck), value: 1))
        channel = .remote(session)
    }

    /// The session behind a remote client.
    public var session: GatewaySession? {
        if case .remote(let session) = channel { session } else { nil }
    }

    /// Sends a request and hands each message of the answer to `body`, until the acknowledgement or the end of the dump.
    ///
    /// An interrupted dump is reported by throwing `interrupted` at its end.
    ///
    /// - Throws: `RequestError`.
    public func request(
        _ request: Request, _ body: (Message, Span<UInt8>) throws(WireError) -> Void
    ) throws(RequestError) {
        sequence = sequence == UInt32.max ? 1 : sequence + 1
        var answer = Answer(sequence: sequence)
        try send(try encoded(request))
        while !answer.isComplete {
            let whole = try receive { (datagram) in answer.take(datagram, body) }
            if !whole { throw .overrun }
            if let failure = answer.failure { throw failure }
        }
        if answer.wasInterrupted { throw .interrupted }
    }

    private func encoded(_ request: Request) throws(RequestError) -> [UInt8] {
        do throws(WireError) {
            return try request.encode(sequence: sequence)
        } catch {
            throw .wire(error)
        }
    }

    private func send(_ datagram: [UInt8]) throws(RequestError) {
        do throws(ConnectError) {
            switch channel {
            case .local(let socket): try socket.send(datagram)
            case .remote(let session): try session.send(datagram, tag: sequence)
            }
        } catch {
            throw .connection(error)
        }
    }

    /// False when messages were lost.
    private func receive(_ body: (Span<UInt8>) -> Void) throws(RequestError) -> Bool {
        do throws(ConnectError) {
            switch channel {
            case .local(let socket):
                return try socket.receive(seconds: timeout) { datagram, _ in body(datagram) }
            case .remote(let session):
                while true {
                    switch try session.receive(seconds: timeout) {
                    case .datagram(let datagram, _):
                        session.withBytes(of: datagram) { body($0) }
                        return true
                    case .overrun: return false
                    case .result(sequence, let outcome) where outcome.code != 0:
                        throw ConnectError.goodbye(outcome)
                    default: continue
                    }
                }
            }
        } catch {
            throw .connection(error)
        }
    }
}

/// Gathers the messages that answer one request.
private struct Answer {
    let sequence: UInt32
    var isComplete = false
    var wasInterrupted = false
    var failure: RequestError?

    init(sequence: UInt32) {
        self.sequence = sequence
    }

    mutating func take(_ datagram: Span<UInt8>, _ body: (Message, Span<UInt8>) throws(WireError) -> Void) {
        do throws(WireError) {
            var cursor = MessageCursor(datagram)
            while let message = try cursor.next(in: datagram), failure == nil {
                guard message.header.sequence == sequence else { continue }
                if message.header.flags.contains(.dumpInterrupted) { wasInterrupted = true }
                switch message.header.type {
                case .error, .done: try finish(message, datagram)
                case .noop, .overrun: continue
                default:
                    try body(message, datagram)
                    if !message.header.flags.contains(.multi) { isComplete = true }
                }
            }
        } catch {
            failure = .wire(error)
        }
    }

    private mutating func finish(_ message: Message, _ datagram: Span<UInt8>) throws(WireError) {
        let acknowledgement = try Acknowledgement(message, in: datagram)
        isComplete = true
        if acknowledgement.code != 0 {
            failure = .kernel(KernelError(errno: acknowledgement.code, text: acknowledgement.text))
        }
    }
}
