extension SyscallTable {
    /// Both kinds of broker: netlink sockets of the granted protocols, which can't be aimed at anybody but the kernel.
    static func broker(pid: Int32, protocols: [Int32], privileged: Bool) -> [SyscallTable] {
        let kind = privileged ? "privileged broker" : "reader"
        let base = CommonRules.runtime(pid: pid) + CommonRules.loop + CommonRules.timers + netlink(privileged)
        // Generic netlink and rtnetlink: the broker's own questions, asked without the capability.
        let lookups = Set(protocols).union([0, 16]).sorted()
        let first =
            base + CommonRules.start + binding + [socket(lookups), CommonRules.nextFilter]
            + (privileged ? [raising, asking] : [])
        var second = base + binding
        if !protocols.isEmpty { second.append(socket(Set(protocols).sorted())) }
        if privileged { second += [raising, asking, CommonRules.nextFilter] }
        var tables = [
            SyscallTable(name: "\(kind), start", rules: first), SyscallTable(name: kind, rules: second),
        ]
        if privileged {
            tables.append(SyscallTable(name: "\(kind), serving", rules: base + [raising]))
        }
        return tables
    }

    private static func netlink(_ privileged: Bool) -> [SyscallRule] {
        // NETLINK_ADD_MEMBERSHIP 1, DROP_MEMBERSHIP 2, PKTINFO 3, BROADCAST_ERROR 4, NO_ENOBUFS 5, CAP_ACK 10,
        // EXT_ACK 11, GET_STRICT_CHK 12; SO_SNDBUF 7, SO_RCVBUF 8, SO_SNDBUFFORCE 32, SO_RCVBUFFORCE 33
        let sizes: [UInt64] = privileged ? [7, 8, 32, 33] : [7, 8]
        let settings = [1, 2, 3, 4, 5, 10, 11, 12].map { (level: Kernel.netlinkLevel, option: UInt64($0)) }
        // SO_TYPE 3, SO_ERROR 4, NETLINK_LIST_MEMBERSHIPS 9
        let questions = [3, 4, 7, 8].map { (level: Kernel.socketLevel, option: UInt64($0)) }
        return [
            CommonRules.options(
                "setsockopt", settings + sizes.map { (level: Kernel.socketLevel, option: $0) },
                "groups and options of a session's netlink socket, and its buffer sizes"),
            CommonRules.options(
                "getsockopt", questions + [(level: Kernel.netlinkLevel, option: 9)],
                "a socket's pending error, buffer sizes and groups"),
        ]
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
    private static let binding = [
        SyscallRule("bind", [ArgumentRule(2, 12)], "the port id of a session's netlink socket")
    ]

    private static let asking = SyscallRule("capget", "libcap asks for the kernel's version when NetAdmin is made")

    private static let raising = SyscallRule("capset", "CAP_NET_ADMIN in effect around one call, and out again")
}
