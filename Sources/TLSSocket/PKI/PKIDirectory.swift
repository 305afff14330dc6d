import Glibc
internal import LinuxSys

/// A certificate authority kept in a folder, and what it has issued.
///
/// ```
/// DIR/ca.crt                    the CA's certificate
/// DIR/ca-private/ca.key         signs; never on a server
/// DIR/ca.crl                    its revocation list, then those of the CAs above
/// DIR/server/NAME.key, .crt     for that server
/// DIR/client/NAME.key, .crt     for that client
/// DIR/index.txt                 what was issued, in the form of OpenSSL's index.txt
/// DIR/certs_by_serial/N.pem     a copy of each certificate
/// DIR/crlnumber                 the number of the next list, hexadecimal
/// DIR/root.crt, chain.crt       of an intermediate CA: the root's certificate, and those between it and a holder's
/// DIR/parent                    of an intermediate CA: the folder of the CA above
/// ```
///
/// A folder of easy-rsa 3 is taken as it is: its key is `private/ca.key`, its list `crl.pem`.
public struct PKIDirectory: Sendable {
    /// Where the folder is.
    public let path: String

    /// The folder at a path, which need not exist yet.
    public init(path: String) {
        self.path = path
    }

    var isEasyRSA: Bool { !KeyFiles.exists(path + "/ca-private") && KeyFiles.exists(path + "/private/ca.key") }
    /// Path of the CA's certificate.
    public var certificatePath: String { path + "/ca.crt" }
    /// Path of the CA's private key.
    public var keyPath: String { path + (isEasyRSA ? "/private/ca.key" : "/ca-private/ca.key") }
    /// Path of the CA's revocation list.
    public var revocationListPath: String { path + (isEasyRSA ? "/crl.pem" : "/ca.crl") }
    /// Path of the certificate that servers and clients trust: the CA's own, or the root's above it.
    public var anchorPath: String { KeyFiles.exists(rootPath) ? rootPath : certificatePath }
    var indexPath: String { path + "/index.txt" }
    var rootPath: String { path + "/root.crt" }
    var chainPath: String { path + "/chain.crt" }
    var parentPath: String { path + "/parent" }

    /// The authority above a new one.
    public struct Parent: Sendable {
        /// Its folder.
        public var folder: PKIDirectory
        /// Where the passphrase of its key comes from.
        public var passphrase: PassphraseSource

        /// An authority in a folder.
        public init(folder: PKIDirectory, passphrase: PassphraseSource = .none) {
            self.folder = folder
            self.passphrase = passphrase
        }
    }

    /// Makes the authority; an existing one is never touched.
    ///
    /// `pathLength` is how many other CAs may follow in a row below it. Its key is encrypted when there is a passphrase.
    /// Without a parent it signs itself.
    ///
    /// - Throws: `system` with the file that could not be made, `badName`, and what is wrong with the parent.
    public func create(
        commonName: String, validity: Validity, pathLength: Int = 0, passphrase: Passphrase? = nil,
        parent: Parent? = nil
    ) throws(TLSError) {
        for file in [certificatePath, path + "/ca-private/ca.key", path + "/private/ca.key", indexPath]
        where KeyFiles.exists(file) {
            throw TLSError(
                .system(Errno(rawValue: EEXIST)),
                "\(file) exists: a new CA would make all its certificates useless, choose another folder")
        }
        let above = try parent.map { (parent) throws(TLSError) in try parent.folder.authority(parent.passphrase) }
        var made: IssuedCertificate
        if let above {
            made = try above.issueAuthority(commonName: commonName, validity: validity, pathLength: pathLength)
        } else {
            made = try CertificateAuthority.create(
                commonName: commonName, validity: validity, pathLength: pathLength)
        }
        defer { TLSLibrary.wipe(&made.key) }
        let authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
        try made.encryptKey(passphrase)
        try KeyFiles.makeFolder(path, mode: 0o755)
        if let parent, let above {
            try parent.folder.recordAuthority(made.certificate, in: self, signedBy: above)
            try writeChain(made.certificate, below: parent.folder)
        }
        try KeyFiles.makeFolder(path + "/ca-private", mode: 0o700)
        try KeyFiles.write(made.key, to: path + "/ca-private/ca.key", mode: 0o600)
        try KeyFiles.write(made.certificate, to: certificatePath, mode: 0o644)
        if !KeyFiles.exists(path + "/ca-private/README") {
            try KeyFiles.write(Array(Self.warning.utf8), to: path + "/ca-private/README", mode: 0o600)
        }
        try locked { () throws(TLSError) in
            try change { (_) throws(TLSError) in }
            try renewList(by: authority)
        }
    }

