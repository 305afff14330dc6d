internal import COpenSSL
import Glibc

/// What all connections of a client share.
public final class TLSClientContext: Sendable {
    let context: SSLContext
    /// Unix time at which the client's own certificate expires.
    public let notAfter: Int64

    /// Settings from PEM texts: the client's certificate (with its chain), its key, the CA of servers, and the CRL.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, `certificateNotYetValid`, `wrongPurpose`.
    public init(certificate: [UInt8], key: [UInt8], ca: [UInt8], crl: [UInt8]?) throws(TLSError) {
        let context = try SSLContext(side: .client)
        let credential = try Credential(certificate: certificate, key: key, side: .client)
        try context.use(credential)
        var lists: [RevocationList] = []
        if let crl { lists = try PEM.revocationLists(crl, "the CRL file", limit: 64) }
        try context.trust(readAnchors(ca, side: .client), lists)
        notAfter = credential.chain.map(\.notAfter).min() ?? 0
        self.context = context
    }

    /// Starts the client's side of TLS on a non-blocking socket, to a server of that DNS name or address.
    ///
    /// The server's certificate must have the name among its alternative names; its common name does not count. An
    /// IPv6 address may have a zone (`fe80::1%eth0`), which is not compared.
    ///
    /// - Throws: `badName`, and `library` when memory is short.
    public func connect(descriptor: Int32, serverName: String) throws(TLSError) -> TLSConnection {
        let connection = try TLSConnection(context, descriptor: descriptor)
        try connection.expectServer(HostName(serverName))
        return connection
    }
}

/// What a certificate can name a server by.
enum HostName: Equatable {
    /// In lower case, without a final dot.
    case dns(String)
    /// 4 or 16 bytes in network order.
    case address([UInt8])

    init(_ text: String) throws(TLSError) {
        if let bytes = Self.address(text) {
            self = .address(bytes)
            return
        }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard Self.isDNSName(name) else {
            throw TLSError(
                .badName, "\"\(escaped(Array(text.utf8.prefix(100))))\" is neither a DNS name nor an address")
        }
        self = .dns(name.lowercased())
    }

    private static func address(_ text: String) -> [UInt8]? {
        let bytes = text.utf8.prefix { $0 != 0x25 }
        guard bytes.count <= 45, !bytes.contains(0) else { return nil }
        let numeric = String(decoding: bytes, as: UTF8.self)
        var address = [UInt8](repeating: 0, count: 16)
        // SAFETY: inet_pton writes 16 or 4 bytes, which the buffer has.
        if unsafe inet_pton(AF_INET6, numeric, &address) == 1 { return address }
        guard numeric.utf8.count == text.utf8.count else { return nil }
        return unsafe inet_pton(AF_INET, numeric, &address) == 1 ? Array(address.prefix(4)) : nil
    }

    /// Letters, digits, hyphens and underscores in labels of at most 63, 253 in all.
    static func isDNSName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: 0x2e, omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2d && label.last != 0x2d
                && label.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: true
                    default: false
                    }
                }
        }
    }
}

extension TLSConnection {
    /// Demands a certificate for this name, and names it to the server where it is a DNS name.
    func expectServer(_ name: HostName) throws(TLSError) {
        expectedName = name
        // SAFETY: OpenSSL copies the name; the connection lives through the calls.
        switch name {
        case .dns(let name):
            let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
            unsafe SSL_set_hostflags(raw, flags)
            try expect(unsafe SSL_set1_host(raw, name), "SSL_set1_host")
            try expect(unsafe nlg_ssl_set_server_name(raw, name), "SSL_set_tlsext_host_name")
        case .address(let bytes):
            let parameters = unsafe SSL_get0_param(raw)
            try expect(unsafe X509_VERIFY_PARAM_set1_ip(parameters, bytes, bytes.count), "X509_VERIFY_PARAM_set1_ip")
        }
    }
}
