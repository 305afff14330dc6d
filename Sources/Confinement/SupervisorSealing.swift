/// The supervisor's own sealing, which is less than that of its children.
public enum SupervisorSealing {
    /// Starts the program anew when the environment is not the clean one.
    public static func reexecIfEnvironmentIsDirty() {}
    /// Opens 0, 1 and 2 where they are closed and closes everything above.
    public static func normaliseDescriptors() {}
    /// Takes every measure.
    ///
    /// - Throws: the first step that fails; the process must end.
    public static func seal(root: Bool, kernel: KernelFacts) throws(SealingError) -> SealingReport { throw .orphaned }
}

/// Makes the kernel refuse descriptors that the peer of this Unix socket sends.
///
/// Returns whether the kernel knows the option (Linux 6.16). The corresponding option is `SO_PASSRIGHTS`.
public func refuseDescriptors(on fd: Int32) -> Bool { false }
