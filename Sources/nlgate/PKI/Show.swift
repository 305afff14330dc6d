internal import ArgumentParser
internal import LinuxSys
internal import TLSSocket

extension PKICommand {
    /// `nlgate pki show FILE`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show what certificates, keys and revocation lists say.",
            discussion: """
                Of a client's certificate also how a policy can name it. Nothing is verified: what stands in a \
                certificate is its maker's word.
                """)

        @Argument(help: "A file in PEM form.")
        var file: String

        @Flag(name: .shortAndLong, help: "One JSON document.")
        var json = false

        @Option(
            help: ArgumentHelp("A file with the key's passphrase, to see what kind of key it is.", valueName: "file"))
        var passphraseFile: String?

        func run() throws {
            let objects = try reporting { () throws(TLSError) in
                var passphrase: Passphrase?
                if let passphraseFile { passphrase = try Passphrase.read(file: passphraseFile) }
                return try PEMObject.all(inFile: file, passphrase: passphrase)
            }
            if json {
                print(JSON.array(objects.map { .object(document($0)) }).text)
                return
            }
            for (number, object) in objects.enumerated() {
                if number > 0 { print() }
                print(text(object), terminator: "")
            }
        }

        private func document(_ object: PEMObject) -> JSONObject {
            var document = JSONObject()
            switch object {
            case .certificate(let certificate):
                document["type"] = JSON("certificate")
                document["certificate"] = .object(PKIJSON.certificate(certificate))
            case .key(let type, let fingerprint):
                document["type"] = JSON("key")
                document["encrypted"] = JSON(type == nil)
                document["key"] = type.map { JSON($0) }
                document["key_fingerprint"] = fingerprint.map { JSON("sha256:" + $0) }
            case .revocationList(let list):
                document["type"] = JSON("crl")
                document["crl"] = .object(PKIJSON.list(list))
            }
            return document
        }

        private func text(_ object: PEMObject) -> String {
            switch object {
            case .certificate(let certificate): return text(certificate)
            case .key(let type?, let fingerprint):
                return "private key\n" + lines([("key", type), ("public key", "sha256:\(fingerprint ?? "")")])
            case .key:
                return "private key\n" + lines([("key", "encrypted; --passphrase-file FILE shows more")])
            case .revocationList(let list):
                return "revocation list\n"
                    + lines([
                        ("issuer", list.issuer), ("number", list.number.map { "\($0)" } ?? "none"),
                        ("made", list.lastUpdate.map(timeText) ?? "unknown"),
                        ("ends", list.nextUpdate.map { "\(timeText($0)), \(left($0))" } ?? "never"),
                        ("revoked", "\(list.count)"),
                    ])
            }
        }

        private func text(_ certificate: CertificateDescription) -> String {
            let peer = certificate.peer
            var use = certificate.role == .both ? "server and client" : certificate.role.rawValue
            if let length = certificate.pathLength { use += ", \(length) CAs in a row below it" }
            var rows = [
                ("subject", certificate.subject), ("issuer", peer.issuer), ("serial", peer.serial),
                ("begins", timeText(peer.notBefore)), ("ends", "\(timeText(peer.notAfter)), \(left(peer.notAfter))"),
                ("use", use), ("key", certificate.key), ("public key", "sha256:\(certificate.keyFingerprint)"),
            ]
            rows += certificate.names.dropFirst(peer.commonName == nil ? 0 : 1).map { ("name", $0) }
            if peer.omittedNames > 0 { rows.append(("name", "and \(peer.omittedNames) that are too long or too many")) }
            if [.client, .both].contains(certificate.role) { rows += selectors(peer).map { ("in a policy", $0) } }
            return "certificate\n" + lines(rows)
        }

        /// How a policy can name the holder, each as YAML.
        private func selectors(_ peer: PeerCertificate) -> [String] {
            var list = [peer.commonName].compactMap { $0 }.map { "common-name: \(JSON($0).text)" }
            list += peer.uris.map { "san-uri: \(JSON($0).text)" }
            list += peer.dnsNames.map { "san-dns: \(JSON($0).text)" }
            list += peer.emails.map { "san-email: \(JSON($0).text)" }
            if !peer.issuer.isEmpty { list.append("issuer: \(JSON(peer.issuer).text)") }
            return list + ["fingerprint: \"sha256:\(hexadecimalText(peer.fingerprint))\""]
        }

        private func left(_ end: Int64) -> String {
            let days = daysLeft(end)
            return days < 0 ? "\(-days) days ago" : days == 0 ? "within a day" : "in \(days) days"
        }

        private func lines(_ rows: [(String, String)]) -> String {
            var columns = Columns(minimum: [13])
            for (name, value) in rows { columns.append(["  " + name, value]) }
            return columns.text
        }
    }
}
