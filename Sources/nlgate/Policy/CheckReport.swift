import PolicyFile

/// What `check` says of one file.
struct CheckReport {
    let input: PolicyInput
    let diagnostics: [Diagnostic]
    private let kernelNotes: [String]
    private let grants: [ResolvedGrants]
    private let roles: [ResolvedRole]
    private let tests: [TestOutcome]
    private var policy: PolicyFile { input.policy }

    init(_ input: PolicyInput, _ kernel: KernelCheck?) {
        self.input = input
        grants = (try? input.policy.show()) ?? []
        roles = input.policy.showRoles()
        tests = input.policy.runTests()
        diagnostics = input.diagnostics + (kernel?.diagnostics(roles, input.policy.source) ?? [])
        kernelNotes = kernel?.notes ?? []
    }

    // Text.

    var text: String {
        let sections = [clientText, whereText, expansionText, kernelNotes.map { "  \($0)\n" }.joined()]
        let titles = ["clients", "where", "what names stand for", "kernel"]
        return headline + zip(titles, sections).filter { !$1.isEmpty }
            .map { "\n" + Terminal.output.paint($0, .bold) + "\n" + $1 }.joined()
    }

    private var headline: String {
        let terminal = Terminal.output
        let verdict = input.isValid ? terminal.paint("valid", .green) : terminal.paint("not valid", .red)
        let counts = [
            CheckReport.count(diagnostics.count { $0.severity == .error }, "error"),
            CheckReport.count(diagnostics.count { $0.severity == .warning }, "warning"),
            CheckReport.count(policy.clientNames.count, "client"), CheckReport.count(policy.roleNames.count, "role"),
            "\(tests.count(where: \.passed)) of \(CheckReport.count(tests.count, "test")) passed",
        ]
        return "\(input.path): \(verdict): \(counts.joined(separator: ", "))\n"
    }

    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    private var clientText: String {
        guard !grants.isEmpty else { return "" }
        var columns = Columns()
        columns.append(["  CLIENT", "NETNS", "ROLES", "BROKER", "LIMITS (a session x sessions)"])
        for grant in grants {
            columns.append([
                "  \(grant.client)", grant.namespace ?? ".", CheckReport.roles(grant), CheckReport.broker(grant),
                grant.limits.isEmpty ? "none" : grant.limits.map(CheckReport.limit).joined(separator: ", "),
            ])
        }
        return columns.text
    }

    static func roles(_ grant: ResolvedGrants) -> String {
        let names = grant.roles.map(\.name).joined(separator: ", ")
        guard !grant.ceiling.isEmpty else { return names }
        return "\(names); reports up to \(grant.ceiling.map(\.name).joined(separator: ", "))"
    }

    static func broker(_ grant: ResolvedGrants) -> String {
        grant.privilegedProtocols.isEmpty
            ? "reader" : "privileged for \(grant.privilegedProtocols.joined(separator: ", "))"
    }

    static func limit(_ limit: ResolvedGrants.Limit) -> String {
        "\(limit.name) \(limit.value)" + (limit.perClient.map { " (\($0))" } ?? "")
    }

    private var whereText: String {
        var columns = Columns()
        for role in roles where !role.conditions.isEmpty {
            for condition in role.conditions {
                let binds = condition.binds.isEmpty ? "nothing" : condition.binds.joined(separator: ", ")
                columns.append(["  \(role.name)", "\(condition.key) \(condition.value)", "binds \(binds)"])
            }
            let free = role.operations.filter { $0.isWrite && $0.bound.isEmpty }.map { "\($0.family) \($0.operation)" }
            if !free.isEmpty { columns.append(["  \(role.name)", "-", "leaves free \(free.joined(separator: ", "))"]) }
        }
        return columns.text
    }

    private var expansionText: String {
        policy.expansions.map { expansion in
            let families = Set(expansion.names.map { $0.split(separator: " ").dropLast().joined(separator: " ") })
            let words =
                expansion.names.count <= 16
                ? expansion.names.joined(separator: ", ")
                : "\(expansion.names.count) names of \(CheckReport.count(families.count, "family", "families"))"
            return "  line \(expansion.position.line): \(expansion.text) is \(words)\n"
        }.joined()
    }

    // JSON.

    var json: JSON {
        PolicyJSON.object([
            "file": JSON(input.path), "valid": JSON(input.isValid),
            "diagnostics": .array(diagnostics.map(PolicyJSON.diagnostic)),
            "clients": .array(
                grants.map { grant in
                    PolicyJSON.object([
                        "client": JSON(grant.client), "netns": grant.namespace.map { JSON($0) },
                        "roles": PolicyJSON.texts(grant.roles.map(\.name)),
                        "ceiling": grant.ceiling.isEmpty ? nil : PolicyJSON.texts(grant.ceiling.map(\.name)),
                        "privileged": PolicyJSON.texts(grant.privilegedProtocols),
                        "limits": PolicyJSON.limits(grant.limits),
                    ])
                }),
            "where": .array(roles.flatMap(conditions)),
            "expansions": .array(
                policy.expansions.map { expansion in
                    PolicyJSON.object([
                        "line": PolicyJSON.number(expansion.position.line), "text": JSON(expansion.text),
                        "names": PolicyJSON.texts(expansion.names),
                    ])
                }),
            "tests": PolicyJSON.object([
                "passed": PolicyJSON.number(tests.count(where: \.passed)),
                "failed": PolicyJSON.number(tests.count { !$0.passed }),
            ]),
            "kernel": kernelNotes.isEmpty ? nil : PolicyJSON.texts(kernelNotes),
        ])
    }

    private func conditions(_ role: ResolvedRole) -> [JSON] {
        role.conditions.map { condition in
            PolicyJSON.object([
                "role": JSON(role.name), "key": JSON(condition.key), "value": JSON(condition.value),
                "binds": PolicyJSON.texts(condition.binds),
            ])
        }
    }
}
