import Glibc
import LinuxSys

/// Which system calls of the watched program come to the monitor.
public struct ExecFilter: Equatable, Sendable {
    /// Descriptors from here on are trapped; emulated sockets get only such numbers.
    public let base: Int32
    /// Numbers that emulated sockets may have.
    public let numbers: Range<Int32>
    private let localRequests: Bool

    /// A filter for programs that may have so many descriptors (the soft RLIMIT_NOFILE).
    ///
    /// The base leaves half of the numbers that `select` can handle to the program.
    public init(descriptorLimit: UInt64, localRequests: Bool = false) {
        let limit = Int32(clamping: descriptorLimit)
        base = max(64, min(limit, 1024) / 2)
        numbers = base..<max(base, min(limit, 65_536))
        self.localRequests = localRequests
    }

    /// The kernel's program, 8 bytes an instruction.
    public var program: [UInt8] {
        FilterAssembler(architecture: Self.architecture, rules: rules).assemble().flatMap(\.bytes)
    }

    private static var architecture: UInt32 {
        #if arch(arm64)
            0xc000_00b7
        #else
            0xc000_003e
        #endif
    }

    var rules: [FilterRule] {
        let trapped: [ArgumentCondition] = [.atLeast(0, UInt32(base))]
        let plain = [
            SystemCallNumber.bind, SystemCallNumber.connect, SystemCallNumber.listen, SystemCallNumber.shutdown,
            SystemCallNumber.getsockname,
            SystemCallNumber.getpeername, SystemCallNumber.setsockopt, SystemCallNumber.getsockopt,
            SystemCallNumber.sendto, SystemCallNumber.sendmsg, SystemCallNumber.sendmmsg, SystemCallNumber.recvmsg,
            SystemCallNumber.recvmmsg, SystemCallNumber.dup, SystemCallNumber.dup3,
        ]
        var rules = [FilterRule(SystemCallNumber.socket, [.anyOf(0, [UInt32(AF_NETLINK)])])]
        rules += plain.map { FilterRule($0, trapped) }
        if let dup2 = SystemCallNumber.dup2 { rules.append(FilterRule(dup2, trapped)) }
        rules += [
            FilterRule(SystemCallNumber.recvfrom, trapped + [.isNotNull(4)]),
            // F_DUPFD and F_DUPFD_CLOEXEC.
            FilterRule(SystemCallNumber.fcntl, trapped + [.anyOf(1, [0, 1030])]),
            // Nothing that a ring does can be seen here.
            FilterRule(SystemCallNumber.ioUringSetup, [], .errno(ENOSYS)),
            // Sockets would stay those of the gateway, and say they are another namespace's: CLONE_NEWNET.
            FilterRule(SystemCallNumber.setns, [.hasBits(1, 0x4000_0000)], .errno(EOPNOTSUPP)),
        ]
        if !localRequests { rules.append(requests) }
        return rules
    }

    /// Requests about interfaces by whatever descriptor.
    private var requests: FilterRule {
        FilterRule(
            SystemCallNumber.ioctl,
            cases: [
                ([.anyOf(1, InterfaceRequest.allCases.map(\.rawValue))], .notify),
                ([.anyOf(1, [InterfaceRequest.ethtool])], .errno(EOPNOTSUPP)),
            ])
    }
}

/// The ioctls that are answered from the other kernel (linux/sockios.h).
enum InterfaceRequest: UInt32, CaseIterable, Sendable {
    case name = 0x8910
    case flags = 0x8913
    case mtu = 0x8921
    case hardwareAddress = 0x8927
    case index = 0x8933

    /// SIOCETHTOOL: what it would tell is of this host.
    static let ethtool: UInt32 = 0x8946
}
