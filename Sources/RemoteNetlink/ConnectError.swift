public import GatewayProtocol
public import GatewayURL
public import LinuxSys
public import TLSSocket

/// Why there is no connection to a kernel, or why it ended.
public enum ConnectError: Error, Equatable, Sendable {
    /// A credential file can't be read.
    case file(path: String, Errno)
    /// `tls://` was asked for without key, certificate or CA.
    case credentialsMissing(GatewayURL)
    /// The host name doesn't resolve.
    case resolve(ResolveError)
    /// No address of the host answered; the last error.
    case connect(SocketAddress, Errno)
    /// TLS failed: an identity that doesn't fit, or a peer that doesn't speak TLS.
    case tls(GatewayURL, TLSError)
    /// The gateway broke the protocol, or isn't a gateway.
    case protocolBroken(ProtocolError)
    /// The gateway ended the connection and said why.
    case goodbye(Outcome)
    /// The connection ended without a word.
    case closed
    /// This program closed the connection.
    case closedHere
    /// Nothing came in time.
    case timedOut(seconds: Int)
    /// A system call failed.
    case system(String, Errno)
}

extension ConnectError: CustomStringConvertible {
    /// What was wrong and what to do.
    public var description: String {
        switch self {
        case .file(let path, let error): "\(path): \(error)"
        case .credentialsMissing(let url):
            "\(url) needs --key, --cert and --ca (or NLGATE_KEY, NLGATE_CERT and NLGATE_CA); "
                + "'nlgate pki client' makes them"
        case .resolve(let error): "\(error)"
        case .connect(let address, let error):
            "can't connect to \(address): \(error)" + (error.rawValue == 111 ? "; is nlgated running there?" : "")
        case .tls(let url, let error): "\(url): \(error)"
        case .protocolBroken(let error): "the other side doesn't speak nlgate/1: \(error)"
        case .goodbye(let outcome): "the gateway refused: \(outcome.text)"
        case .closed:
            "the gateway closed the connection without a word; its log may say why"
        case .closedHere: "the connection was closed by this program"
        case .timedOut(let seconds): "no answer within \(seconds) s"
        case .system(let what, let error): "\(what): \(error)"
        }
    }
}
