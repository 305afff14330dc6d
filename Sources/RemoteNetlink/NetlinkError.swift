import LinuxSys
public import NetlinkFamilies
public import NetlinkWire

/// Why a request, a dump or a stream has no answer, with the request that it is about.
public struct NetlinkError: Error, Equatable, Sendable {
    /// What went wrong.
    public enum Reason: Error, Equatable, Sendable {
        /// The kernel said no, or the gateway's policy did in its place.
        case refused(Acknowledgement)
        /// There is no connection, or it ended while the answer was awaited.
        case connection(ConnectError)
        /// The kernel dropped messages: the answer, or a part of it, is lost.
        ///
        /// A change may have been made all the same.
        case overrun
        /// The table changed each time while it was dumped.
        case interrupted(attempts: Int)
        /// No answer came within this time.
        ///
        /// A change may have been made all the same.
        case timedOut(Duration)
        /// The task that asked was cancelled.
        ///
        /// A change may have been made all the same.
        case cancelled
        /// The request can't be written, or the answer isn't netlink as nlgate accepts it.
        case malformed(WireError)
        /// The answer was complete and had nothing of what was asked for.
        case noAnswer
        /// What the program asked for doesn't fit together; a sentence says how.
        case misuse(String)
    }

    /// What went wrong.
    public var reason: Reason
    /// What was asked; nil when the error isn't about one request.
    public var request: Request?
    /// Whose kernel.
    public var host: NetlinkHost

    /// An error from its parts.
    public init(_ reason: Reason, request: Request? = nil, host: NetlinkHost = .local) {
        self.reason = reason
        self.request = request
        self.host = host
    }

    /// The kernel's error number, positive, where it said no.
    public var errno: Int32? {
        if case .refused(let answer) = reason { answer.code } else { nil }
    }

    /// The extended acknowledgement's text, where the kernel or the gateway gave one.
    public var text: String? {
        if case .refused(let answer) = reason { answer.text } else { nil }
    }
}

extension NetlinkError: CustomStringConvertible {
    /// One line for the user: where, what the kernel said, and its words.
    public var description: String {
        let place = if case .gateway(let url) = host { "\(url): " } else { "" }
        switch reason {
        case .refused(let answer):
            let words = answer.text.map { ": \($0)" } ?? ""
            return place + "\(Errno(rawValue: answer.code))\(words)"
        case .connection(let error): return "\(error)"
        case .overrun: return place + "the kernel dropped a part of the answer; ask again"
        case .interrupted(let attempts):
            return place + "the table kept changing while it was read, \(attempts) times; ask again"
        case .timedOut(let time): return place + "no answer within \(time)"
        case .cancelled: return place + "the request was cancelled"
        case .malformed(let error): return place + "not readable as netlink: \(error)"
        case .noAnswer: return place + "the kernel's answer is empty"
        case .misuse(let text): return place + text
        }
    }
}

/// What goes wrong while a connection is made or kept, as an error of a host.
extension NetlinkError {
    init(_ error: ConnectError, host: NetlinkHost) {
        self.init(.connection(error), host: host)
    }
}
