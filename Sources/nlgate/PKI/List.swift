internal import ArgumentParser
internal import TLSSocket

extension PKICommand {
    /// `nlgate pki list DIR`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show what a CA has issued and what it has revoked.")

        @Argument(help: "The CA's folder.")
        var directory: String

        @Flag(name: .shortAndLong, help: "One JSON document.")
        var json = false

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let (authority, certificates, lists) = try reporting { () throws(TLSError) in
                (try folder.authorityDescription(), try folder.issued(), try folder.revocationLists())
            }
            if json {
                var document = JSONObject()
                document["ca"] = .object(PKIJSON.certificate(authority))
                document["crls"] = .array(lists.map { .object(PKIJSON.list($0)) })
                document["certificates"] = .array(certificates.map { .object(PKIJSON.issued($0)) })
                print(JSON.object(document).text)
            } else {
                show(certificates)
            }
            warnOfEnds(folder)
        }

        private func show(_ certificates: [IndexedCertificate]) {
            var columns = Columns()
            columns.append(["STATE", "ROLE", "EXPIRES", "SERIAL", "NAMES"])
            for certificate in certificates {
                let names = certificate.description?.names ?? [certificate.subject]
                columns.append([
                    state(certificate), certificate.description?.role.rawValue ?? "?",
                    String(timeText(certificate.notAfter).prefix(10)), certificate.serial,
                    names.map { Terminal.visible($0) }.joined(separator: " "),
                ])
            }
            print(columns.text, terminator: "")
        }

        private func state(_ certificate: IndexedCertificate) -> String {
            if let revocation = certificate.revocation {
                let reason = revocation.reason == .unspecified ? "" : ",\(revocation.reason.rawValue)"
                return "revoked:\(timeText(revocation.time).prefix(10))\(reason)"
            }
            guard certificate.isValid else { return "expired" }
            let days = daysLeft(certificate.notAfter)
            return days < 30 ? "valid:\(days)-days-left" : "valid"
        }
    }
}

/// Certificates and lists as JSON.
enum PKIJSON {
    static func certificate(_ certificate: CertificateDescription) -> JSONObject {
        var object = JSONObject()
        object["subject"] = JSON(certificate.subject)
        object["issuer"] = JSON(certificate.peer.issuer)
        object["serial"] = JSON(certificate.peer.serial)
        object["fingerprint"] = JSON("sha256:" + hexadecimalText(certificate.peer.fingerprint))
        object["not_before"] = JSON(timeText(certificate.peer.notBefore))
        object["not_after"] = JSON(timeText(certificate.peer.notAfter))
        object["role"] = JSON(certificate.role.rawValue)
        object["path_length"] = certificate.pathLength.map { .signed(Int64($0)) }
        object["key"] = JSON(certificate.key)
        object["key_fingerprint"] = JSON("sha256:" + certificate.keyFingerprint)
        object["common_name"] = certificate.peer.commonName.map { JSON($0) }
        for (name, values) in [
            ("dns", certificate.peer.dnsNames), ("addresses", certificate.addresses), ("uris", certificate.peer.uris),
            ("emails", certificate.peer.emails),
        ] where !values.isEmpty {
            object[name] = .array(values.map { JSON($0) })
        }
        if certificate.peer.omittedNames > 0 { object["omitted_names"] = .signed(Int64(certificate.peer.omittedNames)) }
        return object
    }

    static func issued(_ certificate: IndexedCertificate) -> JSONObject {
        var object = certificate.description.map { self.certificate($0) } ?? JSONObject()
        object["serial"] = JSON(certificate.serial)
        object["not_after"] = JSON(timeText(certificate.notAfter))
        object["index_subject"] = JSON(certificate.subject)
        object["file"] = certificate.file.map { JSON($0) }
        object["state"] = JSON(
            certificate.revocation != nil ? "revoked" : certificate.isValid ? "valid" : "expired")
        object["revoked_at"] = certificate.revocation.map { JSON(timeText($0.time)) }
        object["reason"] = certificate.revocation.map { JSON($0.reason.rawValue) }
        return object
    }

    static func list(_ list: RevocationListDescription) -> JSONObject {
        var object = JSONObject()
        object["issuer"] = JSON(list.issuer)
        object["number"] = list.number.map { .signed($0) }
        object["last_update"] = list.lastUpdate.map { JSON(timeText($0)) }
        object["next_update"] = list.nextUpdate.map { JSON(timeText($0)) }
        object["revoked"] = .signed(Int64(list.count))
        return object
    }
}

/// Two lower-case digits for each byte.
func hexadecimalText(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
