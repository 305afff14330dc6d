internal import COpenSSL
import Glibc
internal import LinuxSys

/// Why OpenSSL refused a server's certificate.
@safe
struct VerifyFailure {
    /// One of X509_V_ERR_.
    let error: Int32
    /// 0 is the server's own certificate, above are those of CAs.
    let depth: Int32
    /// The certificate that the error is about.
    let certificate: Certificate?

    init(error: Int32, depth: Int32, certificate: OpaquePointer?) {
        self.error = error
        self.depth = depth
        // SAFETY: a reference of our own is taken while OpenSSL's is alive.
        if let certificate = unsafe certificate, unsafe X509_up_ref(certificate) == 1 {
            self.certificate = unsafe Certificate(owning: certificate)
        } else {
            self.certificate = nil
        }
    }
}

/// What is known when a call on a connection failed, and its translation into words.
struct FailureContext {
    let side: Side
    /// SSL_get_error's value.
    let result: Int32
    /// errno at that time.
    let number: Int32
    let verify: VerifyFailure?
    let name: HostName?
    let isOpen: Bool

    /// The error in words; OpenSSL's queue is emptied.
    func error() -> TLSError {
        let queued = ERR_peek_error()
        defer { ERR_clear_error() }
        if result == SSL_ERROR_SYSCALL && (queued == 0 || number != 0) { return systemError }
        guard ERR_GET_LIB(queued) == ERR_LIB_SSL else {
            return TLSError(.library, "TLS failed: \(takeLibraryReason())")
        }
        let reason = ERR_GET_REASON(queued)
        if reason == SSL_R_CERTIFICATE_VERIFY_FAILED, let verify {
            return verify.error(name: name)
        }
        if (1000..<1256).contains(reason) { return alertError(UInt8(reason - 1000)) }
        return protocolError(reason)
    }

    private var closed: TLSError {
        TLSError(
            .closed,
            "the \(side.peer) closed the connection \(isOpen ? "without saying so" : "during the TLS handshake")")
    }

    private var systemError: TLSError {
        guard number != 0 else { return closed }
        let errno = Errno(rawValue: number)
        return TLSError(.system(errno), "the connection to the \(side.peer) failed: \(errno)")
    }

    private func protocolError(_ reason: Int32) -> TLSError {
        switch reason {
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: return closed
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TLSError(.noCertificate, "the \(side.peer) sent no certificate: give it one, with its key")
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
            return TLSError(.notTLS, "the \(side.peer) speaks plain HTTP, not TLS")
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_BAD_RECORD_TYPE:
            if isOpen { break }
            return TLSError(
                .notTLS, "the \(side.peer) does not speak TLS: is the port right, and does the other end use tls://?")
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE:
            return TLSError(.protocolVersion, "the \(side.peer) does not speak TLS 1.3: update its TLS library")
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return TLSError(.applicationProtocol, "the \(side.peer) wants another application protocol than nlgate/1")
        case SSL_R_EXCESSIVE_MESSAGE_SIZE:
            return TLSError(.badCertificate, "the \(side.peer) sent a handshake message of excessive size")
        default: break
        }
        return TLSError(.protocolViolation, "the \(side.peer) broke the TLS protocol: \(takeLibraryReason())")
    }

    private func alertError(_ alert: UInt8) -> TLSError {
        let own = side.own
        let reason =
            switch alert {
            case 42: "it does not like the \(own)'s certificate, or that is not valid yet"
            case 43: "the \(own)'s certificate is not for this use"
            case 44: "the \(own)'s certificate is revoked"
            case 45: "the \(own)'s certificate, or the CRL it is checked against, has expired"
            case 46: "something about the \(own)'s certificate is not acceptable"
            case 48: "the \(own)'s certificate is not signed by the CA that the \(side.peer) trusts"
            case 51: "a signature is wrong"
            case 70: "it does not speak TLS 1.3"
            case 40, 71: "it finds no common key exchange, cipher or signature"
            case 112: "it does not know the name that it was asked for"
            case 116: "it wants a certificate"
            case 120: "it does not know the application protocol nlgate/1"
            default: "TLS alert \(alert)"
            }
        return TLSError(.refusedByPeer(alert: alert), "the \(side.peer) refused the connection: \(reason)")
    }
}
