import Glibc

/// A certificate that a selector means, with its line of the index if there is one.
struct FoundCertificate {
    var entry: CertificateIndex.Entry
    /// nil when only its serial number is known.
    var certificate: Certificate?
    var isIndexed: Bool
    /// The file that the user named.
    var file: String?
}

extension PKIDirectory {
    /// The certificates that a selector means: by file and serial number one, by name all of that name.
    ///
    /// - Throws: `badName` when there is none, or one of a server and one of a client.
    func find(_ selector: CertificateSelector, in index: CertificateIndex) throws(TLSError) -> [FoundCertificate] {
        switch selector {
        case .serial(let text): return [try find(serial: text, in: index)]
        case .named(let name):
            let isPath = name.contains("/") || name.hasSuffix(".crt") || name.hasSuffix(".pem")
            if isPath { return [try find(file: name, in: index)] }
            let found = try find(name: name, in: index)
            if found.isEmpty, KeyFiles.exists(name) { return [try find(file: name, in: index)] }
            guard !found.isEmpty else {
                throw TLSError(
                    .badName,
                    "\(path) has issued nothing to \"\(escaped(Array(name.utf8.prefix(100))))\": "
                        + "'nlgate pki list \(path)' shows what it has issued")
            }
            return found
        }
    }

    private func find(serial text: String, in index: CertificateIndex) throws(TLSError) -> FoundCertificate {
        guard let serial = CertificateIndex.serial(text) else {
            throw TLSError(.badName, "\"\(escaped(Array(text.utf8.prefix(100))))\" is no serial number in hexadecimal")
        }
        if let entry = index.entries.first(where: { $0.serial == serial }) {
            return FoundCertificate(entry: entry, certificate: certificate(of: entry), isIndexed: true)
        }
        let unknown = CertificateIndex.Entry(
            notAfter: try ownCertificate().notAfter, serial: serial, file: "unknown", subject: "/CN=unknown")
        return FoundCertificate(entry: unknown, isIndexed: false)
    }

    private func find(file: String, in index: CertificateIndex) throws(TLSError) -> FoundCertificate {
        guard let first = try PEM.certificates(KeyFiles.read(file), file, limit: 64).first else {
            throw TLSError(.badPEM, "\(file) has no certificate")
        }
        guard first.isIssued(by: try ownCertificate()) else {
            throw TLSError(.notSignedByCA, "\(file): \(first.shownSubject) was not issued by the CA of \(path)")
        }
        let known = index.entries.first { $0.serial == first.indexSerial }
        return FoundCertificate(
            entry: known ?? entry(first, file: "unknown"), certificate: first, isIndexed: known != nil, file: file)
    }

    private func find(name: String, in index: CertificateIndex) throws(TLSError) -> [FoundCertificate] {
        var found: [FoundCertificate] = []
        var roles: Set<CertificateRole> = []
        for entry in index.entries {
            let certificate = certificate(of: entry)
            let known = certificate?.commonName(limit: 255)
            guard known == name || known == nil && names(entry, name) else { continue }
            found.append(FoundCertificate(entry: entry, certificate: certificate, isIndexed: true))
            roles.insert(certificate?.role ?? .other)
        }
        guard roles.count < 2 else {
            throw TLSError(
                .badName,
                "\"\(name)\" has certificates of several kinds: "
                    + found.map {
                        "\(($0.certificate?.role ?? .other).rawValue) --serial \($0.entry.serial.lowercased())"
                    }
                    .joined(separator: ", "))
        }
        return found
    }

    /// Without a common name it is the file's that counts; without a copy the index's subject.
    private func names(_ entry: CertificateIndex.Entry, _ name: String) -> Bool {
        let base = entry.file.split(separator: "/").last.map(String.init) ?? ""
        return base == name + ".crt" || entry.subject == "/CN=\(name)"
    }
}
