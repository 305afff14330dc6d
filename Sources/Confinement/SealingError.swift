public import LinuxSys

/// Why a process could not be sealed or started; it must not go on.
public enum SealingError: Error, Equatable, Sendable {
    /// The kernel is older than the floor, or runs without Landlock.
    case kernelTooOld(KernelFacts)
    /// The kernel refused a step.
    case step(Measure, Errno)
    /// What the kernel reports isn't what the step should have brought about.
    case check(Measure, String)
    /// The self-check at the end found these measures missing.
    case missing([Measure])
    /// The supervisor was gone before the death signal was set.
    case orphaned
    /// A table of system calls is wrong; nothing was installed.
    case table(String)
    /// A helper program isn't there, or somebody else could replace it.
    case helper(String, Errno)
    /// The program could not be started.
    case spawn(String, Errno)
}

extension SealingError: CustomStringConvertible {
    /// One line for the log that says what to do.
    public var description: String {
        switch self {
        case .kernelTooOld(let kernel):
            "Linux \(kernel.release) with Landlock ABI \(kernel.landlockABI) can't confine the gateway: it needs "
                + "\(KernelFacts.floor) or later, started with Landlock (lsm=landlock,...); "
                + "--insecure-old-kernel starts it all the same"
        case .step(let measure, let error): "can't put \(measure) in force: \(error)"
        case .check(let measure, let found): "\(measure) is not in force: \(found)"
        case .missing(let measures):
            "not in force: " + measures.map { "\($0)" }.joined(separator: ", ") + "; the process must not serve"
        case .orphaned: "the supervisor has ended"
        case .table(let text): "the table of system calls is wrong: \(text)"
        case .helper(let path, let error): "can't use the helper \(path): \(error)"
        case .spawn(let name, let error): "can't start \(name): \(error)"
        }
    }
}
