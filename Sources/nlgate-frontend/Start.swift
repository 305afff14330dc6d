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
        descriptorCount: Int32(4 + options.listeners.count), network: .empty,
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

/// Readies OpenSSL, whose first handshake loads what the filter no longer lets it load.
func prepareTLS(_ options: FrontendOptions) throws(StartError) {
    guard options.listeners.contains(where: { $0.transport == .tls }) else { return }
    do throws(TLSError) {
        try TLSLibrary.prepareDelegation()
    } catch {
        throw .credentials("\(error)")
    }
}
