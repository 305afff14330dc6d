internal import GatewayPolicy

/// One line of an audit log, as far as a policy can be drafted from it.
struct AuditLine {
    /// What the line is about.
    enum Content {
        case operation(family: Int, Operation, Modes, target: String)
        case group(family: Int, group: Int)
        /// Lines that the log left out.
        case omitted(Int)
        /// A session, or its refusal.
        case session
        case other
    }

    /// Why nothing can be learned from a line.
    enum Skip: String, Error, CaseIterable {
        case tooLong = "longer than a line of an audit log"
        case broken = "no JSON object as an audit log has it"
        case unknown = "an operation or a group that this program doesn't know"
        case refusedAlways = "refused whatever a policy grants"
        case incomplete = "a write whose target doesn't say enough"
        case tooMany = "more than a draft can hold"
    }

    let clients: [String]
    let identity: String
    let namespace: String
    let time: String
    let content: Content
    /// Extras that the refusal asked for, and the namespace ids with them.
    let extras: Grants.Extras
    let namespaceIDs: [Int32]

    init(_ bytes: [UInt8]) throws(Skip) {
        guard let object = FlatJSON.object(bytes), case .text(let event) = object["event"] else { throw .broken }
        func text(_ key: String) -> String { if case .text(let text) = object[key] { text } else { "" } }
        func number(_ key: String) -> Int64? { if case .number(let number) = object[key] { number } else { nil } }
        clients = if case .texts(let names) = object["client"] { names.filter(AuditLine.isName) } else { [] }
        identity = String(text("identity").prefix(160))
        namespace = AuditLine.isNamespace(text("netns")) ? text("netns") : ""
        time = AuditLine.isTime(text("time")) ? text("time") : ""
        let reason = text("reason")
        (extras, namespaceIDs) = AuditLine.extras(reason)
        switch event {
        case "omitted": content = .omitted(Int(clamping: max(0, number("omitted") ?? 0)))
        case "denied", "would-deny", "write":
            guard !text("family").isEmpty else {
                content = .session
                return
            }
            guard event == "write" || AuditLine.isCurable(reason, errno: number("errno")) else { throw .refusedAlways }
            content = try AuditLine.content(text("family"), text("operation"), text("mode"), text("target"))
        default: content = .other
        }
    }

    private static func content(
        _ label: String, _ name: String, _ mode: String, _ target: String
    ) throws(Skip) -> Content {
        guard let index = Catalogue.families.firstIndex(where: { $0.label == label }) else { throw .unknown }
        let family = Catalogue.families[index]
        if mode == "listen" {
            guard let group = family.groups.firstIndex(where: { $0.name == name }) else { throw .unknown }
            guard family.groups[group].join.isServed else { throw .refusedAlways }
            return .group(family: index, group: group)
        }
        guard let operation = family.operations.first(where: { $0.name == name }), ["single", "dump", ""].contains(mode)
        else { throw .unknown }
        guard !operation.grantable.isEmpty else { throw .refusedAlways }
        let asked: Modes = mode == "dump" ? .dump : .single
        guard operation.grantable.contains(asked) else { throw .refusedAlways }
        return .operation(family: index, operation, asked, target: target)
    }

    /// True when a grant would have let it pass: it wasn't malformed, forbidden or under `never`.
    private static func isCurable(_ reason: String, errno: Int64?) -> Bool {
        guard errno == nil || errno == 1 else { return false }
        return reason.isEmpty || reason.hasPrefix("policy does not grant ") || reason.hasPrefix("policy grants ")
            || reason.hasSuffix("needs extra self")
    }

    /// `policy does not grant extra netns with the id 5, which ... needs, to noc-7`.
    private static func extras(_ reason: String) -> (Grants.Extras, [Int32]) {
        let start = "policy does not grant extra "
        guard reason.hasPrefix(start) else { return ([], []) }
        let words = reason.dropFirst(start.count).split(separator: " ", maxSplits: 6).map { word in
            word.hasSuffix(",") ? String(word.dropLast()) : String(word)
        }
        guard let first = words.first, let extra = Extra(rawValue: first) else { return ([], []) }
        guard extra == .netns else { return (extra.bits, []) }
        guard words.count > 4, words[1...3].joined(separator: " ") == "with the id", let id = Int32(words[4]), id >= 0
        else { return ([], []) }
        return (extra.bits, [id])
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isLetterOrDigit || "-_.@+".utf8.contains($0) }
    }

    private static func isNamespace(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { $0.isLetterOrDigit || "-_.@+".utf8.contains($0) }
    }

    private static func isTime(_ text: String) -> Bool {
        (20...24).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || "-:.TZ".utf8.contains($0) }
    }
}
