/// A generic family as a running kernel lists it (CTRL_CMD_NEWFAMILY).
public struct KernelFamily: Equatable, Sendable {
    /// A command of the family.
    public struct Operation: Equatable, Sendable {
        /// Its number (CTRL_ATTR_OP_ID).
        public let number: UInt16
        /// What the kernel says of it (CTRL_ATTR_OP_FLAGS).
        public let flags: UInt32

        /// A command.
        public init(number: UInt16, flags: UInt32) {
            self.number = number
            self.flags = flags
        }

        /// GENL_ADMIN_PERM or GENL_UNS_ADMIN_PERM.
        var needsCapability: Bool { flags & 0x11 != 0 }
        /// GENL_CMD_CAP_DO.
        var hasSingle: Bool { flags & 0x02 != 0 }
        /// GENL_CMD_CAP_DUMP.
        var hasDump: Bool { flags & 0x04 != 0 }
    }

    /// Its name (CTRL_ATTR_FAMILY_NAME).
    public let name: String
    /// Bytes of its own header (CTRL_ATTR_HDRSIZE).
    public let headerSize: Int
    /// Its commands (CTRL_ATTR_OPS).
    public let operations: [Operation]
    /// Names of its groups (CTRL_ATTR_MCAST_GROUPS).
    public let groups: [String]

    /// A family.
    public init(name: String, headerSize: Int, operations: [Operation], groups: [String]) {
        self.name = name
        self.headerSize = headerSize
        self.operations = operations
        self.groups = groups
    }
}

/// One point where the table and a running kernel differ.
public struct KernelFinding: Equatable, Sendable, CustomStringConvertible {
    /// How much it matters.
    public enum Severity: Int, Comparable, Sendable {
        /// The kernel lacks something, as older kernels, unloaded modules and other namespaces do.
        case note
        /// The kernel has something that can't be granted, or answers it another way than the table says.
        case warning
        /// The table is wrong about the capability or the header, and with it the gateway.
        case error

        /// The order of importance.
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// How much it matters.
    public let severity: Severity
    /// Label of the family, such as `generic/ethtool`.
    public let family: String
    /// The operation's or group's name, or nil when it is about the family.
    public let name: String?
    /// What differs; the rest of a sentence that begins with the name.
    public let difference: String

    /// The whole sentence.
    public var description: String {
        "\(family)\(name.map { " \($0)" } ?? "") \(difference)"
    }
}

extension Catalogue {
    /// Compares the generic families of the table with those of a running kernel.
    ///
    /// The other protocols have no list to compare with.
    public static func compare(with kernel: [KernelFamily]) -> [KernelFinding] {
        let known = families.filter { $0.protocolNumber == NetlinkProtocol.generic }
        let present = Dictionary(kernel.map { ($0.name, $0) }) { first, _ in first }
        let missing = known.filter { present[$0.name] == nil }.map {
            KernelFinding(severity: .note, family: $0.label, name: nil, difference: "is not in this kernel")
        }
        return missing
            + kernel.flatMap { family in
                known.first { $0.name == family.name }.map { $0.compare(with: family) } ?? [
                    KernelFinding(
                        severity: .warning, family: "generic/\(family.name)", name: nil,
                        difference: "is in this kernel and not in the table; nothing of it can be granted")
                ]
            }
    }
}

extension Family {
    fileprivate func compare(with kernel: KernelFamily) -> [KernelFinding] {
        var findings: [KernelFinding] = []
        if headerSize != kernel.headerSize {
            findings.append(
                finding(.error, nil, "has a header of \(kernel.headerSize) bytes in this kernel, not \(headerSize)"))
        }
        for operation in operations where !kernel.operations.contains(where: { $0.number == operation.number }) {
            findings.append(finding(.note, operation.name, "is not in this kernel"))
        }
        for command in kernel.operations {
            guard let operation = operation(command.number) else {
                findings.append(unknown(command))
                continue
            }
            findings += compare(operation, with: command)
        }
        for group in groups where !kernel.groups.contains(group.name) {
            findings.append(finding(.note, "group \(group.name)", "is not in this kernel"))
        }
        for name in kernel.groups where !groups.contains(where: { $0.name == name }) {
            findings.append(
                finding(.warning, "group \(name)", "is in this kernel and not in the table; nobody can listen to it"))
        }
        return findings
    }

    private func compare(_ operation: Operation, with command: KernelFamily.Operation) -> [KernelFinding] {
        var findings: [KernelFinding] = []
        for (word, need, present) in [
            ("single requests", operation.single, command.hasSingle), ("dumps", operation.dump, command.hasDump),
        ] where need != .unsure && (need != .noHandler) != present {
            let text =
                present ? "answers \(word) in this kernel, not in the table" : "answers no \(word) in this kernel"
            findings.append(finding(.warning, operation.name, text))
        }
        let needs = [operation.single, operation.dump]
        guard !needs.contains(.other) else { return findings }
        if needs.contains(.unsure) {
            let text = command.needsCapability ? "needs CAP_NET_ADMIN" : "needs no capability"
            findings.append(finding(.note, operation.name, "\(text) in this kernel; the table doesn't know"))
        } else if needs.contains(.netAdmin) != command.needsCapability {
            let text = command.needsCapability ? "needs CAP_NET_ADMIN in this kernel" : "is free in this kernel"
            let table = command.needsCapability ? "free" : "capped"
            findings.append(finding(.error, operation.name, "\(text), and \(table) in the table"))
        }
        return findings
    }

    private func unknown(_ command: KernelFamily.Operation) -> KernelFinding {
        let notified = Catalogue.notifications.first { $0.family == label && $0.number == command.number }
        let name = notified?.name ?? "command \(command.number)"
        return finding(.warning, name, "can be asked of this kernel and has no row in the table; it can't be granted")
    }

    private func finding(_ severity: KernelFinding.Severity, _ name: String?, _ difference: String) -> KernelFinding {
        KernelFinding(severity: severity, family: label, name: name, difference: difference)
    }
}
