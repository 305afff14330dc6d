extension SyscallTable {
    /// The keeper: sockets that were given to it, and nothing else.
    static func keeper(pid: Int32) -> [SyscallTable] {
        let final = CommonRules.runtime(pid: pid) + CommonRules.loop + clock + [status]
        return [
            SyscallTable(
                name: "keeper, start", rules: final + CommonRules.setUp.prefix(1) + [CommonRules.nextFilter]),
            SyscallTable(name: "keeper", rules: final),
        ]
    }

    private static let status = SyscallRule("read", "the process's own status at the end of the start")

    private static let clock = [
        SyscallRule("time", on: .x86, "the end of certificates, where the vDSO can't answer"),
        SyscallRule("gettimeofday", "the same"),
    ]
}
