internal import COpenSSL

/// What an authority has issued, in the form of OpenSSL's `index.txt`.
///
/// A line for each certificate, six fields with tabs between them: `V` valid, `R` revoked or `E` expired; the end of
/// its time; when it was revoked and why, with a comma between; the serial number in hexadecimal; a file; the subject
/// as `/CN=name`. Times are ASN.1's, `YYMMDDHHMMSSZ` or from 2050 on `YYYYMMDDHHMMSSZ`.
struct CertificateIndex {
    struct Entry: Equatable {
        var notAfter: Int64
        var revocation: Revocation?
        /// Upper case, an even number of digits.
        var serial: String
        /// Relative to the index's folder, or absolute; `unknown` when nobody knows.
        var file: String
        var subject: String
    }

    /// No index is longer, in bytes; room for a quarter of a million certificates.
    static let sizeLimit = 32 << 20

    private(set) var entries: [Entry] = []
    /// Lines that begin with `#`.
    private var comments: [String] = []

    init() {}

    /// Reads an index; `path` is for messages.
    ///
    /// - Throws: `badPEM` with the number of the first line that isn't one: it may be that of a revoked certificate.
    init(_ text: [UInt8], path: String) throws(TLSError) {
        for (number, line) in text.split(separator: 0x0a).enumerated() {
            if line.first == 0x23 {
                comments.append(String(decoding: line, as: UTF8.self))
                continue
            }
            guard let entry = Entry(line: line) else {
                throw TLSError(.badPEM, "\(path): line \(number + 1) is not one of OpenSSL's index.txt")
            }
            entries.append(entry)
        }
    }

    func text(now: Int64) throws(TLSError) -> [UInt8] {
        var text = [UInt8]()
        for comment in comments { text += Array(comment.utf8) + [0x0a] }
        for entry in entries { text += try Array(entry.line(now: now).utf8) + [0x0a] }
        return text
    }

    mutating func add(_ entry: Entry) {
        entries.append(entry)
    }

    /// Revokes what has this serial number; false when nothing has.
    mutating func revoke(_ serial: String, _ revocation: Revocation) -> Bool {
        guard let place = entries.firstIndex(where: { $0.serial == serial }) else { return false }
        entries[place].revocation = revocation
        return true
    }

    /// A serial number as the index has it; nil for what is none.
    ///
    /// Colons between the digits don't count.
    static func serial(_ text: String) -> String? {
        var digits = text.utf8.filter { $0 != 0x3a }
        guard (1...64).contains(digits.count),
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0xdf) && $0 > 0x40 })
        else { return nil }
        digits = Array(digits.drop { $0 == 0x30 })
        if digits.count % 2 == 1 || digits.isEmpty { digits.insert(0x30, at: 0) }
        if digits.count == 1 { digits.insert(0x30, at: 0) }
        return String(decoding: digits, as: UTF8.self).uppercased()
    }
}

extension CertificateIndex.Entry {
    init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 0x09, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 6, ["V", "R", "E"].contains(fields[0]), let end = indexSeconds(fields[1]),
            let serial = CertificateIndex.serial(fields[3])
        else { return nil }
        notAfter = end
        self.serial = serial
        file = fields[4]
        subject = fields[5]
        guard (fields[0] == "R") == !fields[2].isEmpty else { return nil }
        guard fields[0] == "R" else { return }
        let parts = fields[2].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let time = indexSeconds(first) else { return nil }
        let reason = parts.count > 1 ? RevocationReason(name: parts[1]) : .unspecified
        guard let reason else { return nil }
        revocation = Revocation(time: time, reason: reason)
    }

    func line(now: Int64) throws(TLSError) -> String {
        let state = revocation != nil ? "R" : notAfter < now ? "E" : "V"
        var revoked = ""
        if let revocation {
            revoked = try indexTime(revocation.time)
            if revocation.reason != .unspecified { revoked += ",\(revocation.reason.rawValue)" }
        }
        return [state, try indexTime(notAfter), revoked, serial, file, subject].joined(separator: "\t")
    }
}

/// ASN.1's text of a time.
func indexTime(_ seconds: Int64) throws(TLSError) -> String {
    // SAFETY: the new object is ours until it is freed; its text is copied.
    guard let time = unsafe ASN1_TIME_set(nil, Int(seconds)) else { throw TLSError(.library, "memory is short") }
    defer { unsafe ASN1_TIME_free(time) }
    let count = Int(unsafe ASN1_STRING_length(time))
    guard let bytes = unsafe ASN1_STRING_get0_data(time) else { throw TLSError(.library, "memory is short") }
    return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
}

/// The Unix time of such a text; nil for what is none.
func indexSeconds(_ text: String) -> Int64? {
    guard [13, 15].contains(text.utf8.count), text.utf8.last == 0x5a else { return nil }
    // SAFETY: the new object is ours until it is freed; the text is only read.
    let time = unsafe ASN1_TIME_new()
    defer { unsafe ASN1_TIME_free(time) }
    guard unsafe ASN1_TIME_set_string(time, text) == 1 else { return nil }
    return unsafe seconds(time)
}
