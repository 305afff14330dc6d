import Roles

extension Identity {
    /// What a policy can say of it, in the policy's words.
    var text: String {
        switch self {
        case .user(let uid, let gid): return "uid \(uid), gid \(gid)"
        case .anonymous: return "anonymous sessions (tcp://)"
        case .certificate(let certificate):
            var parts: [String] = []
            if !certificate.commonName.isEmpty { parts.append("common-name \(certificate.commonName.prefix(64))") }
            parts.append("fingerprint sha256:" + certificate.fingerprint.map(hexadecimal).joined())
            if !certificate.issuer.isEmpty { parts.append("issuer \(certificate.issuer)") }
            return parts.joined(separator: ", ")
        }
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = Array("0123456789abcdef")
    return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
}
