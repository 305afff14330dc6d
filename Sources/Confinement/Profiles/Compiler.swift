extension SyscallTable {
    /// The policy compiler: one file that was given to it, and the control socket.
    static func compiler(pid: Int32) -> [SyscallTable] {
        let final = CommonRules.runtime(pid: pid) + messages + [reading]
        return [
            SyscallTable(name: "policy compiler, start", rules: final + [CommonRules.nextFilter]),
            SyscallTable(name: "policy compiler", rules: final),
        ]
    }

    private static let messages = CommonRules.loop.filter { ["close", "poll", "ppoll", "sendto"].contains($0.name) }

    private static let reading = SyscallRule(
        "read", "the policy, and the process's own status at the end of the start")
}
