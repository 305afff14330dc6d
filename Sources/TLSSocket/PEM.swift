internal import COpenSSL

/// Reads PEM texts, refusing what is broken, encrypted or too much.
enum PEM {
    /// Larger texts are refused unread.
    static let sizeLimit = 1 << 20

    /// The certificates of a text, in order, at least one and at most `limit`.
    static func certificates(_ text: [UInt8], _ what: String, limit: Int) throws(TLSError) -> [Certificate] {
        var list = [Certificate]()
        try unsafe read(text, what, "certificate", limit: limit) { bio in
            // SAFETY: the BIO lives through this call, and the new object's reference goes to its owner.
            guard let raw = unsafe PEM_read_bio_X509(bio, nil, refusePassword, nil) else { return false }
            list.append(unsafe Certificate(owning: raw))
            return true
        }
        return list
    }

    /// The revocation lists of a text, at least one and at most `limit`.
    static func revocationLists(_ text: [UInt8], _ what: String, limit: Int) throws(TLSError) -> [RevocationList] {
        var list = [RevocationList]()
        try unsafe read(text, what, "revocation list", limit: limit) { bio in
            // SAFETY: the BIO lives through this call, and the new object's reference goes to its owner.
            guard let raw = unsafe PEM_read_bio_X509_CRL(bio, nil, refusePassword, nil) else { return false }
            list.append(unsafe RevocationList(owning: raw))
            return true
        }
        return list
    }

    /// The one private key of a text.
    static func privateKey(_ text: [UInt8], _ what: String) throws(TLSError) -> PrivateKey {
        try TLSLibrary.initialise()
        guard !isEncrypted(text) else { throw encrypted(what) }
        var key: PrivateKey?
        try unsafe read(text, what, "private key", limit: 1, onlyFirst: true) { bio in
            // SAFETY: the BIO lives through this call, and the new object's reference goes to its owner.
            guard let raw = unsafe PEM_read_bio_PrivateKey(bio, nil, refusePassword, nil) else { return false }
            key = unsafe PrivateKey(owning: raw)
            return true
        }
        guard let key else { throw TLSError(.badPEM, "\(what) has no private key") }
        return key
    }

    private static func read(
        _ text: [UInt8], _ what: String, _ kind: String, limit: Int, onlyFirst: Bool = false,
        next: (OpaquePointer) -> Bool
    ) throws(TLSError) {
        guard text.count <= sizeLimit else { throw TLSError(.badPEM, "\(what) is larger than \(sizeLimit) bytes") }
        ERR_clear_error()
        var count = 0
        // SAFETY: the BIO reads from the array's own storage and is freed before the closure returns.
        let isWhole = unsafe text.withUnsafeBytes { bytes in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return false }
            defer { unsafe BIO_free(bio) }
            while count <= limit, unsafe next(bio) {
                count += 1
                if onlyFirst { return true }
            }
            return count > limit || isAtEnd
        }
        let reason = takeLibraryReason()
        guard count > 0 || !isWhole else {
            throw TLSError(.badPEM, "\(what) has no \(kind) in PEM form (-----BEGIN …)")
        }
        guard isWhole else {
            throw TLSError(.badPEM, "\(what) has a \(kind) that can't be read, it is damaged or encrypted: \(reason)")
        }
        guard count <= limit else { throw TLSError(.badPEM, "\(what) has more than \(limit) \(kind)s") }
    }

    /// True when the last error says that no further PEM block was found.
    private static var isAtEnd: Bool {
        let error = ERR_peek_last_error()
        return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE
    }
}

/// Answers "no password", where OpenSSL's own function would ask on the terminal.
private let refusePassword:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) ->
        Int32 = { _, _, _, _ in -1 }
