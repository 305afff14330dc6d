extension SyscallTable {
    /// The supervisor: its own work, and the sealing of its children, who inherit the filter.
    static let supervisor = SyscallTable(name: "supervisor", rules: [])
}
