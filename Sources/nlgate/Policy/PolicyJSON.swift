import PolicyFile

/// The answers of `nlgate policy` as JSON.
enum PolicyJSON {
    static func object(_ pairs: KeyValuePairs<String, JSON?>) -> JSON {
        var object = JSONObject()
        for (key, value) in pairs { object[key] = value }
        return .object(object)
    }

    static func texts(_ texts: [String]) -> JSON { .array(texts.map { JSON($0) }) }

    static func number(_ value: Int) -> JSON { .signed(Int64(value)) }

    static func diagnostic(_ diagnostic: Diagnostic) -> JSON {
        object([
            "severity": JSON(diagnostic.severity.rawValue), "file": JSON(diagnostic.file),
            "line": number(diagnostic.line), "column": number(diagnostic.column), "message": JSON(diagnostic.message),
            "hint": diagnostic.hint.map { JSON($0) },
        ])
    }

    static func limits(_ limits: [ResolvedGrants.Limit]) -> JSON {
        .array(
            limits.map { limit in
                object([
                    "limit": JSON(limit.name), "value": JSON(limit.value),
                    "per_client": limit.perClient.map { JSON($0) },
                ])
            })
    }

    static func role(_ role: ResolvedRole) -> JSON {
        object([
            "role": JSON(role.name), "line": number(role.line),
            "operations": .array(role.operations.map(operation)),
            "groups": .array(
                role.groups.map { group in
                    object([
                        "family": JSON(group.family), "group": JSON(group.group), "privileged": JSON(group.privileged),
                        "line": number(group.line),
                    ])
                }),
            "extra": role.extras.isEmpty ? nil : texts(role.extras),
            "where": role.conditions.isEmpty
                ? nil
                : .array(
                    role.conditions.map { condition in
                        object([
                            "key": JSON(condition.key), "value": JSON(condition.value),
                            "binds": texts(condition.binds),
                        ])
                    }),
        ])
    }

    private static func operation(_ operation: ResolvedRole.OperationGrant) -> JSON {
        object([
            "family": JSON(operation.family), "operation": JSON(operation.operation),
            "class": JSON(operation.isWrite ? "write" : "read"),
            "modes": texts((operation.single ? ["single"] : []) + (operation.dump ? ["dump"] : [])),
            "privileged": JSON(operation.privileged),
            "where": operation.bound.isEmpty ? nil : texts(operation.bound), "line": number(operation.line),
        ])
    }

    static func explanation(_ explanation: Explanation) -> KeyValuePairs<String, JSON?> {
        [
            "decision": JSON(explanation.decision.rawValue), "privileged": JSON(explanation.needsPrivilege),
            "reasons": .array(
                explanation.reasons.map { reason in
                    object([
                        "decides": JSON(reason.decides), "line": reason.position.map { number($0.line) },
                        "column": reason.position.map { number($0.column) }, "role": reason.role.map { JSON($0) },
                        "text": JSON(reason.text),
                    ])
                }),
        ]
    }

    /// One document in one line.
    static func write(_ value: JSON) { Terminal.output.write(value.text + "\n") }
}
