internal import COpenSSL

/// One certificate in the making.
struct CertificateBuilder {
    let certificate: Certificate

    /// A version 3 certificate of this subject with a random serial number of 128 bits.
    init(commonName: String, validity: Validity, key: PrivateKey) throws(TLSError) {
        try self.init(validity: validity, key: key)
        let name = Array(commonName.utf8)
        // SAFETY: the name belongs to the certificate; the text is copied.
        try expect(
            unsafe X509_NAME_add_entry_by_NID(
                X509_get_subject_name(certificate.raw), NID_commonName, MBSTRING_UTF8, name, Int32(name.count), -1, 0),
            "X509_NAME_add_entry_by_NID")
    }

    /// A version 3 certificate of nobody yet.
    init(validity: Validity, key: PrivateKey) throws(TLSError) {
        // SAFETY: the certificate's own parts are changed in place while it lives; the key is copied.
        certificate = unsafe Certificate(owning: try expect(X509_new(), "X509_new"))
        let raw = unsafe certificate.raw
        try expect(unsafe X509_set_version(raw, 2), "X509_set_version")
        try expect(unsafe X509_set_pubkey(raw, key.raw), "X509_set_pubkey")
        let serial = try Self.randomSerial()
        let number = unsafe BN_bin2bn(serial, Int32(serial.count), nil)
        defer { unsafe BN_free(number) }
        let isSet = unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nil
        try expect(isSet ? 1 : 0, "BN_to_ASN1_INTEGER")
        let begin = unsafe ASN1_TIME_set(X509_getm_notBefore(raw), Int(validity.notBefore)) != nil
        let end = unsafe ASN1_TIME_set(X509_getm_notAfter(raw), Int(validity.notAfter)) != nil
        try expect(begin && end ? 1 : 0, "ASN1_TIME_set")
    }

    /// Takes over the subject of another certificate, and its extensions of these kinds as they are.
    func copySubject(of other: Certificate, extensions: [Int32]) throws(TLSError) {
        // SAFETY: name and extensions are copied while both certificates live.
        try expect(
            unsafe X509_set_subject_name(certificate.raw, X509_get_subject_name(other.raw)), "X509_set_subject_name")
        for kind in extensions {
            let place = unsafe X509_get_ext_by_NID(other.raw, kind, -1)
            guard place >= 0, let found = unsafe X509_get_ext(other.raw, place) else { continue }
            try expect(unsafe X509_add_ext(certificate.raw, found, -1), "X509_add_ext")
        }
    }

    /// Names the one who signs.
    func setIssuer(_ issuer: Certificate) throws(TLSError) {
        // SAFETY: the name is copied while both certificates live.
        try expect(
            unsafe X509_set_issuer_name(certificate.raw, X509_get_subject_name(issuer.raw)), "X509_set_issuer_name")
    }

    /// Adds an extension in the notation of OpenSSL's configuration file.
    func add(_ extensionNumber: Int32, _ value: StaticString, issuer: Certificate) throws(TLSError) {
        // SAFETY: a static string ends with a NUL; both certificates live through the call.
        let text = unsafe UnsafeRawPointer(value.utf8Start).assumingMemoryBound(to: CChar.self)
        try expect(
            unsafe nlg_add_extension(certificate.raw, issuer.raw, extensionNumber, text), "X509V3_EXT_conf_nid")
    }

    /// Adds the subject's alternative names.
    func addNames(_ names: [(type: Int32, bytes: [UInt8])]) throws(TLSError) {
        // SAFETY: the list is ours until it is freed; its content is copied into the certificate.
        let list = unsafe try expect(GENERAL_NAMES_new(), "GENERAL_NAMES_new")
        defer { unsafe GENERAL_NAMES_free(list) }
        for name in names {
            try expect(unsafe nlg_names_add(list, name.type, name.bytes, Int32(name.bytes.count)), "GENERAL_NAME_new")
        }
        try expect(
            unsafe X509_add1_ext_i2d(
                certificate.raw, NID_subject_alt_name, UnsafeMutableRawPointer(list), 0, UInt(X509V3_ADD_DEFAULT)),
            "X509_add1_ext_i2d")
    }

    /// Signs, and writes certificate and key as PEM.
    func finish(signedBy signer: PrivateKey, ownKey: PrivateKey) throws(TLSError) -> IssuedCertificate {
        IssuedCertificate(certificate: try finish(signedBy: signer), key: try ownKey.pem())
    }

    /// Signs, and writes the certificate as PEM.
    func finish(signedBy signer: PrivateKey) throws(TLSError) -> [UInt8] {
        // SAFETY: all objects live through the calls; the result of X509_sign is the signature's size.
        let digest = unsafe Self.digest(for: signer)
        try expect(unsafe X509_sign(certificate.raw, signer.raw, digest) > 0 ? 1 : 0, "X509_sign")
        return try certificate.pem()
    }

    /// SHA-256, or none for the key types that have their own.
    static func digest(for key: PrivateKey) -> OpaquePointer? {
        // SAFETY: the digest is a constant of the library; the key only tells its type.
        let hasOwn = unsafe EVP_PKEY_get_base_id(key.raw) == EVP_PKEY_ED25519
        return unsafe hasOwn ? nil : EVP_sha256()
    }

    /// A new P-256 key.
    static func newKey() throws(TLSError) -> PrivateKey {
        try TLSLibrary.initialise()
        // SAFETY: the new key's reference goes to its owner.
        return unsafe PrivateKey(owning: try expect(nlg_generate_p256(), "EVP_EC_gen"))
    }

    /// Throws unless the text can be a common name: 1 to 64 printable characters.
    static func checkCommonName(_ name: String) throws(TLSError) {
        let count = name.unicodeScalars.count
        guard (1...64).contains(count), escaped(Array(name.utf8)) == name else {
            let shown = escaped(Array(name.utf8.prefix(100)))
            throw TLSError(.badName, "\"\(shown)\" can't be a common name: 1 to 64 printable characters, no backslash")
        }
    }

    private static func randomSerial() throws(TLSError) -> [UInt8] {
        var serial = [UInt8](repeating: 0, count: 16)
        // SAFETY: the pointer and the count are the array's own.
        try expect(unsafe RAND_bytes(&serial, Int32(serial.count)), "RAND_bytes")
        return serial
    }
}

extension Certificate {
    /// The certificate as PEM text.
    func pem() throws(TLSError) -> [UInt8] {
        // SAFETY: both objects live through the call.
        unsafe try pemText { bio in
            unsafe PEM_write_bio_X509(bio, raw)
        }
    }
}

extension PrivateKey {
    /// The key as PKCS #8 PEM text.
    func pem() throws(TLSError) -> [UInt8] {
        // SAFETY: both objects live through the call; no password is involved.
        unsafe try pemText { bio in
            unsafe PEM_write_bio_PKCS8PrivateKey(bio, raw, nil, nil, 0, nil, nil)
        }
    }
}

/// What `write` puts into a memory BIO, which OpenSSL wipes when it is freed.
func pemText(_ write: (OpaquePointer) -> Int32) throws(TLSError) -> [UInt8] {
    // SAFETY: the BIO is ours until it is freed, and no more is read than the buffer holds.
    let bio = unsafe try expect(BIO_new(BIO_s_mem()), "BIO_new")
    defer { unsafe BIO_free(bio) }
    try expect(unsafe write(bio), "PEM_write_bio")
    var text = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(bio))
    let count = unsafe BIO_read(bio, &text, Int32(text.count))
    try expect(Int(count) == text.count ? 1 : 0, "BIO_read")
    return text
}
