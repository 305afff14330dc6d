/// What a session may say and hear: compiled, complete, and closed to everything that isn't named.
///
/// The policy's roles for one identity in one namespace become one value of this type. It names families by their
/// labels and operations by their numbers, so that it means the same to every process that has the same catalogue.
public struct Grants: Equatable, Sendable {
    /// What isn't implied by reading or writing.
    public struct Extras: OptionSet, Hashable, Sendable {
        /// The bits, as they stand in the encoding.
        public let rawValue: UInt16

        /// Extras from their bits.
        public init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// Operations and groups whose messages carry key material.
        public static let secrets = Extras(rawValue: 1 << 0)
        /// Packets, and the means to divert them.
        public static let traffic = Extras(rawValue: 1 << 1)
        /// One message for many links.
        public static let group = Extras(rawValue: 1 << 2)
        /// Changes to what carries the session itself.
        public static let itself = Extras(rawValue: 1 << 3)
        /// Filters and programs inside the message.
        public static let code = Extras(rawValue: 1 << 4)
        /// The network namespaces that `netnsIDs` lists.
        public static let netns = Extras(rawValue: 1 << 5)
        /// All that are defined.
        public static let all: Extras = [.secrets, .traffic, .group, .itself, .code, .netns]
    }

    /// What one family grants.
    public struct FamilyGrant: Equatable, Sendable {
        /// Operation numbers and the modes granted; ascending, modes never empty.
        public internal(set) var operations: [OperationGrant]
        /// Names of groups that may be joined, in the catalogue's order.
        public internal(set) var groups: [String]
        /// The family's label in the catalogue.
        public let label: String
    }

    /// One operation and how it may be asked.
    public struct OperationGrant: Equatable, Sendable {
        /// The number in the catalogue.
        public let number: UInt16
        /// At least one.
        public let modes: Modes
    }

    /// Ascending by label; a family that grants nothing isn't in it.
    public internal(set) var families: [FamilyGrant]
    /// What else is granted.
    public internal(set) var extras: Extras
    /// Namespace ids that attributes may name (IFLA_TARGET_NETNSID and the like); ascending, empty without `.netns`.
    public internal(set) var netnsIDs: [Int32]

    /// Grants from a choice of operations and groups; what the catalogue never grants is left out.
    public init(
        extras: Extras = [], netnsIDs: [Int32] = [], operations: (Family, Operation) -> Modes,
        groups: (Family, Group) -> Bool = { _, _ in false }
    ) {
        self.extras = extras
        self.netnsIDs = extras.contains(.netns) ? Set(netnsIDs).sorted() : []
        families = Catalogue.families.compactMap { family in
            let granted = family.operations.compactMap { operation -> OperationGrant? in
                let modes = operations(family, operation).intersection(operation.grantable)
                return modes.isEmpty ? nil : OperationGrant(number: operation.number, modes: modes)
            }
            let joined = family.groups.filter { $0.join.isServed && groups(family, $0) }.map(\.name)
            guard !granted.isEmpty || !joined.isEmpty else { return nil }
            return FamilyGrant(operations: granted, groups: joined, label: family.label)
        }
    }

    /// What is granted in the family with this label.
    public func family(_ label: String) -> FamilyGrant? {
        families.first { $0.label == label }
    }

    /// How an operation may be asked; empty when it isn't granted.
    public func modes(_ label: String, _ number: UInt16) -> Modes {
        family(label)?.operations.first { $0.number == number }?.modes ?? []
    }
}

extension Grants {
    /// `builtin:read-only`.
    ///
    /// Every read of rtnetlink, every rtnetlink group that needs no capability, nlctrl, and the reads of ethtool that
    /// need no capability and show neither keys nor raw hardware.
    public static let readOnly = Grants(
        operations: { family, operation in
            switch family.label {
            case "route", "generic/nlctrl": operation.harmless
            case "generic/ethtool":
                operation.tags.isDisjoint(with: [.secret, .path, .hardware, .traffic]) ? operation.harmless : []
            default: []
            }
        },
        groups: { family, group in
            guard group.join == .nothing else { return false }
            return family.label == "route" || family.label == "generic/nlctrl"
        })

    /// `builtin:unrestricted`: all of the catalogue; descriptors, pids, paths and foreign namespaces stay refused.
    public static let unrestricted = Grants(
        extras: [.secrets, .traffic, .group, .itself, .code], operations: { _, operation in operation.grantable },
        groups: { _, _ in true })

    /// What is left for a client that only wants to read: no writes and nothing that needs a capability.
    public func restrictedToReading() -> Grants {
        Grants(
            extras: extras, netnsIDs: netnsIDs,
            operations: { family, operation in modes(family.label, operation.number).intersection(operation.harmless) },
            groups: { family, group in
                group.join == .nothing && self.family(family.label)?.groups.contains(group.name) == true
            })
    }

    /// True when a session of this protocol could write, or do what needs CAP_NET_ADMIN.
    public func needsPrivilege(protocolNumber: Int32) -> Bool {
        Catalogue.families.contains { family in
            guard family.protocolNumber == protocolNumber, let granted = self.family(family.label) else { return false }
            return granted.operations.contains { grant in
                guard let operation = family.operation(grant.number) else { return true }
                return operation.kind == .write || operation.needsCapability(in: grant.modes)
            } || family.groups.contains { $0.join.isPrivileged && granted.groups.contains($0.name) }
        }
    }

    /// True when the protocol has anything granted at all; no socket is opened otherwise.
    public func serves(protocolNumber: Int32) -> Bool {
        families.contains { Catalogue.family($0.label)?.protocolNumber == protocolNumber }
    }

    /// The grants by name, one line a family and class, for people.
    public func describe(protocolNumber: Int32? = nil) -> [String] {
        var lines: [String] = []
        for family in Catalogue.families where protocolNumber == nil || family.protocolNumber == protocolNumber {
            guard let granted = self.family(family.label) else { continue }
            for (kind, verb) in [(OperationClass.read, "read"), (.write, "write")] {
                let names = granted.operations.compactMap { grant -> String? in
                    guard let operation = family.operation(grant.number), operation.kind == kind else { return nil }
                    return grant.modes == operation.grantable || grant.modes == .both
                        ? operation.name : operation.name + (grant.modes == .dump ? " (dump)" : " (single)")
                }
                if !names.isEmpty { lines.append("\(verb) \(family.label): \(names.joined(separator: ", "))") }
            }
            if !granted.groups.isEmpty {
                lines.append("listen \(family.label): \(granted.groups.joined(separator: ", "))")
            }
        }
        return lines + extrasLine
    }

    private var extrasLine: [String] {
        let names: [(Extras, String)] = [
            (.secrets, "secrets"), (.traffic, "traffic"), (.group, "group"), (.itself, "self"),
            (.code, "code"), (.netns, "netns"),
        ]
        let granted = names.filter { extras.contains($0.0) }.map(\.1)
        return granted.isEmpty ? [] : ["extra: \(granted.joined(separator: ", "))"]
    }
}
