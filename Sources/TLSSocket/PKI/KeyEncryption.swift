internal import COpenSSL

extension TLSLibrary {
    /// True when a private key's PEM text can't be read without a passphrase.
    public static func isEncrypted(_ key: [UInt8]) -> Bool {
        PEM.isEncrypted(key)
    }

    /// A private key's PEM text without its encryption; one that has none is returned as it is.
    ///
    /// Wipe it after use.
    ///
    /// - Throws: `passphrase` for the wrong one, `badPEM` for what is no key.
    public static func decrypted(_ key: [UInt8], _ what: String, _ passphrase: Passphrase) throws(TLSError) -> [UInt8] {
        guard PEM.isEncrypted(key) else { return key }
        return try PEM.privateKey(key, what, passphrase).pem()
    }
}

extension PEM {
    /// True for PKCS #8 that is encrypted, and for the older way, which has it in a header.
    static func isEncrypted(_ text: [UInt8]) -> Bool {
        contains(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || contains(text, "\nProc-Type: 4,ENCRYPTED")
    }

    static func contains(_ text: [UInt8], _ word: String) -> Bool {
        let word = Array(word.utf8)
        // SAFETY: the function reads the two ranges, whose sizes are their own.
        return unsafe text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe nlg_contains(base, bytes.count, word, word.count) == 1
        }
    }

    static func encrypted(_ what: String) -> TLSError {
        TLSError(
            .passphrase,
            "\(what) is encrypted: a passphrase is needed, or the key without one ('openssl pkey -in … -out …')")
    }

    /// The one private key of a text that may be encrypted.
    static func privateKey(
        _ text: [UInt8], _ what: String, _ passphrase: Passphrase
    ) throws(TLSError) -> PrivateKey {
        guard isEncrypted(text) else { return try privateKey(text, what) }
        try TLSLibrary.initialise()
        ERR_clear_error()
        // SAFETY: the BIO reads from the array's own storage and is freed before the closure returns; the new
        // object's reference goes to its owner.
        let key: PrivateKey? = unsafe text.withUnsafeBytes { bytes in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            let raw = unsafe passphrase.withBytes { bytes, count in unsafe nlg_read_encrypted_key(bio, bytes, count) }
            guard let raw = unsafe raw, let raw = unsafe raw else { return nil }
            return unsafe PrivateKey(owning: raw)
        }
        let reason = takeLibraryReason()
        guard let key else {
            throw TLSError(.passphrase, "\(what) can't be decrypted: the passphrase is another one (\(reason))")
        }
        return key
    }
}

extension PrivateKey {
    /// Rounds of PBKDF2, each an HMAC-SHA-256: what OWASP's Password Storage Cheat Sheet of 2023 asks for.
    static let iterations: Int32 = 600_000

    /// The key as encrypted PKCS #8 PEM text.
    func pem(_ passphrase: Passphrase) throws(TLSError) -> [UInt8] {
        // SAFETY: all objects live through the calls.
        unsafe try pemText { bio in
            let done = unsafe passphrase.withBytes { bytes, count in
                unsafe nlg_write_encrypted_key(bio, raw, bytes, count, Self.iterations)
            }
            return done ?? 0
        }
    }
}

extension IssuedCertificate {
    /// Puts the key under a passphrase, if there is one.
    mutating func encryptKey(_ passphrase: Passphrase?) throws(TLSError) {
        guard let passphrase else { return }
        let encrypted = try PEM.privateKey(key, "the new key").pem(passphrase)
        TLSLibrary.wipe(&key)
        key = encrypted
    }
}
