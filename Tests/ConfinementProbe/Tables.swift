import Confinement

/// Prints every table of system calls, one rule a line, for `Tests/trace-filters.sh`.
///
/// The fields, separated by tabs: process name, number of the filter, call, its number, forms, reason. A form is a list of
/// `argument:mask:value`; forms are separated by semicolons.
func printTables() {
    for role in ProcessRole.allCases {
        let plan = SealingPlan(
            role: role, uid: 1, gid: 1, supervisorPID: 1, descriptorCount: 4, network: .keep,
            protocols: [0, 4, 6, 9, 12, 16], kernel: .running())
        for (index, table) in SyscallTable.tables(for: plan, pid: 0).enumerated() {
            for rule in table.rules {
                guard let number = SystemCalls.number(rule.name), number >= 0 else { continue }
                let forms = (rule.alternatives + rule.refused).map(text).joined(separator: ";")
                print(role.processName, index + 1, rule.name, number, forms, rule.reason, separator: "\t")
            }
        }
    }
}

private func text(_ form: [ArgumentRule]) -> String {
    form.map { rule in
        switch rule.test {
        case .equal(let value): "\(rule.index):\(UInt64.max):\(value)"
        case .masked(let mask, let value): "\(rule.index):\(mask):\(value)"
        }
    }.joined(separator: ",")
}
