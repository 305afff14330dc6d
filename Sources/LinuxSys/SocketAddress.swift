internal import CLinux
import Glibc

/// Where a socket is bound or connected: IPv4, IPv6 with its zone, or a Unix name.
public struct SocketAddress: Equatable, Hashable, Sendable {
    /// Which kind of address this is.
    public enum Kind: Equatable, Hashable, Sendable {
        /// Four bytes in network order.
        case ipv4
        /// Sixteen bytes in network order.
        case ipv6
        /// A path, or with a leading NUL an abstract name.
        case unix
        /// A family that nlgate doesn't use.
        case other
    }

    /// Which kind of address this is.
    public var kind: Kind
    /// The address bytes: 4, 16, or the Unix name.
    public var bytes: [UInt8]
    /// Port, host byte order; 0 for Unix.
    public var port: UInt16
    /// IPv6 zone as an interface index; 0 when there is none.
    public var zone: UInt32

    /// An address from its parts.
    public init(kind: Kind, bytes: [UInt8], port: UInt16 = 0, zone: UInt32 = 0) {
        self.kind = kind
        self.bytes = bytes
        self.port = port
        self.zone = zone
    }

    /// A Unix socket's path, or with `abstract` a name outside the file system.
    ///
    /// - Throws: `ENAMETOOLONG` when it doesn't fit `sun_path` (108 bytes).
    public init(unix name: String, abstract: Bool) throws(Errno) {
        let bytes = (abstract ? [0] : []) + Array(name.utf8)
        guard bytes.count <= (abstract ? 108 : 107), !name.isEmpty else { throw Errno(rawValue: ENAMETOOLONG) }
        self.init(kind: .unix, bytes: bytes)
    }

    /// Every address that `host` and `port` stand for.
    ///
    /// Zone ids (`fe80::1%eth0`) are understood.
    ///
    /// - Throws: `ResolveError` with the resolver's words. The corresponding C function is `getaddrinfo`.
    public static func resolve(
        host: String, port: UInt16, passive: Bool = false, numericOnly: Bool = false
    ) throws(ResolveError) -> [SocketAddress] {
        // SAFETY: the C function writes at most `capacity` entries and reads NUL-terminated strings.
        var list = [nlg_address](repeating: nlg_address(), count: 16)
        let count = unsafe nlg_resolve(host, String(port), passive ? 1 : 0, numericOnly ? 1 : 0, &list, 16)
        guard count >= 0 else {
            throw ResolveError(host: host, reason: unsafe String(cString: nlg_resolve_error(count)))
        }
        return list.prefix(Int(count)).map { SocketAddress(c: $0) }
    }

    var family: Int32 {
        switch kind {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        case .other: AF_UNSPEC
        }
    }

    init(c: nlg_address) {
        // SAFETY: both tuples are read only inside the closure, within their own size.
        let ip = unsafe withUnsafeBytes(of: c.ip) { unsafe Array($0) }
        switch Int32(c.family) {
        case AF_INET: self.init(kind: .ipv4, bytes: Array(ip.prefix(4)), port: c.port)
        case AF_INET6: self.init(kind: .ipv6, bytes: ip, port: c.port, zone: c.scope)
        case AF_UNIX:
            let path = unsafe withUnsafeBytes(of: c.path) { unsafe Array($0.prefix(Int(c.path_length))) }
            self.init(kind: .unix, bytes: path)
        default: self.init(kind: .other, bytes: [])
        }
    }

    var c: nlg_address {
        var c = nlg_address()
        c.family = UInt16(truncatingIfNeeded: family)
        c.port = port
        c.scope = zone
        if kind == .unix {
            c.path_length = UInt16(min(bytes.count, 108))
            // SAFETY: no more bytes are copied than the tuple has.
            unsafe withUnsafeMutableBytes(of: &c.path) { unsafe $0.copyBytes(from: bytes.prefix(108)) }
        } else {
            // SAFETY: no more bytes are copied than the tuple has.
            unsafe withUnsafeMutableBytes(of: &c.ip) { unsafe $0.copyBytes(from: bytes.prefix(16)) }
        }
        return c
    }
}

/// A host name that could not be resolved.
public struct ResolveError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was looked up.
    public let host: String
    /// The resolver's words.
    public let reason: String

    /// One line for the user.
    public var description: String { "\(host): \(reason)" }
}

extension SocketAddress: CustomStringConvertible {
    /// `192.0.2.1:7000`, `[2001:db8::1%3]:7000`, `/run/x.sock` or `@name`.
    public var description: String {
        switch kind {
        case .ipv4: return "\(hostText):\(port)"
        case .ipv6: return "[\(hostText)]:\(port)"
        case .unix:
            guard let first = bytes.first else { return "unnamed" }
            let text = String(decoding: first == 0 ? bytes.dropFirst() : bytes[...], as: UTF8.self)
            return first == 0 ? "@" + text : text
        case .other: return "?"
        }
    }

    /// The address alone, without port or brackets; an IPv6 zone is shown as its index.
    public var hostText: String {
        guard kind == .ipv4 || kind == .ipv6 else { return description }
        var text = [CChar](repeating: 0, count: 64)
        // SAFETY: inet_ntop writes at most the given size and reads 4 or 16 bytes, which `bytes` has.
        guard bytes.count == (kind == .ipv4 ? 4 : 16), unsafe inet_ntop(family, bytes, &text, 64) != nil else {
            return "?"
        }
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return zone == 0 ? address : "\(address)%\(zone)"
    }
}
