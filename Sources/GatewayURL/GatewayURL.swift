/// Where a gateway listens or is found: `tls://host:port[/netns]`, `ssl://…` (the same), `tcp://…`,
/// `unix:///path[?netns=N][&mode=0660]` or `unix://@name`.
public struct GatewayURL: Equatable, Hashable, Sendable {
    /// What is spoken.
    public enum Scheme: String, Sendable {
        /// Mutual TLS 1.3; `ssl` is another spelling of it.
        case tls
        /// Plain TCP.
        case tcp
        /// A Unix socket.
        case unix
    }

    /// What is spoken.
    public var scheme: Scheme
    /// Host name or address without brackets, IPv6 zone included; the path or name for Unix.
    public var host: String
    /// Port; 0 for Unix.
    public var port: UInt16
    /// The Unix name is abstract.
    public var isAbstract: Bool
    /// A served network namespace; nil for the daemon's own.
    public var networkNamespace: String?
    /// Permissions of a Unix path, such as 0o600; nil when not said.
    public var mode: UInt32?

    /// Reads a URL.
    ///
    /// - Throws: `GatewayURLError` with a sentence that says what is wrong and what is expected.
    public init(_ text: String) throws(GatewayURLError) {
        guard let colon = text.firstRange(of: "://") else {
            throw GatewayURLError(text, "a URL is needed, such as tls://host.example:7000 or unix:///run/nlgate.sock")
        }
        let rest = text[colon.upperBound...]
        switch text[..<colon.lowerBound] {
        case "tls", "ssl": try self.init(scheme: .tls, internet: rest, text)
        case "tcp": try self.init(scheme: .tcp, internet: rest, text)
        case "unix": try self.init(unix: rest, text)
        case let other: throw GatewayURLError(text, "unknown scheme \(other)://; there are tls, ssl, tcp and unix")
        }
    }

    private init(scheme: Scheme, internet rest: Substring, _ text: String) throws(GatewayURLError) {
        guard !rest.contains("?"), !rest.contains("#") else {
            throw GatewayURLError(text, "\(scheme.rawValue):// takes no query")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let name = rest[slash...].dropFirst()
        guard let colon = authority.lastIndex(of: ":"), authority.last != "]",
            let port = UInt16(authority[authority.index(after: colon)...]), port > 0
        else { throw GatewayURLError(text, "a port is missing, as in \(scheme.rawValue)://host:7000") }
        var host = authority[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw GatewayURLError(text, "an IPv6 address stands in brackets, as in \(scheme.rawValue)://[::1]:7000")
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw GatewayURLError(text, "the host is missing or has characters that no host name has")
        }
        self.scheme = scheme
        self.host = String(host)
        self.port = port
        isAbstract = false
        networkNamespace = name.isEmpty ? nil : try namespace(name, text)
    }

    private init(unix rest: Substring, _ text: String) throws(GatewayURLError) {
        let question = rest.firstIndex(of: "?") ?? rest.endIndex
        var path = rest[..<question]
        scheme = .unix
        port = 0
        isAbstract = path.first == "@"
        if isAbstract { path = path.dropFirst() }
        guard !path.isEmpty, isAbstract || path.first == "/" else {
            throw GatewayURLError(text, "unix:// takes an absolute path (unix:///run/x.sock) or a name (unix://@name)")
        }
        guard path.utf8.count <= 107, !path.utf8.contains(0) else {
            throw GatewayURLError(text, "a Unix socket's name has at most 107 bytes")
        }
        host = String(path)
        for item in rest[question...].dropFirst().split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch parts.first {
            case "netns" where parts.count == 2: networkNamespace = try namespace(parts[1], text)
            case "mode" where parts.count == 2 && !isAbstract:
                guard let value = UInt32(parts[1], radix: 8), value <= 0o777 else {
                    throw GatewayURLError(text, "mode is octal, such as mode=0660")
                }
                mode = value
            default: throw GatewayURLError(text, "unix:// knows ?netns=NAME and, for a path, ?mode=0660")
            }
        }
    }
}

extension GatewayURL: CustomStringConvertible {
    /// The URL in its canonical spelling.
    public var description: String {
        if scheme == .unix {
            var query: [String] = []
            if let networkNamespace { query.append("netns=\(networkNamespace)") }
            if let mode { query.append("mode=0\(String(mode, radix: 8))") }
            return "unix://\(isAbstract ? "@" : "")\(host)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        }
        let shown = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(shown):\(port)" + (networkNamespace.map { "/" + $0 } ?? "")
    }
}

/// A URL that can't be used.
public struct GatewayURLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was given.
    public let url: String
    /// What is wrong and what is expected.
    public let reason: String

    init(_ url: String, _ reason: String) {
        self.url = url
        self.reason = reason
    }

    /// One line for the user.
    public var description: String { "\(url): \(reason)" }
}

/// A namespace's name as `ip netns` allows it: a file name.
public func isNamespaceName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty && name.utf8.count <= 255 && name != "." && name != ".."
        && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }
}

private func namespace(_ name: Substring, _ text: String) throws(GatewayURLError) -> String {
    guard isNamespaceName(name) else { throw GatewayURLError(text, "the namespace's name is not a file name") }
    return String(name)
}
