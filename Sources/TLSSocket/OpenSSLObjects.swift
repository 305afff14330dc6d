internal import COpenSSL

/// The owner of one reference to an X.509 certificate.
@safe
final class Certificate: @unchecked Sendable {
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        // SAFETY: this object holds the reference that is given back.
        unsafe X509_free(raw)
    }
}

/// The owner of one reference to a key pair or public key.
@safe
final class PrivateKey: @unchecked Sendable {
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        // SAFETY: this object holds the reference that is given back; OpenSSL wipes the key.
        unsafe EVP_PKEY_free(raw)
    }
}

/// The owner of one certificate revocation list.
@safe
final class RevocationList: @unchecked Sendable {
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        // SAFETY: this object holds the reference that is given back.
        unsafe X509_CRL_free(raw)
    }

    /// Unix time until which it may be used; nil when it names none.
    var nextUpdate: Int64? {
        // SAFETY: the time belongs to the list, which lives through the call.
        unsafe seconds(X509_CRL_get0_nextUpdate(raw))
    }
}

/// OpenSSL's words for the errors in this thread's queue, which is emptied.
func takeLibraryReason() -> String {
    // SAFETY: the string is a constant of the library.
    let error = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard error != 0, let text = unsafe ERR_reason_error_string(error) else { return "no reason given" }
    return unsafe String(cString: text)
}

/// The value of a call that can only fail for want of memory or by a defect of the library.
func expect(_ pointer: OpaquePointer?, _ call: StaticString) throws(TLSError) -> OpaquePointer {
    // SAFETY: the pointer is only passed through.
    guard let pointer = unsafe pointer else {
        throw TLSError(.library, "OpenSSL's \(call) failed: \(takeLibraryReason())")
    }
    return unsafe pointer
}

/// Throws unless a call answered 1.
func expect(_ result: Int32, _ call: StaticString) throws(TLSError) {
    guard result == 1 else { throw TLSError(.library, "OpenSSL's \(call) failed: \(takeLibraryReason())") }
}