    /// What an intermediate CA hands on beside its own certificate.
    func writeChain(_ certificate: [UInt8], below parent: PKIDirectory) throws(TLSError) {
        let above = KeyFiles.exists(parent.chainPath) ? try KeyFiles.read(parent.chainPath) : []
        try KeyFiles.write(certificate + above, to: chainPath, mode: 0o644, replacing: true)
        try KeyFiles.write(KeyFiles.read(parent.anchorPath), to: rootPath, mode: 0o644, replacing: true)
        let place = KeyFiles.absolute(parent.path) ?? parent.path
        try KeyFiles.write(Array((place + "\n").utf8), to: parentPath, mode: 0o644, replacing: true)
    }

    /// The folder of the CA above, as it was called when this one was made; nil for a CA that signs itself.
    func parent() throws(TLSError) -> PKIDirectory? {
        guard KeyFiles.exists(parentPath) else { return nil }
        let place = try KeyFiles.read(parentPath)
        return PKIDirectory(path: String(decoding: place.prefix { $0 != 0x0a }, as: UTF8.self))
    }

    /// The authority, with its private key.
    ///
    /// - Throws: `system` with the file that could not be read, `passphrase`, and what is wrong with its content.
    public func authority(_ passphrase: PassphraseSource = .none) throws(TLSError) -> CertificateAuthority {
        try authority(passphrase, mayBeOver: false)
    }

    /// The authority, also when its certificate has come to its end.
    func authority(_ passphrase: PassphraseSource, mayBeOver: Bool) throws(TLSError) -> CertificateAuthority {
        let certificate = try KeyFiles.read(certificatePath)
        var key = try KeyFiles.read(keyPath)
        defer { TLSLibrary.wipe(&key) }
        guard TLSLibrary.isEncrypted(key) else {
            return try CertificateAuthority(
                certificate: certificate, PEM.privateKey(key, keyPath), mayBeOver: mayBeOver)
        }
        let given = try passphrase.existing(of: keyPath, option: "--ca-passphrase-file")
        return try CertificateAuthority(
            certificate: certificate, PEM.privateKey(key, keyPath, given), mayBeOver: mayBeOver)
    }

    /// The CA's own certificate.
    func ownCertificate() throws(TLSError) -> Certificate {
        try TLSLibrary.initialise()
        let list = try PEM.certificates(KeyFiles.read(certificatePath), certificatePath, limit: 1)
        guard let first = list.first else { throw TLSError(.badPEM, "\(certificatePath) has no certificate") }
        return first
    }

    /// Runs a change of the folder while nobody else makes one.
    ///
    /// - Throws: `system` when somebody else takes longer than ten seconds, and what `body` throws.
    func locked<T>(_ body: () throws(TLSError) -> T) throws(TLSError) -> T {
        let lock = try FolderLock(path)
        defer { lock.release() }
        return try body()
    }

    private static let warning = """
        ca.key signs certificates: whoever has it can be any server and any client.
        Keep this folder off the servers that nlgate runs on, best on a host or medium of its own, and back it up.
        Servers and clients need only ca.crt (or root.crt, where there is one) and ca.crl, which stand one folder above,
        and their own key and certificate.

        """
}

/// The lock of a folder, held from the beginning until it is released.
private final class FolderLock {
    private let file: Descriptor

    init(_ folder: String) throws(TLSError) {
        do throws(Errno) {
            file = try Descriptor.open(folder + "/lock", flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        } catch { throw KeyFiles.failure("make", folder + "/lock", error) }
        var tries = 0
        while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            let error = Errno.last
            guard [EWOULDBLOCK, EINTR].contains(error.rawValue), tries < 200 else {
                throw TLSError(.system(error), "\(folder) is in use by another 'nlgate pki': try again (\(error))")
            }
            tries += 1
            usleep(50_000)
        }
    }

    func release() {
        _ = flock(file.raw, LOCK_UN)
    }
}
