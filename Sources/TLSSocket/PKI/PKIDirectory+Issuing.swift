import Glibc
internal import LinuxSys

/// The two files that were made for one holder.
public struct IssuedFiles: Equatable, Sendable {
    /// Path of the private key.
    public let key: String
    /// Path of the certificate.
    public let certificate: String
    /// What it is for.
    public var role: CertificateRole = .other
}

/// Passphrases that issuing needs.
public struct IssuePassphrases {
    /// Where that of the CA's key comes from.
    public var authority: PassphraseSource
    /// For the new key; nil for none.
    public var key: Passphrase?

    /// Passphrases of both keys.
    public init(authority: PassphraseSource = .none, key: Passphrase? = nil) {
        self.authority = authority
        self.key = key
    }
}

/// What a renewed certificate keeps of the old one, beside its names.
public struct Renewal {
    /// The holder's key; then no key file is touched, nor needed.
    public var keepsKey = false
    /// The new key has no passphrase although the old one has.
    public var dropsPassphrase = false
    /// The old certificate is revoked at once.
    public var revokesOld = false

    /// A renewal with a new key.
    public init() {}
}

extension PKIDirectory {
    /// Issues for a server; the files bear its first name.
    ///
    /// - Throws: `system` with the file that could not be read or made, and what issuing throws.
    public func issueServer(
        names: [String], validity: Validity, folder: String? = nil, replacing: Bool = false,
        passphrases: IssuePassphrases = .init()
    ) throws(TLSError) -> IssuedFiles {
        let authority = try authority(passphrases.authority)
        let made = try authority.issueServer(names: names, validity: validity)
        let files = files(folder ?? path + "/server", names.first ?? "", .server)
        return try store(made, files, authority, replacing, passphrases.key)
    }

    /// Issues for a client; the files bear its common name.
    ///
    /// - Throws: `system` with the file that could not be read or made, and what issuing throws.
    public func issueClient(
        commonName: String, names: [ClientName], validity: Validity, folder: String? = nil, replacing: Bool = false,
        passphrases: IssuePassphrases = .init()
    ) throws(TLSError) -> IssuedFiles {
        guard !commonName.contains("/"), !commonName.hasPrefix("."), !commonName.hasPrefix("-") else {
            let shown = escaped(Array(commonName.utf8.prefix(100)))
            throw TLSError(.badName, "\"\(shown)\" can't name a file: no slash, and no dot or hyphen at its beginning")
        }
        let authority = try authority(passphrases.authority)
        let made = try authority.issueClient(commonName: commonName, names: names, validity: validity)
        let files = files(folder ?? path + "/client", commonName, .client)
        return try store(made, files, authority, replacing, passphrases.key)
    }

    private func files(_ folder: String, _ name: String, _ role: CertificateRole) -> IssuedFiles {
        IssuedFiles(key: "\(folder)/\(name).key", certificate: "\(folder)/\(name).crt", role: role)
    }

    private func store(
        _ issued: consuming IssuedCertificate, _ files: IssuedFiles, _ authority: CertificateAuthority,
        _ replacing: Bool, _ passphrase: Passphrase?
    ) throws(TLSError) -> IssuedFiles {
        var made = issued
        defer { TLSLibrary.wipe(&made.key) }
        try made.encryptKey(passphrase)
        try locked { () throws(TLSError) in
            for file in [files.key, files.certificate] where !replacing && KeyFiles.exists(file) {
                throw TLSError(.system(Errno(rawValue: EEXIST)), "\(file) exists: --force replaces it")
            }
            let folder = String(files.key.prefix(upTo: files.key.lastIndex(of: "/") ?? files.key.startIndex))
            if !KeyFiles.exists(folder) { try KeyFiles.makeFolder(folder, mode: 0o700) }
            let index = try record(made.certificate, file: files.certificate)
            try KeyFiles.write(made.key, to: files.key, mode: 0o600, replacing: replacing)
            try KeyFiles.write(made.certificate + chain(), to: files.certificate, mode: 0o644, replacing: replacing)
            try keepListFresh(by: authority, index)
        }
        return files
    }

