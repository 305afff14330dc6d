import Confinement
import GatewayIPC

/// Address space, 512 MiB: a policy of 1 MiB takes a fraction of that.
private let addressSpace: UInt64 = 512 << 20
/// Seconds of processor time; the supervisor's patience is as long.
private let processorSeconds: UInt64 = 10

/// The process, out of the system and behind both filters, with its state read back.
func sealed(_ options: CompilerOptions) throws(SealingError) -> SealingReport {
    var plan = SealingPlan(
        role: .compiler, uid: options.seal.uid, gid: options.seal.gid, supervisorPID: options.seal.supervisorPID,
        descriptorCount: options.source.descriptorCount, network: .empty,
        descriptorLimit: options.seal.descriptorLimit, addressSpaceLimit: addressSpace,
        kernel: .running(insecureOldKernel: options.seal.insecureOldKernel))
    plan.processorSeconds = processorSeconds
    var sealing = try Sealing(plan)
    try sealing.isolate()
    try sealing.lockSystemCalls()
    return try sealing.finish()
}

extension CompilerOptions.Source {
    /// Standard input, output and error, the control socket, and the file if there is one.
    fileprivate var descriptorCount: Int32 {
        switch self {
        case .builtin: 4
        case .file, .configuration: 5
        }
    }
}
