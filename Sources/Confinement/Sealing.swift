internal import LinuxSys

/// A process on its way into confinement; each stage is taken once, in order.
public struct Sealing: ~Copyable {
    /// First stage.
    ///
    /// - Throws: the first step that fails; the process must end.
    public init(_ plan: SealingPlan) throws(SealingError) {}
    /// Second stage.
    ///
    /// - Throws: the first step that fails; the process must end.
    public mutating func isolate() throws(SealingError) {}
    /// Third stage.
    ///
    /// - Throws: the first step that fails; the process must end.
    public mutating func lockSystemCalls() throws(SealingError) {}
    /// Last stage.
    ///
    /// - Throws: the first step that fails; the process must end.
    public mutating func finish() throws(SealingError) -> SealingReport { throw .orphaned }
    /// Third filter.
    ///
    /// - Throws: `step(.socketCreationDropped, errno)`.
    public mutating func dropSocketCreation() throws(SealingError) {}
}
