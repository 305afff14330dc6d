import ArgumentParser
import PolicyFile

/// `nlgate policy show FILE [--client …]`.
struct PolicyShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what clients are granted, with every name spelled out.",
        discussion: """
            Example: nlgate policy show policy.yaml --client common-name=noc-7 --client 'issuer=CN=Ops CA'
            """)

    @OptionGroup var source: PolicyFileOptions

    @Option(
        name: .customLong("client"),
        help: ArgumentHelp(
            "A client of the file, or a key of an identity such as common-name=noc-7; may be given several times.",
            valueName: "name|key=value"))
    var words: [String] = []

    @OptionGroup var output: PolicyOutputOptions

    func run() throws {
        let input = try source.valid()
        let grants = try asking { () throws(QueryError) in
            guard !words.isEmpty else { return try input.policy.show() }
            return try input.policy.show(client: try ClientQuery(words: words))
        }
        guard !output.json else { return PolicyJSON.write(.array(grants.map(json))) }
        guard !grants.isEmpty else {
            Terminal.output.write("nothing is granted\n")
            return
        }
        Terminal.output.write(grants.map(text).joined(separator: "\n"))
    }

    private func json(_ grant: ResolvedGrants) -> JSON {
        PolicyJSON.object([
            "client": JSON(grant.client), "netns": grant.namespace.map { JSON($0) },
            "privileged": PolicyJSON.texts(grant.privilegedProtocols), "limits": PolicyJSON.limits(grant.limits),
            "roles": .array(grant.roles.map(PolicyJSON.role)),
            "ceiling": grant.ceiling.isEmpty ? nil : .array(grant.ceiling.map(PolicyJSON.role)),
        ])
    }

    private func text(_ grant: ResolvedGrants) -> String {
        let place = grant.namespace.map { $0 == "*" ? " in every namespace" : " in namespace \($0)" } ?? ""
        var text = Terminal.output.paint("\(grant.client)\(place)", .bold) + ": \(CheckReport.broker(grant))\n"
        if !grant.limits.isEmpty {
            text += "  limits: \(grant.limits.map(CheckReport.limit).joined(separator: ", "))\n"
        }
        let extras = Set(grant.roles.flatMap(\.extras)).sorted()
        if !extras.isEmpty { text += "  extra: \(extras.joined(separator: ", "))\n" }
        var columns = Columns()
        columns.append(["  VERB", "FAMILY", "NAME", "MODES", "ROLE", "LINE", "WHERE"])
        for (role, isCeiling) in grant.roles.map({ ($0, false) }) + grant.ceiling.map({ ($0, true) }) {
            rows(role, isCeiling).forEach { columns.append($0) }
        }
        return text + columns.text
    }

    private func rows(_ role: ResolvedRole, _ isCeiling: Bool) -> [[String]] {
        let name = isCeiling ? "\(role.name) (report)" : role.name
        let operations = role.operations.map { operation in
            let bound = role.conditions.filter { operation.bound.contains($0.key) }
            return [
                operation.isWrite ? "  write" : "  read", operation.family, operation.operation,
                (operation.single ? ["single"] : []).joined() + (operation.single && operation.dump ? "," : "")
                    + (operation.dump ? "dump" : ""),
                name, String(operation.line), bound.map { "\($0.key) \($0.value)" }.joined(separator: "; "),
            ]
        }
        let groups = role.groups.map { ["  listen", $0.family, $0.group, "", name, String($0.line), ""] }
        return operations + groups
    }
}

/// Runs a question; one that means nothing is wrong usage.
func asking<Value>(_ question: () throws(QueryError) -> Value) throws -> Value {
    do throws(QueryError) {
        return try question()
    } catch {
        throw Failure(2, error.description)
    }
}