    /// What stands behind a holder's certificate in its file: the CAs below the root.
    private func chain() throws(TLSError) -> [UInt8] {
        KeyFiles.exists(chainPath) ? try KeyFiles.read(chainPath) : []
    }

    /// Issues anew what was issued before: same subject, names and use.
    ///
    /// The files take the place of the old ones, or go to `folder`.
    ///
    /// - Throws: `badName` when there is no such certificate, `revoked`, and what issuing throws.
    public func renew(
        _ selector: CertificateSelector, validity: Validity, _ how: Renewal = .init(), folder: String? = nil,
        passphrases: IssuePassphrases = .init()
    ) throws(TLSError) -> IssuedFiles {
        let old = try renewable(selector)
        let files = try place(of: old, folder)
        if !how.keepsKey, !how.dropsPassphrase, passphrases.key == nil, let before = try? KeyFiles.read(files.key),
            TLSLibrary.isEncrypted(before)
        {
            throw TLSError(
                .passphrase,
                "\(files.key) has a passphrase: give --passphrase or --passphrase-file for the new key, or "
                    + "--no-passphrase, or keep the key with --keep-key")
        }
        let authority = try authority(passphrases.authority)
        let newKey = how.keepsKey ? nil : try CertificateBuilder.newKey()
        let certificate = try authority.renew(old.certificate, key: newKey, validity: validity)
        var key: [UInt8] = []
        defer { TLSLibrary.wipe(&key) }
        if let newKey {
            if let passphrase = passphrases.key {
                key = try newKey.pem(passphrase)
            } else {
                key = try newKey.pem()
            }
        }
        try locked { () throws(TLSError) in
            var index = try record(certificate, file: files.certificate)
            if how.revokesOld {
                index = try change { (index) throws(TLSError) in
                    _ = index.revoke(old.serial, Revocation(time: currentTime(), reason: .superseded))
                }
            }
            if newKey != nil { try KeyFiles.write(key, to: files.key, mode: 0o600, replacing: true) }
            try KeyFiles.write(certificate + chain(), to: files.certificate, mode: 0o644, replacing: true)
            try keepListFresh(by: authority, index)
        }
        return files
    }

    /// The newest certificate that is meant and was not revoked.
    private func renewable(
        _ selector: CertificateSelector
    ) throws(TLSError) -> (certificate: Certificate, serial: String, file: String?) {
        let found = try find(selector, in: readIndex())
        guard let last = found.last(where: { $0.entry.revocation == nil }) else {
            throw TLSError(
                .revoked,
                "it is revoked, and what is revoked is not renewed: issue another with 'nlgate pki server' or "
                    + "'nlgate pki client', with --force if the files are to be replaced")
        }
        guard let certificate = last.certificate else {
            throw TLSError(
                .badName, "no copy of serial number \(last.entry.serial.lowercased()) is there: name its file")
        }
        return (certificate, last.entry.serial, last.file ?? file(of: last.entry))
    }

    private func place(
        of old: (certificate: Certificate, serial: String, file: String?), _ folder: String?
    ) throws(TLSError) -> IssuedFiles {
        var name = old.certificate.commonName(limit: 255) ?? old.serial.lowercased()
        if name.contains("/") || name.hasPrefix(".") { name = old.serial.lowercased() }
        if let file = old.file { name = file.split(separator: "/").last.map(String.init) ?? name }
        for ending in [".crt", ".pem"] where name.hasSuffix(ending) { name = String(name.dropLast(4)) }
        if let folder {
            if !KeyFiles.exists(folder) { try KeyFiles.makeFolder(folder, mode: 0o700) }
            return files(folder, name, old.certificate.role)
        }
        guard let file = old.file else {
            throw TLSError(
                .badName, "nobody knows where the files of serial number \(old.serial.lowercased()) are: give --out")
        }
        let parent = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        return IssuedFiles(key: "\(parent)/\(name).key", certificate: file, role: old.certificate.role)
    }
}
