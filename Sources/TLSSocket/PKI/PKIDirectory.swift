import Glibc
internal import LinuxSys

/// The two files that were made for one holder.
public struct IssuedFiles: Equatable, Sendable {
    /// Path of the private key.
    public let key: String
    /// Path of the certificate.
    public let certificate: String
}

/// A certificate authority kept in a folder, and what it has issued.
///
/// ```
/// DIR/ca.crt                    for every host
/// DIR/ca-private/ca.key         signs; never on a server
/// DIR/server/NAME.key, .crt     for that server
/// DIR/client/NAME.key, .crt     for that client
/// ```
public struct PKIDirectory {
    /// Where the folder is.
    public let path: String
    /// Path of the CA's certificate.
    public var certificatePath: String { path + "/ca.crt" }
    /// Path of the CA's private key.
    public var keyPath: String { path + "/ca-private/ca.key" }

    /// The folder at a path, which need not exist yet.
    public init(path: String) {
        self.path = path
    }

    /// Makes the authority; an existing one is never touched.
    ///
    /// - Throws: `system` with the file that could not be made, `badName`.
    public func create(commonName: String, validity: Validity) throws(TLSError) {
        var made = try CertificateAuthority.create(commonName: commonName, validity: validity)
        defer { TLSLibrary.wipe(&made.key) }
        for file in [certificatePath, keyPath] where KeyFiles.exists(file) {
            throw TLSError(
                .system(Errno(rawValue: EEXIST)),
                "\(file) exists: a new CA would make all its certificates useless, choose another folder")
        }
        try KeyFiles.makeFolder(path, mode: 0o755)
        try KeyFiles.makeFolder(path + "/ca-private", mode: 0o700)
        try KeyFiles.write(made.key, to: keyPath, mode: 0o600)
        try KeyFiles.write(made.certificate, to: certificatePath, mode: 0o644)
        if !KeyFiles.exists(path + "/ca-private/README") {
            try KeyFiles.write(Array(Self.warning.utf8), to: path + "/ca-private/README", mode: 0o600)
        }
    }

    /// Issues for a server; the files bear its first name.
    ///
    /// - Throws: `system` with the file that could not be read or made, and what issuing throws.
    public func issueServer(
        names: [String], validity: Validity, folder: String? = nil, replacing: Bool = false
    ) throws(TLSError) -> IssuedFiles {
        let made = try authority().issueServer(names: names, validity: validity)
        return try store(made, folder ?? path + "/server", names.first ?? "", replacing)
    }

    /// Issues for a client; the files bear its common name.
    ///
    /// - Throws: `system` with the file that could not be read or made, and what issuing throws.
    public func issueClient(
        commonName: String, names: [ClientName], validity: Validity, folder: String? = nil, replacing: Bool = false
    ) throws(TLSError) -> IssuedFiles {
        guard !commonName.contains("/"), !commonName.hasPrefix("."), !commonName.hasPrefix("-") else {
            let shown = escaped(Array(commonName.utf8.prefix(100)))
            throw TLSError(.badName, "\"\(shown)\" can't name a file: no slash, and no dot or hyphen at its beginning")
        }
        let made = try authority().issueClient(commonName: commonName, names: names, validity: validity)
        return try store(made, folder ?? path + "/client", commonName, replacing)
    }

    /// The authority, with its private key.
    ///
    /// - Throws: `system` with the file that could not be read, and what is wrong with its content.
    public func authority() throws(TLSError) -> CertificateAuthority {
        let certificate = try KeyFiles.read(certificatePath)
        var key = try KeyFiles.read(keyPath)
        defer { TLSLibrary.wipe(&key) }
        return try CertificateAuthority(certificate: certificate, key: key)
    }

    private func store(
        _ made: consuming IssuedCertificate, _ folder: String, _ name: String, _ replacing: Bool
    ) throws(TLSError) -> IssuedFiles {
        defer { TLSLibrary.wipe(&made.key) }
        let files = IssuedFiles(key: "\(folder)/\(name).key", certificate: "\(folder)/\(name).crt")
        try KeyFiles.makeFolder(folder, mode: 0o700)
        for file in [files.key, files.certificate] where !replacing && KeyFiles.exists(file) {
            throw TLSError(.system(Errno(rawValue: EEXIST)), "\(file) exists: --force replaces it")
        }
        try KeyFiles.write(made.key, to: files.key, mode: 0o600, replacing: replacing)
        try KeyFiles.write(made.certificate, to: files.certificate, mode: 0o644, replacing: replacing)
        return files
    }

    private static let warning = """
        ca.key signs certificates: whoever has it can be any server and any client.
        Keep this folder off the servers that nlgate runs on, best on a host or medium of its own, and back it up.
        Servers and clients need only ca.crt, which stands one folder above, and their own key and certificate.

        """
}
