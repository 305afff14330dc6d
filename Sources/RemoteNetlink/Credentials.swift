import Glibc
import LinuxSys

/// Who the client is and whom it trusts: three PEM files, and a CRL if there is one.
public struct Credentials: Sendable {
    /// The client's certificate, and the chain above it.
    public var certificate: [UInt8]
    /// The client's private key.
    public var key: [UInt8]
    /// The CA that the server's certificate must come from.
    public var authority: [UInt8]
    /// Certificate revocation list for the server's certificate; nil for none.
    public var revocationList: [UInt8]?

    /// Credentials from PEM bytes.
    public init(certificate: [UInt8], key: [UInt8], authority: [UInt8], revocationList: [UInt8]? = nil) {
        self.certificate = certificate
        self.key = key
        self.authority = authority
        self.revocationList = revocationList
    }

    /// Reads the files.
    ///
    /// - Throws: `ConnectError.file` with the path that can't be read.
    public init(certificate: String, key: String, authority: String, revocationList: String? = nil) throws(ConnectError)
    {
        self.init(
            certificate: try content(certificate), key: try content(key), authority: try content(authority),
            revocationList: try revocationList.map { (path) throws(ConnectError) in try content(path) })
    }
}

private func content(_ path: String) throws(ConnectError) -> [UInt8] {
    do throws(Errno) {
        return try Descriptor.open(path, flags: O_RDONLY).readAll(limit: 1 << 20)
    } catch {
        throw .file(path: path, error)
    }
}
