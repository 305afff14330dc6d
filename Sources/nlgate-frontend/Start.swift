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
    let plan = SealingPlan(
        role: .frontend, uid: options.seal.uid, gid: options.seal.gid, supervisorPID: options.seal.supervisorPID,
        descriptorCount: Int32(4 + (options.certificate == nil ? 0 : 1) + options.listeners.count), network: .empty,
        protocols: [],
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

/// What the frontend has of credentials: a certificate, which is public, and a way to the keeper, which has the key.
struct Credentials {
    /// nil when no listener speaks TLS.
    let context: TLSServerContext?
    let keeper = KeeperLink()

    init(_ options: FrontendOptions) throws(StartError) {
        guard let certificate = options.certificate else {
            context = nil
            return
        }
        let bytes = try content(certificate, "certificate")
        do throws(TLSError) {
            // OpenSSL's first handshake loads what the filter no longer lets it load.
            try TLSLibrary.prepareDelegation()
            context = try TLSServerContext(certificate: bytes)
        } catch {
            throw .credentials("\(error)")
        }
    }

    /// Begins a connection's TLS; nil when it can't be had.
    func accept(_ socket: borrowing Descriptor, _ number: UInt32) -> TLSConnection? {
        try? context?.accept(descriptor: socket.raw, keeper: keeper, number: number)
    }
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
