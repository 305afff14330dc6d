internal import COpenSSL

extension VerifyFailure {
    /// The failure in words; `name` is what the server was called.
    func error(name: HostName?) -> TLSError {
        let who = depth == 0 ? "the server's certificate" : "a CA certificate above the server's"
        let subject = certificate.map { " (\($0.shownSubject))" } ?? ""
        let what = who + subject
        switch error {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return mismatch(what, name)
        case X509_V_ERR_CERT_HAS_EXPIRED:
            let end = certificate.map { " on " + dateText($0.notAfter) } ?? ""
            return TLSError(.certificateExpired, "\(what) expired\(end): issue a new one")
        case X509_V_ERR_CERT_NOT_YET_VALID:
            let begin = certificate.map { " before " + dateText($0.notBefore) } ?? " yet"
            return TLSError(.certificateNotYetValid, "\(what) is not valid\(begin): check the clocks of both hosts")
        case X509_V_ERR_CERT_REVOKED:
            return TLSError(.revoked, "\(what) is revoked by the CRL")
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return TLSError(
                .crlExpired, "the CRL that \(what) is checked against has expired: get a new one from the CA")
        case X509_V_ERR_CRL_NOT_YET_VALID:
            return TLSError(.crlExpired, "the CRL that \(what) is checked against is not valid yet: check the clock")
        case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
            return TLSError(.crlMissing, "the CRL file has no list of the CA that issued \(what)")
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_CERT_UNTRUSTED,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            let issuer = certificate.map { ", issued by \(shown($0.issuer(limit: 200)))," } ?? ""
            return TLSError(.notSignedByCA, "\(what)\(issuer) is not signed by a CA of the CA file")
        case X509_V_ERR_INVALID_PURPOSE:
            return TLSError(
                .wrongPurpose, "\(what) may not be used as a server's (extended key usage): issue one for a server")
        case X509_V_ERR_CERT_CHAIN_TOO_LONG:
            return TLSError(.badCertificate, "the server's chain has more than \(SSLContext.depthLimit) CAs")
        default:
            // SAFETY: the text is a constant of the library.
            let text = unsafe String(cString: X509_verify_cert_error_string(Int(error)))
            return TLSError(.badCertificate, "\(what) is refused: \(text)")
        }
    }

    private func mismatch(_ what: String, _ name: HostName?) -> TLSError {
        let wanted =
            switch name {
            case .dns(let name): "\"\(name)\""
            case .address(let bytes): addressText(bytes)
            case nil: "this server"
            }
        let names = certificate?.alternativeNames()
        let known = (names?.dns ?? []) + (names?.addresses ?? []).map(addressText)
        let text = known.isEmpty ? "it names no server" : "it is for " + known.prefix(8).joined(separator: ", ")
        return TLSError(
            .nameMismatch,
            "\(what) is not for \(wanted): \(text); connect by such a name, or issue a certificate with this one")
    }

    private func shown(_ name: String) -> String {
        name.isEmpty ? "an unnamed CA" : name
    }
}

/// The usual text of 4 or 16 address bytes; other lengths in hexadecimal.
func addressText(_ bytes: [UInt8]) -> String {
    switch bytes.count {
    case 4: return bytes.map(String.init).joined(separator: ".")
    case 16:
        return stride(from: 0, to: 16, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }.joined(separator: ":")
    default: return "#" + hexadecimal(bytes)
    }
}
