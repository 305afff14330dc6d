internal import COpenSSL

/// A certificate with its chain and its key, checked to belong together and to be valid now.
struct Credential {
    /// The holder's certificate, then those that lead towards the CA.
    let chain: [Certificate]
    /// The key of the first.
    let key: PrivateKey

    init(certificate: [UInt8], key: [UInt8], side: Side) throws(TLSError) {
        let what = "the \(side.own)'s certificate file"
        chain = try PEM.certificates(certificate, what, limit: 8)
        self.key = try PEM.privateKey(key, "the \(side.own)'s key file")
        for certificate in chain { try certificate.checkValidity("the \(side.own)'s certificate") }
        guard let leaf = chain.first else { throw TLSError(.badPEM, "\(what) has no certificate") }
        // SAFETY: both objects live through the calls, which only read them.
        guard unsafe X509_check_private_key(leaf.raw, self.key.raw) == 1 else {
            ERR_clear_error()
            throw TLSError(
                .keyMismatch,
                "the \(side.own)'s key does not belong to the \(side.own)'s certificate (\(leaf.shownSubject)): "
                    + "give the two files that were made together")
        }
        let purpose = side == .server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT
        guard unsafe X509_check_purpose(leaf.raw, purpose, 0) == 1 else {
            throw TLSError(
                .wrongPurpose,
                "the certificate \(leaf.shownSubject) may not be used as a \(side.own)'s (extended key usage): "
                    + "issue one for a \(side.own)")
        }
    }
}

extension Certificate {
    /// The subject for messages.
    var shownSubject: String {
        let text = subject(limit: 200)
        return text.isEmpty ? "with serial \(serial(limit: 32))" : text
    }

    /// Throws when it is not valid at present.
    func checkValidity(_ what: String, at now: Int64 = currentTime()) throws(TLSError) {
        if now < notBefore {
            throw TLSError(
                .certificateNotYetValid,
                "\(what) (\(shownSubject)) is not valid before \(dateText(notBefore)): check the clock, "
                    + "which says \(dateText(now))")
        }
        if now > notAfter {
            throw TLSError(
                .certificateExpired,
                "\(what) (\(shownSubject)) expired on \(dateText(notAfter)): issue a new one")
        }
    }
}

/// The certificates of a CA file, of which at least one is valid now.
func readAnchors(_ text: [UInt8], side: Side) throws(TLSError) -> [Certificate] {
    let what = "the CA file for \(side.peer)s"
    let list = try PEM.certificates(text, what, limit: 64)
    let now = currentTime()
    if let first = list.first, !list.contains(where: { $0.notBefore <= now && now <= $0.notAfter }) {
        try first.checkValidity("the certificate of \(what)", at: now)
    }
    return list
}
