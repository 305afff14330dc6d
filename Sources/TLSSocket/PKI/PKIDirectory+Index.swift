import Glibc
internal import LinuxSys

/// A certificate that an authority has issued.
public struct IndexedCertificate: Sendable {
    /// The serial number in hexadecimal, lower case.
    public let serial: String
    /// The subject as OpenSSL's index has it: `/CN=name`.
    public let subject: String
    /// Unix time of its end.
    public let notAfter: Int64
    /// When and why it was revoked; nil when it wasn't.
    public let revocation: Revocation?
    /// Where its holder's certificate was put; nil when nobody knows.
    public let file: String?
    /// What it says; nil when no copy of it is there.
    public let description: CertificateDescription?

    /// Neither revoked nor past its end.
    public var isValid: Bool { revocation == nil && notAfter >= currentTime() }
}

/// Which certificate of an authority is meant.
public enum CertificateSelector: Equatable, Sendable {
    /// By its common name, or by a file that it is in.
    case named(String)
    /// By its serial number in hexadecimal.
    case serial(String)
}

extension PKIDirectory {
    /// What was issued, in the order of the index.
    ///
    /// - Throws: `system` and `badPEM` when the CA's certificate or the index can't be read.
    public func issued() throws(TLSError) -> [IndexedCertificate] {
        let index = try readIndex()
        var list: [IndexedCertificate] = []
        for entry in index.entries { list.append(indexed(entry)) }
        return list
    }

    /// What the CA's certificate says.
    ///
    /// - Throws: `system` and `badPEM`.
    public func authorityDescription() throws(TLSError) -> CertificateDescription {
        CertificateDescription(try ownCertificate())
    }

    func indexed(_ entry: CertificateIndex.Entry) -> IndexedCertificate {
        IndexedCertificate(
            serial: entry.serial.lowercased(), subject: entry.subject, notAfter: entry.notAfter,
            revocation: entry.revocation, file: file(of: entry),
            description: certificate(of: entry).map { CertificateDescription($0) })
    }

    /// Where the holder's certificate is; nil when the index doesn't know.
    func file(of entry: CertificateIndex.Entry) -> String? {
        guard entry.file != "unknown", !entry.file.isEmpty else { return nil }
        return entry.file.hasPrefix("/") ? entry.file : path + "/" + entry.file
    }

    func copyPath(_ serial: String) -> String { path + "/certs_by_serial/\(serial).pem" }

    /// The certificate, from the copy or from the holder's file.
    func certificate(of entry: CertificateIndex.Entry) -> Certificate? {
        // The second is where easy-rsa moves what it revokes.
        let copies = [copyPath(entry.serial), "\(path)/revoked/certs_by_serial/\(entry.serial).crt", file(of: entry)]
        for place in copies.compactMap({ $0 }) {
            guard let text = try? KeyFiles.read(place),
                let first = try? PEM.certificates(text, place, limit: 8).first, first.indexSerial == entry.serial
            else { continue }
            return first
        }
        return nil
    }

    /// The index; what was issued before there was one is found in the folders.
    func readIndex() throws(TLSError) -> CertificateIndex {
        let own = try ownCertificate()
        if KeyFiles.exists(indexPath) {
            return try CertificateIndex(
                KeyFiles.read(indexPath, limit: CertificateIndex.sizeLimit), path: indexPath)
        }
        var index = CertificateIndex()
        for folder in ["server", "client"] {
            for name in KeyFiles.names(in: "\(path)/\(folder)") where name.hasSuffix(".crt") {
                let file = "\(folder)/\(name)"
                guard let text = try? KeyFiles.read("\(path)/\(file)"),
                    let first = try? PEM.certificates(text, file, limit: 8).first, first.isIssued(by: own)
                else { continue }
                index.add(entry(first, file: file))
            }
        }
        return index
    }

    func entry(_ certificate: Certificate, file: String) -> CertificateIndex.Entry {
        CertificateIndex.Entry(
            notAfter: certificate.notAfter, serial: certificate.indexSerial, file: file,
            subject: certificate.indexSubject)
    }

    /// Changes the index as a whole; only with the lock.
    @discardableResult
    func change(_ body: (inout CertificateIndex) throws(TLSError) -> Void) throws(TLSError) -> CertificateIndex {
        let isFirst = !KeyFiles.exists(indexPath)
        var index = try readIndex()
        if isFirst {
            for entry in index.entries {
                if let found = certificate(of: entry) { try keepCopy(found) }
            }
            // Renewed certificates have the subject of those before; OpenSSL must not mind.
            if !KeyFiles.exists(indexPath + ".attr") {
                try KeyFiles.write(Array("unique_subject = no\n".utf8), to: indexPath + ".attr", mode: 0o644)
            }
        }
        try body(&index)
        try KeyFiles.write(index.text(now: currentTime()), to: indexPath, mode: 0o644, replacing: true)
        return index
    }

    func keepCopy(_ certificate: Certificate) throws(TLSError) {
        let path = copyPath(certificate.indexSerial)
        if KeyFiles.exists(path) { return }
        if !KeyFiles.exists(self.path + "/certs_by_serial") {
            try KeyFiles.makeFolder(self.path + "/certs_by_serial", mode: 0o755)
        }
        try KeyFiles.write(certificate.pem(), to: path, mode: 0o644, replacing: true)
    }

    /// Notes that a certificate was issued, before anybody gets it; only with the lock.
    func record(_ certificate: [UInt8], file: String) throws(TLSError) -> CertificateIndex {
        guard let first = try PEM.certificates(certificate, "the new certificate", limit: 8).first else {
            throw TLSError(.library, "the new certificate is empty")
        }
        try keepCopy(first)
        let entry = entry(first, file: indexName(of: file))
        return try change { (index) throws(TLSError) in index.add(entry) }
    }

    func recordAuthority(
        _ certificate: [UInt8], in child: PKIDirectory, signedBy authority: CertificateAuthority
    ) throws(TLSError) {
        try locked { () throws(TLSError) in
            let place = (KeyFiles.absolute(child.path) ?? child.path) + "/ca.crt"
            let index = try record(certificate, file: place)
            try keepListFresh(by: authority, index)
        }
    }

    /// A file's path as the index has it: below the folder where it is there.
    private func indexName(of file: String) -> String {
        guard file.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return "unknown" }
        if file.hasPrefix(path + "/") { return String(file.dropFirst(path.count + 1)) }
        var parts = file.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.removeLast()
        let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
        return (KeyFiles.absolute(folder) ?? folder) + "/" + name
    }
}
