import Confinement
import GatewayIPC
import LinuxSys
import TLSSocket

/// Why the frontend can't start.
enum StartError: Error, CustomStringConvertible {
    case sealing(SealingError)
    case system(String, Errno)
    case credentials(String)

    var description: String {
        switch self {
        case .sealing(let error): "nlgate-frontend: \(error)"
        case .system(let what, let error): "nlgate-frontend: \(what): \(error)"
        case .credentials(let text): text
        }
    }
}

/// The process, in its own namespaces and without rights, but still able to call what OpenSSL's start needs.
func isolated(_ options: FrontendOptions) throws(StartError) -> Sealing {
    let files = [options.certificate, options.key, options.clientCA, options.revocationList, options.authority]
        .compactMap { $0 }
    let plan = SealingPlan(
        role: .frontend, uid: options.seal.uid, gid: options.seal.gid, supervisorPID: options.seal.supervisorPID,
        descriptorCount: Int32(4 + files.count + options.listeners.count), network: .empty, protocols: [],
        descriptorLimit: options.seal.descriptorLimit,
        kernel: .running(insecureOldKernel: options.seal.insecureOldKernel))
    do throws(SealingError) {
        var sealing = try Sealing(plan)
        try sealing.isolate()
        return sealing
    } catch {
        throw .sealing(error)
    }
}

/// Both filters, and the state read back.
func locked(_ sealing: inout Sealing) throws(StartError) -> SealingReport {
    do throws(SealingError) {
        try sealing.lockSystemCalls()
        return try sealing.finish()
    } catch {
        throw .sealing(error)
    }
}

/// The seam for the keeper: what the frontend holds of keys and how it learns who a client is.
///
/// Until there is a keeper, the frontend has the key in memory and OpenSSL verifies the client's chain here.
struct Credentials {
    /// nil when no listener speaks TLS.
    let context: TLSServerContext?

    init(_ options: FrontendOptions) throws(StartError) {
        guard let certificate = options.certificate, let key = options.key, let clientCA = options.clientCA else {
            context = nil
            return
        }
        var keyBytes = try content(key, "key")
        defer { TLSLibrary.wipe(&keyBytes) }
        let certificateBytes = try content(certificate, "certificate")
        let authorityBytes = try content(clientCA, "CA certificate")
        let revocationBytes = try options.revocationList.map { (file) throws(StartError) in try content(file, "CRL") }
        let ownAuthority = try options.authority.map { (file) throws(StartError) in try content(file, "CA certificate")
        }
        do throws(TLSError) {
            try TLSLibrary.prepare()
            let made = try TLSServerContext(
                certificate: certificateBytes, key: keyBytes, clientCA: authorityBytes, crl: revocationBytes)
            if let ownAuthority { try made.checkOwnChain(against: ownAuthority) }
            // OpenSSL's first handshake loads what the filter no longer lets it load.
            try made.rehearse()
            context = made
        } catch {
            throw .credentials("\(error)")
        }
    }

    /// Who the client of a finished handshake is.
    func identity(of connection: TLSConnection) -> IdentityRecord? {
        guard let peer = connection.peer else { return nil }
        return IdentityRecord(
            fingerprint: peer.fingerprint, notAfter: peer.notAfter,
            display: "CN=\(peer.commonName ?? "-") sha256:\(peer.fingerprint.prefix(8).map(hexadecimal).joined())",
            commonName: peer.commonName ?? "", issuer: peer.issuer,
            alternativeNames: peer.dnsNames.map { AlternativeName(.dns, $0) }
                + peer.uris.map { AlternativeName(.uri, $0) } + peer.emails.map { AlternativeName(.email, $0) })
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = Array("0123456789abcdef")
    return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
}

/// Reads a credential file whole and closes it.
private func content(_ raw: Int32, _ what: String) throws(StartError) -> [UInt8] {
    let file = Descriptor(owning: raw)
    do throws(Errno) {
        return try file.readAll(limit: 1 << 20)
    } catch {
        throw .system("can't read the \(what)", error)
    }
}
