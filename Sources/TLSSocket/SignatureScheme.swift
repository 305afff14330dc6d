internal import COpenSSL

/// How the holder of a key signs in TLS 1.3, as far as this gateway takes part (RFC 8446, section 4.2.3).
enum SignatureScheme: UInt16, CaseIterable {
    case ecdsaP256 = 0x0403
    case ecdsaP384 = 0x0503
    case ecdsaP521 = 0x0603
    case rsaSHA256 = 0x0804
    case rsaSHA384 = 0x0805
    case rsaSHA512 = 0x0806
    case ed25519 = 0x0807
    case ed448 = 0x0808
    case pssSHA256 = 0x0809
    case pssSHA384 = 0x080a
    case pssSHA512 = 0x080b

    /// OpenSSL's name of the scheme.
    var name: String {
        switch self {
        case .ecdsaP256: "ecdsa_secp256r1_sha256"
        case .ecdsaP384: "ecdsa_secp384r1_sha384"
        case .ecdsaP521: "ecdsa_secp521r1_sha512"
        case .rsaSHA256: "rsa_pss_rsae_sha256"
        case .rsaSHA384: "rsa_pss_rsae_sha384"
        case .rsaSHA512: "rsa_pss_rsae_sha512"
        case .ed25519: "ed25519"
        case .ed448: "ed448"
        case .pssSHA256: "rsa_pss_pss_sha256"
        case .pssSHA384: "rsa_pss_pss_sha384"
        case .pssSHA512: "rsa_pss_pss_sha512"
        }
    }

    /// What clients may sign their handshakes with, and what CAs their certificates, for OpenSSL.
    static var forClients: String {
        (allCases.map(\.name) + ["rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512"]).joined(separator: ":")
    }

    /// The one scheme that a server's key is used with; nil for a kind of key that is not supported.
    init?(serverKey key: PrivateKey) {
        // SAFETY: the key lives through the calls, which only read it.
        let bits = unsafe EVP_PKEY_get_bits(key.raw)
        switch key.kind {
        case "EC" where bits == 256 && key.group == "prime256v1": self = .ecdsaP256
        case "EC" where bits == 384 && key.group == "secp384r1": self = .ecdsaP384
        case "ED25519": self = .ed25519
        case "RSA" where (2048...8192).contains(bits): self = .rsaSHA256
        case "RSA-PSS" where (2048...8192).contains(bits): self = .pssSHA256
        default: return nil
        }
    }

    /// True when a key of this kind may sign so.
    func fits(_ key: PrivateKey) -> Bool {
        switch self {
        case .ecdsaP256: key.kind == "EC" && key.group == "prime256v1"
        case .ecdsaP384: key.kind == "EC" && key.group == "secp384r1"
        case .ecdsaP521: key.kind == "EC" && key.group == "secp521r1"
        case .rsaSHA256, .rsaSHA384, .rsaSHA512: key.kind == "RSA"
        case .pssSHA256, .pssSHA384, .pssSHA512: key.kind == "RSA-PSS"
        case .ed25519: key.kind == "ED25519"
        case .ed448: key.kind == "ED448"
        }
    }

    /// nil where the scheme has its digest inside.
    private var digest: OpaquePointer? {
        // SAFETY: the digests are constants of the library.
        switch self {
        case .ecdsaP256, .rsaSHA256, .pssSHA256: unsafe EVP_sha256()
        case .ecdsaP384, .rsaSHA384, .pssSHA384: unsafe EVP_sha384()
        case .ecdsaP521, .rsaSHA512, .pssSHA512: unsafe EVP_sha512()
        case .ed25519, .ed448: nil
        }
    }

    private var isRSA: Bool {
        switch self {
        case .rsaSHA256, .rsaSHA384, .rsaSHA512, .pssSHA256, .pssSHA384, .pssSHA512: true
        default: false
        }
    }

    /// Signs; nil only when memory is short.
    func sign(_ content: [UInt8], with key: PrivateKey) -> [UInt8]? {
        // SAFETY: the context is made and freed here; the buffer has the size that OpenSSL is told.
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var operation: OpaquePointer?
        guard unsafe EVP_DigestSignInit(context, &operation, digest, nil, key.raw) == 1, unsafe pad(operation) else {
            return nil
        }
        var count = Int(unsafe EVP_PKEY_get_size(key.raw))
        var signature = [UInt8](repeating: 0, count: max(count, 0))
        guard unsafe EVP_DigestSign(context, &signature, &count, content, content.count) == 1 else { return nil }
        return Array(signature.prefix(count))
    }

    /// True when the key's holder signed exactly this content.
    func verify(_ signature: [UInt8], over content: [UInt8], by key: PrivateKey) -> Bool {
        // SAFETY: the context is made and freed here; the counts are the arrays' own.
        guard fits(key), let context = unsafe EVP_MD_CTX_new() else { return false }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var operation: OpaquePointer?
        guard unsafe EVP_DigestVerifyInit(context, &operation, digest, nil, key.raw) == 1, unsafe pad(operation) else {
            return false
        }
        return unsafe EVP_DigestVerify(context, signature, signature.count, content, content.count) == 1
    }

    private func pad(_ operation: OpaquePointer?) -> Bool {
        guard isRSA else { return true }
        // SAFETY: the operation belongs to the context that the caller keeps.
        guard unsafe EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1 else { return false }
        return unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST) == 1
    }
}

extension PrivateKey {
    /// OpenSSL's name of the kind of key.
    var kind: String {
        // SAFETY: the key lives through the calls, and the name is a constant.
        guard let name = unsafe EVP_PKEY_get0_type_name(raw) else { return "" }
        return unsafe String(cString: name)
    }

    /// The name of an EC key's group.
    var group: String {
        var name = [CChar](repeating: 0, count: 80)
        var count = 0
        // SAFETY: the buffer has the size that OpenSSL is told.
        guard unsafe EVP_PKEY_get_group_name(raw, &name, name.count, &count) == 1 else { return "" }
        return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
