internal import COpenSSL

/// What a PEM text holds, for people.
public enum PEMObject: Equatable, Sendable {
    /// A certificate.
    case certificate(CertificateDescription)
    /// A private key; type and print are nil while it is encrypted.
    case key(type: String?, fingerprint: String?)
    /// A revocation list.
    case revocationList(RevocationListDescription)

    /// Everything in a text, certificates first, then revocation lists, then the key.
    ///
    /// - Throws: `badPEM` when there is nothing, or something is damaged; `passphrase`.
    public static func all(
        in text: [UInt8], _ what: String, passphrase: Passphrase? = nil
    ) throws(TLSError) -> [PEMObject] {
        try TLSLibrary.initialise()
        var objects: [PEMObject] = []
        if has(text, ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]) {
            for certificate in try PEM.certificates(text, what, limit: 64) {
                objects.append(.certificate(CertificateDescription(certificate)))
            }
        }
        if has(text, ["X509 CRL"]) {
            for list in try PEM.revocationLists(text, what, limit: 64) {
                objects.append(.revocationList(RevocationListDescription(list)))
            }
        }
        if has(text, ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]) {
            if PEM.isEncrypted(text), passphrase == nil {
                objects.append(.key(type: nil, fingerprint: nil))
            } else {
                let key: PrivateKey
                if let passphrase {
                    key = try PEM.privateKey(text, what, passphrase)
                } else {
                    key = try PEM.privateKey(text, what)
                }
                // SAFETY: the key lives through the calls, which only read it.
                objects.append(unsafe .key(type: keyText(key.raw), fingerprint: keyPrint(key.raw)))
            }
        }
        guard !objects.isEmpty else {
            throw TLSError(
                .badPEM,
                "\(what) has no certificate, private key or revocation list in PEM form (-----BEGIN …); "
                    + "'openssl x509 -inform der -in … -out …' makes PEM of DER")
        }
        return objects
    }

    /// Everything in a file.
    ///
    /// - Throws: `system` when it can't be read, and what its content throws.
    public static func all(inFile path: String, passphrase: Passphrase? = nil) throws(TLSError) -> [PEMObject] {
        var text = try KeyFiles.read(path)
        defer { TLSLibrary.wipe(&text) }
        return try all(in: text, path, passphrase: passphrase)
    }

    private static func has(_ text: [UInt8], _ labels: [StaticString]) -> Bool {
        labels.contains { PEM.contains(text, "-----BEGIN \($0)-----") }
    }
}

/// What a revocation list says; nothing of it is verified.
public struct RevocationListDescription: Equatable, Sendable {
    /// Who issued it, as RFC 4514 text.
    public let issuer: String
    /// Its number; nil when it has none.
    public let number: Int64?
    /// Unix time of its making.
    public let lastUpdate: Int64?
    /// Unix time of its end; nil when it names none.
    public let nextUpdate: Int64?
    /// How many certificates it revokes.
    public let count: Int

    init(_ list: RevocationList) {
        // SAFETY: what is read belongs to the list, which lives through the calls.
        issuer = unsafe nameText(X509_CRL_get_issuer(list.raw), limit: 1024)
        number = list.number
        lastUpdate = list.lastUpdate
        nextUpdate = list.nextUpdate
        count = unsafe max(0, Int(nlg_crl_count(list.raw)))
    }
}

extension RevocationList {
    /// Its number; nil when it has none.
    var number: Int64? {
        // SAFETY: the list lives through the call, which only reads it.
        let number = unsafe nlg_crl_number(raw)
        return number < 0 ? nil : number
    }

    /// Unix time of its making.
    var lastUpdate: Int64? {
        // SAFETY: the time belongs to the list, which lives through the call.
        unsafe seconds(X509_CRL_get0_lastUpdate(raw))
    }

    /// True when this authority has signed it.
    func isIssued(by issuer: Certificate) -> Bool {
        // SAFETY: both objects live through the calls, which only read them.
        guard unsafe X509_NAME_cmp(X509_CRL_get_issuer(raw), X509_get_subject_name(issuer.raw)) == 0,
            let key = unsafe X509_get0_pubkey(issuer.raw)
        else { return false }
        defer { ERR_clear_error() }
        return unsafe X509_CRL_verify(raw, key) == 1
    }

    func pem() throws(TLSError) -> [UInt8] {
        // SAFETY: both objects live through the call.
        unsafe try pemText { bio in unsafe PEM_write_bio_X509_CRL(bio, raw) }
    }
}
