import Programs
import RemoteNetlink

/// Certificates of the shapes that others' authorities issue, made by `openssl`.
struct ForeignPKI {
    /// An authority, or a holder with the chain above it.
    struct Issued {
        /// The certificate alone.
        var certificate: String
        var key: String
        /// Those above it without the root, the lowest first.
        var chain: [String] = []

        /// The file that a server or client presents.
        func bundle(_ scratch: Scratch, _ name: String) throws -> String {
            try scratch.write(([certificate] + chain).map { text(ofFile: $0) }.joined(), to: name, mode: 0o644)
        }
    }

    enum Key {
        case rsa
        case bits(Int)
        case curve(String)
        case ed25519

        var options: [String] {
            switch self {
            case .rsa: Key.bits(2048).options
            case .bits(let count): ["RSA", "-pkeyopt", "rsa_keygen_bits:\(count)"]
            case .curve(let name): ["EC", "-pkeyopt", "ec_paramgen_curve:\(name)"]
            case .ed25519: ["ED25519"]
            }
        }
    }

    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// An authority; one without an issuer signs itself.
    ///
    /// `depth` is how many may follow below.
    func authority(
        _ name: String, key: Key = .curve("P-256"), subject: String, extensions: [String] = [], depth: Int? = nil,
        by issuer: Issued? = nil
    ) throws -> Issued {
        let length = depth ?? (issuer == nil ? 1 : 0)
        let usual = [
            "basicConstraints=critical,CA:TRUE,pathlen:\(length)", "keyUsage=critical,keyCertSign,cRLSign",
            "subjectKeyIdentifier=hash",
        ]
        return try make(name, key, subject, usual + extensions, days: 30, by: issuer)
    }

    /// A holder's certificate; `traditional` keys are PKCS #1 or SEC 1.
    ///
    /// With a file in `publicKey` it is that key's, of which nobody need have the other half.
    func leaf(
        _ name: String, key: Key, subject: String, extensions: [String], days: Int, by issuer: Issued,
        traditional: Bool = false, publicKey: String? = nil
    ) throws -> Issued {
        var made = try make(
            name, key, subject,
            extensions + ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid:always"], days: days, by: issuer,
            publicKey: publicKey)
        made.chain = issuer.chain
        if traditional {
            let old = made.key + ".old"
            try tool("openssl", ["pkey", "-in", made.key, "-traditional", "-out", old])
            made.key = old
        }
        return made
    }

    private func make(
        _ name: String, _ key: Key, _ subject: String, _ extensions: [String], days: Int, by issuer: Issued?,
        publicKey: String? = nil
    ) throws -> Issued {
        let base = scratch.path + "/" + name
        let made = Issued(certificate: base + ".crt", key: base + ".key")
        try tool("openssl", ["genpkey", "-algorithm"] + key.options + ["-out", made.key])
        try tool(
            "openssl",
            ["req", "-new", "-key", made.key, "-subj", subject, "-config", "/dev/null", "-out", base + ".csr"])
        let section = try scratch.write(extensions.joined(separator: "\n") + "\n", to: name + ".ext")
        let serial = UInt64.random(in: 1...UInt64(Int64.max))
        var signing = ["-signkey", made.key]
        if let issuer { signing = ["-CA", issuer.certificate, "-CAkey", issuer.key] }
        try tool(
            "openssl",
            ["x509", "-req", "-in", base + ".csr", "-days", "\(days)", "-set_serial", "\(serial)", "-extfile", section]
                + signing + (publicKey.map { ["-force_pubkey", $0] } ?? []) + ["-out", made.certificate])
        guard let issuer else { return made }
        var result = made
        if name.hasSuffix("intermediate") { result.chain = [made.certificate] + issuer.chain }
        return result
    }

    /// An RSA key's public half that takes no time to make, since nobody knows the other.
    func publicKey(bits: Int) throws -> String {
        let file = scratch.path + "/public-\(bits)"
        let form = try scratch.write(publicKeyForm(bits: bits), to: "public-\(bits).cnf")
        try tool("openssl", ["asn1parse", "-genconf", form, "-noout", "-out", file + ".der"])
        try tool("openssl", ["pkey", "-pubin", "-inform", "DER", "-in", file + ".der", "-pubout", "-out", file])
        return file
    }

    func credentials(_ own: Issued, authority: [UInt8], chain: Bool = true) throws -> Credentials {
        let files = [own.certificate] + (chain ? own.chain : [])
        return Credentials(
            certificate: Array(files.map { text(ofFile: $0) }.joined().utf8), key: Array(text(ofFile: own.key).utf8),
            authority: authority)
    }
}
