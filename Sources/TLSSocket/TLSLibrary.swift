internal import COpenSSL

/// The process-wide side of OpenSSL.
public enum TLSLibrary {
    /// The kind of BIO that all connections use, made once.
    // SAFETY: it is never changed or freed once it is made.
    nonisolated(unsafe) static let socketMethod: OpaquePointer? = unsafe nlg_bio_method()

    /// Starts OpenSSL without its configuration file.
    static func initialise() throws(TLSError) {
        try expect(OPENSSL_init_ssl(nlg_init_options, nil), "OPENSSL_init_ssl")
    }

    /// Overwrites secret bytes in a way that the compiler keeps.
    public static func wipe(_ bytes: inout [UInt8]) {
        // SAFETY: the pointer and the count are the array's own.
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        }
    }
}
