import Confinement
import GatewayIPC
import Glibc
import LinuxSys

/// Why the broker can't start.
enum StartError: Error, CustomStringConvertible {
    case sealing(SealingError)
    case system(String, Errno)

    var description: String {
        switch self {
        case .sealing(let error): "\(error)"
        case .system(let what, let error): "\(what): \(error)"
        }
    }
}

/// The process, out of the system but still without a filter.
func isolated(_ options: BrokerOptions) throws(StartError) -> Sealing {
    let plan = SealingPlan(
        role: options.isPrivileged ? .broker : .reader, uid: options.seal.uid, gid: options.seal.gid,
        supervisorPID: options.seal.supervisorPID,
        descriptorCount: options.networkNamespaceDescriptor == nil ? 4 : 5,
        network: options.networkNamespaceDescriptor.map { .join($0) } ?? .keep, protocols: options.protocols,
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

/// The first filter: from here on only what a broker needs exists.
func locked(_ sealing: inout Sealing) throws(StartError) {
    do throws(SealingError) {
        try sealing.lockSystemCalls()
    } catch {
        throw .sealing(error)
    }
}

/// The last filter, and the state read back.
func finished(_ sealing: inout Sealing) throws(StartError) -> SealingReport {
    do throws(SealingError) {
        return try sealing.finish()
    } catch {
        throw .sealing(error)
    }
}

/// SIGTERM as something that can be shared and optional.
final class Terminations {
    let queue: SignalQueue

    init(_ queue: consuming SignalQueue) {
        self.queue = queue
    }
}

/// Where a privileged broker hears of SIGTERM while it is blocked; until then the signal ends the process.
func terminations(_ options: BrokerOptions) throws(StartError) -> Terminations? {
    guard options.isPrivileged else { return nil }
    do throws(Errno) {
        let queue = try SignalQueue([SIGTERM])
        try SignalQueue.setBlocked(SIGTERM, false)
        return Terminations(queue)
    } catch {
        throw .system("signalfd", error)
    }
}

/// The switch for CAP_NET_ADMIN as something that can be shared and optional.
final class Administrator {
    let netAdmin: NetAdmin

    init(_ netAdmin: consuming NetAdmin) {
        self.netAdmin = netAdmin
    }
}

/// The switch for CAP_NET_ADMIN; a reader has none.
func administrator(_ options: BrokerOptions) throws(StartError) -> Administrator? {
    guard options.isPrivileged, options.seal.uid != nil else { return nil }
    do throws(SealingError) {
        return Administrator(try NetAdmin())
    } catch {
        throw .sealing(error)
    }
}
