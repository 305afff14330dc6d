extension SyscallTable {
    /// The frontend: TLS over sockets that were given to it; no socket, no file, no descriptor sent away.
    static func frontend(pid: Int32) -> [SyscallTable] {
        let final =
            CommonRules.runtime(pid: pid) + CommonRules.loop + CommonRules.timers + [
                SyscallRule(
                    "accept4", [ArgumentRule(3, Kernel.closeOnExec | Kernel.nonBlocking)],
                    "connections of the listeners"),
                SyscallRule("getpeername", "the client's address, for the log"),
                settings,
                CommonRules.options("getsockopt", questions, "a connection's pending error, type and buffer sizes"),
            ]
        let first = final + CommonRules.start + [CommonRules.nextFilter]
        return [SyscallTable(name: "frontend, start", rules: first), SyscallTable(name: "frontend", rules: final)]
    }

    private static var settings: SyscallRule {
        var rule = CommonRules.options(
            "setsockopt", clientOptions, "keepalive, timeouts and buffers of a client's connection")
        // TCP_ULP 31: some builds of OpenSSL ask for TLS in the kernel, for every connection.
        rule.refused = [[ArgumentRule(1, Kernel.tcpLevel), ArgumentRule(2, 31)]]
        return rule
    }

    // SO_SNDBUF 7, SO_RCVBUF 8, SO_KEEPALIVE 9, SO_LINGER 13; TCP_NODELAY 1, CORK 3, KEEPIDLE 4, KEEPINTVL 5,
    // KEEPCNT 6, USER_TIMEOUT 18, NOTSENT_LOWAT 25
    private static let clientOptions: [(level: UInt64, option: UInt64)] =
        [7, 8, 9, 13].map { (Kernel.socketLevel, $0) } + [1, 3, 4, 5, 6, 18, 25].map { (Kernel.tcpLevel, $0) }

    // SO_TYPE 3, SO_ERROR 4, SO_SNDBUF 7, SO_RCVBUF 8, SO_ACCEPTCONN 30
    private static let questions: [(level: UInt64, option: UInt64)] = [3, 4, 7, 8, 30].map { (Kernel.socketLevel, $0) }
}
