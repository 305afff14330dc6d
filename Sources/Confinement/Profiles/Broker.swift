extension SyscallTable {
    /// Both kinds of broker: netlink sockets of the granted protocols, which can't be aimed at anybody but the kernel.
    static func broker(pid: Int32, protocols: [Int32], privileged: Bool) -> [SyscallTable] {
        let kind = privileged ? "privileged broker" : "reader"
        let common = CommonRules.runtime(pid: pid) + CommonRules.loop
        let base = common + CommonRules.setUp + [ownStatus, settings(privileged, opening: true), binding]
        let powers = privileged ? [raising, asking, ending] : []
        // Generic netlink and rtnetlink: the broker's own questions, asked without the capability.
        let lookups = Set(protocols).union([0, 16]).sorted()
        let first = base + [socket(lookups), CommonRules.nextFilter] + powers
        var second = base
        if !protocols.isEmpty { second.append(socket(Set(protocols).sorted())) }
        if privileged { second += powers + [CommonRules.nextFilter] }
        var tables = [
            SyscallTable(name: "\(kind), start", rules: first), SyscallTable(name: kind, rules: second),
        ]
        if privileged {
            tables.append(
                SyscallTable(name: "\(kind), serving", rules: common + [settings(privileged), raising, ending]))
        }
        return tables
    }

    private static func settings(_ privileged: Bool, opening: Bool = false) -> SyscallRule {
        // NETLINK_ADD_MEMBERSHIP 1, DROP_MEMBERSHIP 2, BROADCAST_ERROR 4, NO_ENOBUFS 5, CAP_ACK 10, EXT_ACK 11,
        // GET_STRICT_CHK 12; PKTINFO 3 as the socket is opened; SO_SNDBUF 7, SO_RCVBUF 8, SO_SNDBUFFORCE 32,
        // SO_RCVBUFFORCE 33 (a privileged broker that wasn't started as root does without the latter)
        let settings: [UInt64] = [1, 2, 4, 5, 10, 11, 12] + (opening ? [3] : [])
        let sizes: [UInt64] = privileged ? [7, 8, 32, 33] : [7, 8]
        return CommonRules.options(
            "setsockopt",
            settings.map { (level: Kernel.netlinkLevel, option: $0) }
                + sizes.map { (level: Kernel.socketLevel, option: $0) },
            "groups and options of a session's netlink socket, and its buffer sizes")
    }

    private static func socket(_ protocols: [Int32]) -> SyscallRule {
        let type = Kernel.raw | Kernel.closeOnExec | Kernel.nonBlocking
        return SyscallRule(
            "socket",
            anyOf: protocols.map {
                [
                    ArgumentRule(0, Kernel.netlink), ArgumentRule(1, type),
                    ArgumentRule(2, UInt64(UInt32(bitPattern: $0))),
                ]
            }, "a session's netlink socket, of a granted protocol")
    }

    // sizeof(struct sockaddr_nl)
    private static let binding = SyscallRule("bind", [ArgumentRule(2, 12)], "the port id of a session's netlink socket")

    private static let ownStatus = SyscallRule("read", "the process's own status at the end of the start")

    private static let asking = SyscallRule("capget", "libcap asks for the kernel's version when NetAdmin is made")

    // PR_SET_PDEATHSIG 1; SIGKILL 9, SIGTERM 15
    private static let ending = SyscallRule(
        "prctl", anyOf: [9, 15].map { [ArgumentRule(0, 1), ArgumentRule(1, $0)] },
        "while a list is armed the supervisor's end sends SIGTERM, so that the list is sent, instead of SIGKILL")

    private static let raising = SyscallRule("capset", "CAP_NET_ADMIN in effect around one call, and out again")
}
