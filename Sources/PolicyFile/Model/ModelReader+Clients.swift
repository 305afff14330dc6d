internal import Roles

/// `clients`.
extension ModelReader {
    private static let certificateKeys = [
        "fingerprint", "common-name", "issuer", "san-dns", "san-uri", "san-email",
    ]
    private static let userKeys = ["uid", "gid"]

    /// A client is there even when its keys are wrong, so that whoever names it isn't wrong too.
    func client(_ entry: SourceNode.Entry) -> ClientModel {
        let keys = ModelReader.certificateKeys + ModelReader.userKeys + ["anonymous"]
        let mapping = mapping(entry.value, what: "a client", keys: keys) ?? [:]
        if case .mapping(let pairs) = entry.value.content, pairs.isEmpty {
            error(entry.value.range, "a client that everybody would be", "give it a key")
        }
        let present = mapping.values.sorted { $0.key.range.lowerBound < $1.key.range.lowerBound }
        let criteria = present.compactMap { key -> Located<PolicyTables.Criterion>? in
            text(key.value, what: key.key.value).flatMap { criterion(key.key.value, $0, key.value.range) }
                .map { Located($0, key.value.range) }
        }
        return ClientModel(name: entry.key, range: entry.value.range, kind: kind(present), criteria: criteria)
    }

    /// A session has a certificate, a Unix peer, or neither: keys of two of them fit nobody.
    private func kind(_ entries: [SourceNode.Entry]) -> ClientModel.Kind {
        func kind(_ key: String) -> ClientModel.Kind {
            ModelReader.certificateKeys.contains(key)
                ? .certificate : ModelReader.userKeys.contains(key) ? .user : .anonymous
        }
        guard let first = entries.first else { return .certificate }
        let wanted = kind(first.key.value)
        guard let odd = entries.first(where: { kind($0.key.value) != wanted }) else { return wanted }
        error(
            odd.key.range, "\(first.key.value) and \(odd.key.value) in one client, which nobody can be",
            "make two clients of it")
        return wanted
    }

    private func criterion(_ key: String, _ text: String, _ range: Range<Int>) -> PolicyTables.Criterion? {
        switch key {
        case "fingerprint": fingerprint(text, range).map { .fingerprint($0) }
        case "common-name": .commonName(text)
        case "issuer": issuer(text, range)
        case "san-dns": .dnsName(text)
        case "san-uri": .uri(text)
        case "san-email": .email(text)
        case "uid": number(text, 0...0xffff_fffe, range, what: "uid").map { .uid(UInt32($0)) }
        case "gid": number(text, 0...0xffff_fffe, range, what: "gid").map { .gid(UInt32($0)) }
        default: anonymous(text, range)
        }
    }

    private func fingerprint(_ text: String, _ range: Range<Int>) -> [UInt8]? {
        guard let bytes = ModelReader.fingerprint(text) else {
            error(range, "this is not a fingerprint", "'sha256:' and 64 hexadecimal digits, colons allowed")
            return nil
        }
        return bytes
    }

    /// The bytes of `sha256:` and 64 digits.
    static func fingerprint(_ text: String) -> [UInt8]? {
        guard text.lowercased().hasPrefix("sha256:") else { return nil }
        let digits = text.utf8.dropFirst(7).filter { $0 != UInt8(ascii: ":") }
        guard digits.count == 64 else { return nil }
        let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard values.count == 64 else { return nil }
        return (0..<32).map { UInt8(values[2 * $0] << 4 | values[2 * $0 + 1]) }
    }

    private func issuer(_ text: String, _ range: Range<Int>) -> PolicyTables.Criterion? {
        if let problem = DistinguishedName.problem(text) {
            error(range, problem)
            return nil
        }
        return .issuer(text)
    }

    private func anonymous(_ text: String, _ range: Range<Int>) -> PolicyTables.Criterion? {
        guard text == "true" else {
            error(range, "'\(text.shortened)' where anonymous can only be true", "leave the key out otherwise")
            return nil
        }
        return .anonymous
    }
}
