internal import COpenSSL

/// What can be read out of a certificate.
///
/// Everything in it is the holder's word until it is verified.
extension Certificate {
    /// SHA-256 of the encoded certificate; empty only when memory is short.
    var fingerprint: [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        // SAFETY: the buffer has the largest digest's size.
        guard unsafe X509_digest(raw, EVP_sha256(), &digest, &length) == 1 else { return [] }
        return Array(digest.prefix(Int(length)))
    }

    /// Unix time from which it is valid; the far future when that can't be read.
    var notBefore: Int64 {
        // SAFETY: the time belongs to the certificate, which lives through the call.
        unsafe seconds(X509_get0_notBefore(raw)) ?? .max
    }

    /// Unix time until which it is valid; the far past when that can't be read.
    var notAfter: Int64 {
        // SAFETY: the time belongs to the certificate, which lives through the call.
        unsafe seconds(X509_get0_notAfter(raw)) ?? .min
    }

    /// The subject as RFC 4514 text, empty when it is longer than `limit`.
    func subject(limit: Int) -> String {
        // SAFETY: the name belongs to the certificate, which lives through the call.
        unsafe nameText(X509_get_subject_name(raw), limit: limit)
    }

    /// The issuer as RFC 4514 text, empty when it is longer than `limit`.
    func issuer(limit: Int) -> String {
        // SAFETY: the name belongs to the certificate, which lives through the call.
        unsafe nameText(X509_get_issuer_name(raw), limit: limit)
    }

    /// The serial number in hexadecimal, empty when it is longer than `limit` bytes.
    func serial(limit: Int) -> String {
        // SAFETY: the number belongs to the certificate, which lives through the call.
        unsafe hexadecimal(content(X509_get0_serialNumber(raw), limit: limit) ?? [])
    }

    /// The common name, escaped; nil when there is none, more than one, or one longer than `limit`.
    func commonName(limit: Int) -> String? {
        // SAFETY: name, entry and value belong to the certificate, which lives through the call.
        guard let name = unsafe X509_get_subject_name(raw) else { return nil }
        let index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0 else { return nil }
        let second = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, index)
        guard second < 0 else { return nil }
        guard let entry = unsafe X509_NAME_get_entry(name, index), let value = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        var utf8: UnsafeMutablePointer<UInt8>?
        let count = unsafe ASN1_STRING_to_UTF8(&utf8, value)
        defer { unsafe CRYPTO_free(utf8, "", 0) }
        guard count >= 0, count <= limit, let utf8 = unsafe utf8 else { return nil }
        return unsafe escaped(Array(UnsafeBufferPointer(start: utf8, count: Int(count))))
    }

    /// The alternative names, each escaped, as many as `limits` allows; what is too much is counted.
    func alternativeNames(limits: AlternativeNames.Limits = .init()) -> AlternativeNames {
        var names = AlternativeNames()
        // SAFETY: the decoded stack is ours until it is freed; its entries are only read before.
        guard let decoded = unsafe X509_get_ext_d2i(raw, NID_subject_alt_name, nil, nil) else { return names }
        let stack = OpaquePointer(decoded)
        defer { unsafe GENERAL_NAMES_free(stack) }
        let count = unsafe OPENSSL_sk_num(stack)
        for index in 0..<max(count, 0) {
            guard let entry = unsafe OPENSSL_sk_value(stack, index) else { continue }
            var type: Int32 = 0
            let name = unsafe entry.assumingMemoryBound(to: GENERAL_NAME.self)
            guard let value = unsafe GENERAL_NAME_get0_value(name, &type) else { continue }
            guard [GEN_DNS, GEN_URI, GEN_EMAIL, GEN_IPADD].contains(type) else { continue }
            let bytes = unsafe content(value.assumingMemoryBound(to: ASN1_STRING.self), limit: limits.length)
            names.add(type: type, bytes, limits: limits)
        }
        return names
    }
}

/// The names of a certificate beside its subject.
struct AlternativeNames {
    /// How much is kept.
    struct Limits {
        /// Names of each kind.
        var count = 16
        /// Bytes of each name.
        var length = 255
    }

    var dns = [String]()
    var uris = [String]()
    var emails = [String]()
    var addresses = [[UInt8]]()
    /// How many names were too long or too many.
    var omitted = 0

    fileprivate mutating func add(type: Int32, _ bytes: [UInt8]?, limits: Limits) {
        let count = type == GEN_DNS ? dns.count : type == GEN_URI ? uris.count : emails.count
        guard let bytes, max(type == GEN_IPADD ? 0 : count, addresses.count) < limits.count else {
            omitted += 1
            return
        }
        switch type {
        case GEN_DNS: dns.append(escaped(bytes))
        case GEN_URI: uris.append(escaped(bytes))
        case GEN_EMAIL: emails.append(escaped(bytes))
        default: addresses.append(bytes)
        }
    }
}

/// Unix seconds of an ASN.1 time.
func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var seconds: Int64 = 0
    // SAFETY: the caller's time lives through the call.
    guard let time = unsafe time, unsafe nlg_time_seconds(time, &seconds) == 1 else { return nil }
    return seconds
}

/// The bytes of an ASN.1 string or number, nil when there are more than `limit`.
private func content(_ string: UnsafePointer<ASN1_STRING>?, limit: Int) -> [UInt8]? {
    // SAFETY: the pointer and the length are the string's own, and the bytes are copied.
    guard let string = unsafe string, let bytes = unsafe ASN1_STRING_get0_data(string) else { return nil }
    let count = Int(unsafe ASN1_STRING_length(string))
    guard count >= 0, count <= limit else { return nil }
    return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// A distinguished name as RFC 4514 text in ASCII.
func nameText(_ name: OpaquePointer?, limit: Int) -> String {
    // SAFETY: the memory BIO is ours; no more is read from it than the buffer holds.
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free(bio) }
    guard unsafe X509_NAME_print_ex(bio, name, 0, nlg_name_flags) >= 0 else { return "" }
    var text = [UInt8](repeating: 0, count: limit + 1)
    let count = Int(unsafe BIO_read(bio, &text, Int32(text.count)))
    guard count > 0, count <= limit else { return "" }
    return String(decoding: text.prefix(count), as: UTF8.self)
}
