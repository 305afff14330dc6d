import GatewayIPC
import Roles
import TLSSocket

/// The policy in force, as far as it says who is who, and what a client is to it.
struct PolicyClients {
    /// Number of the policy; 0 before there is one, and then everybody is a stranger.
    private var policy: UInt32 = 0
    private var table = ClientTable(clients: [], bindings: [])
    private var assembly = TableAssembly(limit: PolicyTables.maximumSize)

    /// Takes a piece of another policy's table; with the last one that policy is in force.
    ///
    /// False for what no supervisor sends.
    mutating func take(_ part: TablePart, of policy: UInt32) -> Bool {
        switch assembly.take(part) {
        case .partial: return true
        case .broken: return false
        case .complete(let bytes):
            guard let table = try? ClientTable(decoding: bytes) else { return false }
            (self.policy, self.table) = (policy, table)
            return true
        }
    }

    /// What the client of a frontend's connection is to the policy.
    func mapping(of memo: ClientMemo, _ frontend: UInt64, _ connection: UInt32) -> ClientMapping {
        // Nobody with a certificate is the daemon's user.
        let standing = table.standing(of: .certificate(CertificateIdentity(memo)), daemonUID: .max)
        return ClientMapping(
            frontend: frontend, connection: connection, policy: policy, clients: standing.clients,
            bindings: standing.bindings, words: memo.words)
    }
}

extension IdentityRecord {
    init(_ peer: PeerCertificate) {
        self.init(
            fingerprint: peer.fingerprint, notAfter: peer.notAfter,
            display: "CN=\(peer.commonName ?? "-") sha256:\(hexadecimal(peer.fingerprint.prefix(8)))")
    }
}

extension ClientMemo {
    init(_ candidate: ClientCandidate) {
        let peer = candidate.peer
        self.init(
            fingerprint: peer.fingerprint, commonName: peer.commonName ?? "", issuer: peer.issuer,
            alternativeNames: peer.dnsNames.map { AlternativeName(.dns, $0) }
                + peer.uris.map { AlternativeName(.uri, $0) } + peer.emails.map { AlternativeName(.email, $0) },
            trace: candidate.trace.bytes)
    }

    /// What a policy can say of the client, in the policy's words.
    fileprivate var words: String {
        var words: [String] = []
        if !commonName.isEmpty { words.append("common-name \(commonName.prefix(64))") }
        words.append("fingerprint sha256:\(hexadecimal(fingerprint))")
        if !issuer.isEmpty { words.append("issuer \(issuer)") }
        return words.joined(separator: ", ")
    }
}

extension CertificateIdentity {
    fileprivate init(_ memo: ClientMemo) {
        func names(_ kind: AlternativeName.Kind) -> [String] {
            memo.alternativeNames.filter { $0.kind == kind }.map(\.text)
        }
        self.init(
            fingerprint: memo.fingerprint, commonName: memo.commonName, issuer: memo.issuer,
            dnsNames: names(.dns), uris: names(.uri), emails: names(.email))
    }
}
