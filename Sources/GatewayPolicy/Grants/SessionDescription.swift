extension SessionGrants {
    /// What a session of this protocol has, line by line, for people.
    ///
    /// Each role with what it grants and what its writes are bound to, then what holds for all of them.
    public func describe(protocolNumber: Int32) -> [String] {
        let granted = SessionGrants.describe(roles, "role", protocolNumber)
        var lines = granted.isEmpty ? ["nothing of netlink \(NetlinkProtocol.name(protocolNumber))"] : granted
        if !ceiling.isEmpty {
            lines.append("report mode: what the ceiling grants passes, and is logged where the roles would refuse it")
            lines += SessionGrants.describe(ceiling, "ceiling", protocolNumber)
        }
        lines += limits.lines
        if !never.linkKinds.isEmpty { lines.append("never links of kind: \(never.linkKinds.joined(separator: ", "))") }
        if !never.interfaces.isEmpty {
            lines.append("never writes that touch: \(never.interfaces.joined(separator: ", "))")
        }
        return auditRequired ? lines + ["audit required: what can't be logged isn't done"] : lines
    }

    private static func describe(_ roles: [RolePart], _ title: String, _ protocolNumber: Int32) -> [String] {
        roles.flatMap { role -> [String] in
            let granted = role.grants.describe(protocolNumber: protocolNumber)
            guard role.grants.serves(protocolNumber: protocolNumber) else { return [] }
            let place = role.line == 0 ? "" : " (line \(role.line))"
            return ["\(title) \(role.name)\(place)"] + (granted + role.conditions.lines).map { "  \($0)" }
        }
    }
}

extension Conditions {
    fileprivate var lines: [String] {
        ConditionKey.allCases.compactMap { key in sentence(key).map { "writes only where \($0)" } }
    }
}

extension SessionLimits {
    fileprivate var lines: [String] {
        let all: [(UInt32?, String)] = [
            (messagesPerSecond, "messages a second"), (bytesPerSecond, "bytes a second"), (dumps, "dumps at once"),
            (burstBuffer, "bytes of burst buffer"), (receiveBuffer, "bytes of receive buffer"),
        ]
        let there = all.compactMap { limit, name in limit.map { "\($0) \(name)" } }
        return there.isEmpty ? [] : ["limits: \(there.joined(separator: ", "))"]
    }
}
