extension SyscallTable {
    /// The frontend: TLS over sockets that were given to it; no socket, no file, no descriptor sent away.
    static func frontend(pid: Int32) -> [SyscallTable] {
        let final = CommonRules.runtime(pid: pid) + CommonRules.loop + CommonRules.setUp + clock + clients
        return [
            SyscallTable(name: "frontend, start", rules: final + [CommonRules.nextFilter]),
            SyscallTable(name: "frontend", rules: final),
        ]
    }

    private static let clock = [
        SyscallRule("time", on: .x86, "the end of certificates, where the vDSO can't answer"),
        SyscallRule("gettimeofday", "OpenSSL's times of sessions, where the vDSO can't answer"),
    ]

    private static let clients = [
        SyscallRule(
            "accept4", [ArgumentRule(3, Kernel.closeOnExec | Kernel.nonBlocking)], "connections of the listeners"),
        SyscallRule("read", "TLS connections, and the process's own status at the end of the start"),
        SyscallRule(
            "recvfrom",
            [ArgumentRule(3, .only(Kernel.dontWait)), ArgumentRule(4, 0), ArgumentRule(5, 0)],
            "recv(): no sender's address asked"),
        SyscallRule("shutdown", "the end of a connection"),
        SyscallRule(
            "fcntl", [ArgumentRule(1, Kernel.duplicateCloseOnExec)],
            "the descriptor that is given up to turn a client away when there are no more"),
        settings,
    ]

    private static var settings: SyscallRule {
        var rule = CommonRules.options("setsockopt", clientOptions, "keepalive and timeouts of a client's connection")
        // TCP_ULP 31: some builds of OpenSSL ask for TLS in the kernel, for every connection.
        rule.refused = [[ArgumentRule(1, Kernel.tcpLevel), ArgumentRule(2, 31)]]
        return rule
    }

    // SO_KEEPALIVE 9; TCP_NODELAY 1, KEEPIDLE 4, KEEPINTVL 5, KEEPCNT 6, USER_TIMEOUT 18
    private static let clientOptions: [(level: UInt64, option: UInt64)] =
        [(Kernel.socketLevel, 9)] + [1, 4, 5, 6, 18].map { (Kernel.tcpLevel, $0) }
}
