internal import COpenSSL

extension CertificateAuthority {
    /// Makes a revocation list of certificates that are all revoked now, for no stated reason.
    ///
    /// - Parameters:
    ///   - serials: their serial numbers in hexadecimal, as `PeerCertificate` shows them.
    ///   - number: greater than that of the list before.
    ///   - validity: after its end nobody is admitted by this list.
    /// - Returns: the list as PEM text.
    /// - Throws: `badName` for a serial number that isn't one, `library` when OpenSSL fails.
    public func revocationList(serials: [String], number: Int, validity: Validity) throws(TLSError) -> [UInt8] {
        let revocation = Revocation(time: validity.notBefore, reason: .unspecified)
        return try revocationList(
            serials.map { ($0, revocation) }, number: Int64(number), validity: validity)
    }

    /// Makes a revocation list, PEM, that is to be replaced before its validity ends.
    ///
    /// - Parameters:
    ///   - revoked: serial numbers in hexadecimal, when each was revoked, and why.
    ///   - number: greater than that of the list before.
    ///   - validity: after its end nobody is admitted by this list.
    /// - Returns: the list as PEM text.
    /// - Throws: `badName` for a serial number that isn't one, `library` when OpenSSL fails.
    func revocationList(
        _ revoked: [(serial: String, revocation: Revocation)], number: Int64, validity: Validity
    ) throws(TLSError) -> [UInt8] {
        // SAFETY: the list and the times are ours; what is added is copied or handed over by the C functions.
        let list = unsafe RevocationList(owning: try expect(X509_CRL_new(), "X509_CRL_new"))
        let raw = unsafe list.raw
        let begin = unsafe try time(validity.notBefore)
        defer { unsafe ASN1_TIME_free(begin) }
        let end = unsafe try time(validity.notAfter)
        defer { unsafe ASN1_TIME_free(end) }
        try expect(unsafe X509_CRL_set_version(raw, 1), "X509_CRL_set_version")
        let issuer = unsafe X509_get_subject_name(certificate.raw)
        try expect(unsafe X509_CRL_set_issuer_name(raw, issuer), "X509_CRL_set_issuer_name")
        try expect(unsafe X509_CRL_set1_lastUpdate(raw, begin), "X509_CRL_set1_lastUpdate")
        try expect(unsafe X509_CRL_set1_nextUpdate(raw, end), "X509_CRL_set1_nextUpdate")
        try expect(unsafe nlg_crl_add_issuer_key(raw, certificate.raw), "X509_CRL_add_ext")
        let counter = unsafe ASN1_INTEGER_new()
        defer { unsafe ASN1_INTEGER_free(counter) }
        try expect(unsafe ASN1_INTEGER_set_int64(counter, number), "ASN1_INTEGER_set_int64")
        try expect(unsafe X509_CRL_add1_ext_i2d(raw, NID_crl_number, counter, 0, 0), "X509_CRL_add1_ext_i2d")
        for entry in revoked { try add(entry.serial, to: list, entry.revocation) }
        try expect(unsafe X509_CRL_sort(raw), "X509_CRL_sort")
        let digest = unsafe CertificateBuilder.digest(for: key)
        try expect(unsafe X509_CRL_sign(raw, key.raw, digest) > 0 ? 1 : 0, "X509_CRL_sign")
        return try list.pem()
    }

    private func add(_ serial: String, to list: RevocationList, _ revocation: Revocation) throws(TLSError) {
        let digits = serial.utf8.count
        guard (1...64).contains(digits), serial.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
            throw TLSError(
                .badName, "\"\(escaped(Array(serial.utf8.prefix(100))))\" is no serial number in hexadecimal")
        }
        var value: OpaquePointer?
        // SAFETY: the number is ours until it is freed; the entry has a copy.
        defer { unsafe BN_free(value) }
        let read = unsafe BN_hex2bn(&value, serial)
        guard Int(read) == digits, let number = unsafe value else { throw TLSError(.library, "memory is short") }
        let time = unsafe try time(revocation.time)
        defer { unsafe ASN1_TIME_free(time) }
        try expect(
            unsafe nlg_crl_add(list.raw, number, time, revocation.reason.code ?? -1), "X509_CRL_add0_revoked")
    }

    private func time(_ seconds: Int64) throws(TLSError) -> UnsafeMutablePointer<ASN1_TIME> {
        // SAFETY: the new object goes to the caller, who frees it.
        guard let time = unsafe ASN1_TIME_set(nil, Int(seconds)) else { throw TLSError(.library, "memory is short") }
        return unsafe time
    }
}
