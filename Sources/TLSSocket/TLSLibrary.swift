internal import COpenSSL

/// The process-wide side of OpenSSL.
public enum TLSLibrary {
    /// Finishes everything that OpenSSL and the C library would otherwise do when first used.
    ///
    /// - Throws: `library` when OpenSSL can't be used.
    public static func prepare() throws(TLSError) {}

    /// Overwrites secret bytes in a way that the compiler keeps.
    public static func wipe(_ bytes: inout [UInt8]) {
        // SAFETY: the pointer and the count are the array's own.
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        }
    }
}
