import Glibc
internal import LinuxSys

/// What revoking did to one certificate.
public struct RevokedCertificate: Sendable {
    /// The certificate as it is now.
    public let certificate: IndexedCertificate
    /// False when it was revoked before; then nothing was changed.
    public let isNew: Bool
    /// False when the index knew nothing of it before.
    public let wasIndexed: Bool
}

extension PKIDirectory {
    /// Days for which a first list holds; later ones hold as long as the one before.
    public static let listDays = 90

    /// Revokes every valid certificate that is meant, and makes a new list.
    ///
    /// What is revoked already stays as it is.
    ///
    /// - Throws: `badName` when there is no such certificate, `system`, `passphrase`.
    public func revoke(
        _ selector: CertificateSelector, reason: RevocationReason, passphrase: PassphraseSource = .none
    ) throws(TLSError) -> [RevokedCertificate] {
        let authority = try authority(passphrase)
        let now = currentTime()
        return try locked { () throws(TLSError) in
            let found = try find(selector, in: readIndex())
            let wanted = found.filter { $0.entry.revocation == nil && ($0.entry.notAfter >= now || found.count == 1) }
            let index = try change { (index) throws(TLSError) in
                for item in wanted {
                    if !item.isIndexed { index.add(item.entry) }
                    _ = index.revoke(item.entry.serial, Revocation(time: now, reason: reason))
                }
            }
            for item in wanted where !item.isIndexed {
                if let certificate = item.certificate { try keepCopy(certificate) }
            }
            try renewList(by: authority, index)
            let before = found.filter { $0.entry.revocation != nil }
            return (wanted.isEmpty ? before : wanted).compactMap { item in
                let entry = index.entries.first { $0.serial == item.entry.serial }
                return entry.map {
                    RevokedCertificate(
                        certificate: indexed($0), isNew: item.entry.revocation == nil, wasIndexed: item.isIndexed)
                }
            }
        }
    }

    /// Makes a new revocation list; nil days are those of the list before.
    ///
    /// - Throws: `system` with the file that could not be read or made, `passphrase`.
    public func renewRevocationList(days: Int? = nil, passphrase: PassphraseSource = .none) throws(TLSError) {
        let authority = try authority(passphrase)
        try locked { () throws(TLSError) in
            let index = try change { (_) throws(TLSError) in }
            try renewList(by: authority, index, days: days)
        }
    }

    /// What the list says, its own first; nil when there is none.
    ///
    /// - Throws: `system` and `badPEM` when it can't be read.
    public func revocationLists() throws(TLSError) -> [RevocationListDescription] {
        try readLists().map { RevocationListDescription($0) }
    }

    func readLists() throws(TLSError) -> [RevocationList] {
        guard KeyFiles.exists(revocationListPath) else { return [] }
        try TLSLibrary.initialise()
        return try PEM.revocationLists(
            KeyFiles.read(revocationListPath, limit: PEM.sizeLimit), revocationListPath, limit: 64)
    }

    /// Makes a new list where there is one.
    func keepListFresh(by authority: CertificateAuthority, _ index: CertificateIndex) throws(TLSError) {
        if KeyFiles.exists(revocationListPath) { try renewList(by: authority, index) }
    }

    /// Writes the next list, and behind it the newest ones of the CAs above; only with the lock.
    func renewList(
        by authority: CertificateAuthority, _ known: CertificateIndex? = nil, days: Int? = nil
    ) throws(TLSError) {
        let index: CertificateIndex
        if let known { index = known } else { index = try readIndex() }
        let before = try readLists()
        let own = before.first { $0.isIssued(by: authority.certificate) }
        var span = Int64(days ?? Self.listDays) * 86_400
        if days == nil, let own, let begin = own.lastUpdate, let end = own.nextUpdate, end > begin {
            span = max((end - begin) / 86_400, 1) * 86_400
        }
        let now = currentTime()
        let number = max(try nextNumber(), (own?.number ?? 0) + 1)
        let revoked = index.entries.compactMap { entry in
            entry.revocation.map { (serial: entry.serial, revocation: $0) }
        }
        var text = try authority.revocationList(
            revoked, number: number, validity: Validity(notBefore: now - Self.backdating, notAfter: now + span))
        text += try listsAbove(before)
        let next = String(number + 1, radix: 16, uppercase: true)
        let digits = next.utf8.count % 2 == 1 ? "0" + next : next
        try KeyFiles.write(Array((digits + "\n").utf8), to: path + "/crlnumber", mode: 0o644, replacing: true)
        try KeyFiles.write(text, to: revocationListPath, mode: 0o644, replacing: true)
    }

    /// Seconds by which a list begins before its making, since clocks differ.
    private static let backdating: Int64 = 300

    private func nextNumber() throws(TLSError) -> Int64 {
        let file = path + "/crlnumber"
        guard KeyFiles.exists(file) else { return 1 }
        let text = String(decoding: try KeyFiles.read(file), as: UTF8.self)
        let digits = text.prefix { $0.isHexDigit }
        guard !digits.isEmpty, let number = Int64(digits, radix: 16), number >= 0, number < .max - 1 else {
            throw TLSError(.badPEM, "\(file) has no number in hexadecimal")
        }
        return number
    }

    /// The newest list of each CA above, out of the parent's folder and what was there before.
    private func listsAbove(_ before: [RevocationList]) throws(TLSError) -> [UInt8] {
        guard KeyFiles.exists(chainPath), KeyFiles.exists(rootPath) else { return [] }
        var above = try PEM.certificates(KeyFiles.read(rootPath), rootPath, limit: 8)
        above += try PEM.certificates(KeyFiles.read(chainPath), chainPath, limit: 8).dropFirst()
        var known = before
        if let parent = try? parent() { known += (try? parent.readLists()) ?? [] }
        var text: [UInt8] = []
        for authority in above {
            let lists = known.filter { $0.isIssued(by: authority) }
            let newest = lists.max { ($0.number ?? 0, $0.lastUpdate ?? 0) < ($1.number ?? 0, $1.lastUpdate ?? 0) }
            if let newest { text += try newest.pem() }
        }
        return text
    }
}
