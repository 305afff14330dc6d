internal import COpenSSL
internal import TLSHandshake

/// What is kept of a verified chain, so that other lists can be asked about it later: two hashes of each certificate.
public struct ChainTrace: Equatable, Sendable {
    /// Certificates of the longest chain: the client's own, the intermediate CAs, the trusted one.
    static let longest = Int(SSLContext.depthLimit) + 2
    /// Length of ``bytes``.
    public static let size = longest * 2 * HandshakeDigest.sha256.length

    /// The hashes one after the other, as revocation and as key, zeros behind them.
    public let bytes: [UInt8]

    /// A trace from what ``bytes`` was, with zeros for what is missing.
    public init(bytes: [UInt8]) {
        let kept = bytes.prefix(ChainTrace.size)
        self.bytes = kept + [UInt8](repeating: 0, count: ChainTrace.size - kept.count)
    }

    init() {
        self.init(bytes: [])
    }

    /// The chain that a verification has found; nil when memory is short.
    init?(of context: OpaquePointer) {
        // SAFETY: the stack and its certificates belong to the context, which lives through the call.
        let chain = unsafe X509_STORE_CTX_get0_chain(context)
        let count = unsafe OPENSSL_sk_num(chain)
        guard count > 0, count <= ChainTrace.longest else { return nil }
        var bytes: [UInt8] = []
        for index in 0..<count {
            guard let item = unsafe OpaquePointer(OPENSSL_sk_value(chain, index)),
                let issuer = unsafe X509_get_issuer_name(item), let serial = unsafe X509_get0_serialNumber(item),
                let revocation = unsafe revocationHash(issuer, serial), let key = unsafe keyHash(item)
            else { return nil }
            bytes += revocation + key
        }
        self.init(bytes: bytes)
    }

    /// Under these a revocation list would name the certificates.
    var revocationHashes: [[UInt8]] { hashes(from: 0) }
    /// Of the certificates' public keys.
    var keyHashes: [[UInt8]] { hashes(from: 1) }

    private func hashes(from first: Int) -> [[UInt8]] {
        let length = HandshakeDigest.sha256.length
        return stride(from: first * length, to: bytes.count, by: 2 * length).map { Array(bytes[$0..<($0 + length)]) }
            .filter { $0.contains { $0 != 0 } }
    }
}

extension Certificate {
    /// The hash of its public key; nil only when memory is short.
    var keyHash: [UInt8]? {
        // SAFETY: the certificate lives through the call.
        unsafe TLSSocket.keyHash(raw)
    }
}

extension RevocationList {
    /// The hashes of the certificates that it names.
    var revokedHashes: [[UInt8]] {
        // SAFETY: names, entries and numbers belong to the list, which lives through the loop.
        guard let issuer = unsafe X509_CRL_get_issuer(raw) else { return [] }
        let entries = unsafe X509_CRL_get_REVOKED(raw)
        return unsafe (0..<max(0, OPENSSL_sk_num(entries))).compactMap { index in
            guard let entry = unsafe OpaquePointer(OPENSSL_sk_value(entries, index)),
                let serial = unsafe X509_REVOKED_get0_serialNumber(entry)
            else { return nil }
            return unsafe revocationHash(issuer, serial)
        }
    }
}

/// The hash of an issuer and a serial number.
///
/// Names are equal in spite of different spellings, so the issuer counts as OpenSSL's hash of its canonical form. That
/// one is short: two CAs may share it, which makes one of their certificates look revoked at worst.
private func revocationHash(
    _ issuer: OpaquePointer, _ serial: UnsafePointer<ASN1_INTEGER>
) -> [UInt8]? {
    // SAFETY: the name and the number are the caller's; OpenSSL allocates what it writes, which is copied and freed.
    var succeeded: Int32 = 0
    let name = unsafe UInt64(X509_NAME_hash_ex(issuer, nil, nil, &succeeded))
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = Int(unsafe i2d_ASN1_INTEGER(serial, &bytes))
    defer { unsafe CRYPTO_free(bytes, "", 0) }
    guard succeeded == 1, count > 0, let bytes = unsafe bytes else { return nil }
    let number = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    return HandshakeDigest.sha256.hash((0..<8).map { UInt8(truncatingIfNeeded: name >> (8 * UInt64($0))) } + number)
}

private func keyHash(_ certificate: OpaquePointer) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    // SAFETY: the buffer has the largest digest's size; the certificate is the caller's.
    guard unsafe X509_pubkey_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return nil }
    return Array(digest.prefix(Int(length)))
}
