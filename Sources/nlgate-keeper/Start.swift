import Confinement
import ControlSocket
import GatewayIPC
import LinuxSys
import TLSSocket

/// Why the keeper can't start.
enum StartError: Error, CustomStringConvertible {
    case sealing(SealingError)
    case system(String, Errno)
    case credentials(String)

    var description: String {
        switch self {
        case .sealing(let error): "nlgate-keeper: \(error)"
        case .system(let what, let error): "nlgate-keeper: \(what): \(error)"
        case .credentials(let text): text
        }
    }
}

/// The process, in its own namespaces and without rights, but still able to call what OpenSSL's start needs.
func isolated(_ options: KeeperOptions) throws(StartError) -> Sealing {
    let files = 3 + (options.revocationList == nil ? 0 : 1) + (options.authority == nil ? 0 : 1)
    let plan = SealingPlan(
        role: .keeper, uid: options.seal.uid, gid: options.seal.gid, supervisorPID: options.seal.supervisorPID,
        descriptorCount: Int32(4 + files), network: .empty, protocols: [],
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

func queue(watching control: ControlSocket) throws(StartError) -> Epoll {
    do throws(Errno) {
        let epoll = try Epoll()
        try epoll.add(control.descriptor.raw, .read, token: Keeper.controlToken)
        return epoll
    } catch {
        throw .system("epoll", error)
    }
}

/// The key, and the judge of clients.
struct Authority {
    /// The server's certificate and the chain above it, PEM.
    let certificate: [UInt8]
    let key: ServerKey
    let clients: ClientVerifier
    /// When the files come to their ends, for warnings.
    let expiries: Expiries

    init(_ options: KeeperOptions) throws(StartError) {
        certificate = try content(options.certificate, "certificate")
        guard certificate.count <= maximumCertificateFile else {
            throw .credentials("the certificate's file is larger than \(maximumCertificateFile) bytes")
        }
        let clientCA = try content(options.clientCA, "CA certificate")
        let crl = try options.revocationList.map { (file) throws(StartError) in try content(file, "CRL") }
        let own = try options.authority.map { (file) throws(StartError) in try content(file, "CA certificate") }
        // OpenSSL's memory for keys must be there before the key is.
        do throws(TLSError) { try TLSLibrary.prepareForKeys() } catch { throw .credentials("\(error)") }
        var keyBytes = try content(options.key, "key")
        defer { TLSLibrary.wipe(&keyBytes) }
        do throws(TLSError) {
            key = try ServerKey(certificate: certificate, key: keyBytes, authority: own)
            clients = try ClientVerifier(clientCA: clientCA, crl: crl, graceSeconds: Int64(options.graceSeconds))
            try key.rehearse(with: clients)
            expiries = Expiries(
                certificate: try expiry(certificate, .chain), authority: try expiry(own, .authorities),
                clientAuthority: try expiry(clientCA, .authorities), revocationList: try expiry(crl, .revocationLists))
        } catch {
            throw .credentials("\(error)")
        }
    }
}

private func expiry(_ text: [UInt8]?, _ content: PEMLifetime.Content) throws(TLSError) -> Expiry {
    guard let text else { return .none }
    let lifetime = try PEMLifetime(text, content)
    guard let end = lifetime.ends, let warnsFrom = lifetime.warnsFrom else { return .none }
    return Expiry(end: end, warnsFrom: warnsFrom)
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
