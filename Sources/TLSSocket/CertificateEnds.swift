/// When certificates of PEM texts come to their ends, for warnings.
public enum CertificateEnds {
    /// Unix time at which the first of a text's certificates ends that are valid still; of its last one when none is.
    ///
    /// - Throws: `badPEM` for a text without certificates.
    public static func first(in text: [UInt8]) throws(TLSError) -> Int64 {
        let ends = try PEM.certificates(text, "the CA file", limit: 64).map(\.notAfter)
        let now = currentTime()
        return ends.filter { $0 >= now }.min() ?? ends.max() ?? 0
    }
}
