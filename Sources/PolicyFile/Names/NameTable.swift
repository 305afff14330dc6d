internal import GatewayPolicy
internal import Roles

/// What a section of a role grants.
enum SectionKind: String, CaseIterable, Sendable {
    case read
    case write
    case listen

    /// The class of its operations; nil for groups.
    var operations: OperationClass? {
        switch self {
        case .read: .read
        case .write: .write
        case .listen: nil
        }
    }
}

/// A name that means nothing here, and what to do about it.
struct NameError: Error, Equatable {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Finds families, operations and groups by the names that people write.
enum NameTable {
    static let all = "all"

    /// The family with a label, in any case.
    static func family(_ label: String) throws(NameError) -> Family {
        let families = Catalogue.families
        if let family = families.first(where: { $0.label == label }) { return family }
        if let family = families.first(where: { $0.label.uppercased() == label.uppercased() }) { return family }
        if let family = families.first(where: { $0.name.uppercased() == label.uppercased() }) {
            throw NameError("unknown family \(label.shortened)", hint: "did you mean \(family.label)?")
        }
        let names = families.map(\.label) + families.map(\.name)
        let nearest = Suggestion.nearest(to: label, in: names)
        let found = families.first { $0.label == nearest || $0.name == nearest }
        throw NameError("unknown family \(label.shortened)", hint: found.map { "did you mean \($0.label)?" })
    }

    /// True when `name` is the kernel's name, with or without its prefix, in any case.
    static func isName(_ text: String, _ name: String, prefix: String) -> Bool {
        let (text, name) = (text.uppercased(), name.uppercased())
        return text == name || !prefix.isEmpty && text == prefix.uppercased() + name
    }

    /// The operation with a name, whatever its class.
    static func operation(_ text: String, in family: Family) -> Operation? {
        family.operations.first { isName(text, $0.name, prefix: family.prefix) }
    }

    /// The group with a name.
    static func group(_ text: String, in family: Family) -> Group? {
        family.groups.first { isName(text, $0.name, prefix: groupPrefix(family)) }
    }

    /// What the kernel's constants of a family's groups begin with.
    static func groupPrefix(_ family: Family) -> String {
        switch family.protocolNumber {
        case NetlinkProtocol.route: "RTNLGRP_"
        case NetlinkProtocol.netfilter: "NFNLGRP_"
        case NetlinkProtocol.xfrm: "XFRMNLGRP_"
        case NetlinkProtocol.sockDiag: "SKNLGRP_"
        default: ""
        }
    }

    /// The operations that a glob stands for; the kernel's prefix may be part of it.
    static func operations(glob: String, in family: Family) -> [Operation] {
        family.operations.filter { isMatch(glob, $0.name, prefix: family.prefix) }
    }

    /// The groups that a glob stands for.
    static func groups(glob: String, in family: Family) -> [Group] {
        family.groups.filter { isMatch(glob, $0.name, prefix: groupPrefix(family)) }
    }

    private static func isMatch(_ glob: String, _ name: String, prefix: String) -> Bool {
        let (glob, name) = (glob.uppercased(), name.uppercased())
        if matches(glob, name) { return true }
        let prefix = prefix.uppercased()
        return !prefix.isEmpty && glob.hasPrefix(prefix) && matches(String(glob.dropFirst(prefix.count)), name)
    }

    private static func isNotification(_ text: String, in family: Family) -> Bool {
        Catalogue.notifications.contains { $0.family == family.label && isName(text, $0.name, prefix: family.prefix) }
    }

    /// Why nothing has this name in a family, with the nearest that could be meant in this section.
    static func unknown(_ text: String, in family: Family, section: SectionKind?) -> NameError {
        let isGroup = section == .listen
        let what = isGroup ? "group" : "operation"
        let message = "unknown \(what) \(text.shortened) in \(family.label)"
        if isGroup, let operation = operation(text, in: family) {
            let verb = operation.kind == .read ? "read" : "write"
            return NameError(message, hint: "\(operation.name) is an operation and belongs under \(verb)")
        }
        let kind = section?.operations
        let fitting = family.operations.filter { kind == nil || $0.kind == kind }.map(\.name)
        if !isGroup, let group = group(text, in: family) {
            let near = Suggestion.hint(for: text, in: fitting, prefix: family.prefix)
            return NameError(message, hint: near ?? "\(group.name) is a group and belongs under listen")
        }
        if !isGroup, isNotification(text, in: family) {
            return NameError(message, hint: "the kernel says it and nobody can ask it; events are a matter of listen")
        }
        let names = isGroup ? family.groups.map(\.name) : fitting
        if let hint = Suggestion.hint(for: text, in: names, prefix: isGroup ? groupPrefix(family) : family.prefix) {
            return NameError(message, hint: hint)
        }
        if let other = Catalogue.families.first(where: { other in
            isGroup ? group(text, in: other) != nil : operation(text, in: other) != nil
        }) {
            return NameError(message, hint: "\(other.label) has one")
        }
        if isGroup { return NameError(message, hint: names.isEmpty ? "\(family.label) has no groups" : nil) }
        return NameError(
            message, hint: Suggestion.hint(for: text, in: family.operations.map(\.name), prefix: family.prefix))
    }
}

extension Operation {
    /// Why no policy can grant it; nil when one can.
    var whyNever: String? {
        guard grantable.isEmpty else { return nil }
        if tags.contains(.descriptor) { return "it takes or gives file descriptors, which can't cross hosts" }
        if tags.contains(.path) { return "it names a file of the server" }
        if tags.contains(.multiplexed) { return "the real command stands inside, where the gateway can't read it" }
        if tags.contains(.portID) { return "it names netlink sockets of the server" }
        if tags.contains(.process) { return "it names processes of the server" }
        if single == .noHandler, dump == .noHandler { return "the kernel has no handler for it" }
        if single == .other || dump == .other { return "it needs another capability than CAP_NET_ADMIN" }
        return "its family as a whole can't cross hosts"
    }
}

extension Modes {
    /// For messages.
    var words: String { self == .dump ? "dump" : self == .single ? "single" : "single and dump" }
}

extension NetlinkProtocol {
    /// Those that anything can be granted of.
    static let all = [route, sockDiag, xfrm, netfilter, generic]
}
