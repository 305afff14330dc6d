internal import GatewayPolicy

extension Expansion {
    /// Everything that isn't one plain name, in the order of the file.
    static func all(_ policy: CompiledPolicy, _ map: SourceMap) -> [Expansion] {
        var names: [Range<Int>: [String]] = [:]
        for role in policy.roles {
            for entry in role.operations where entry.isWide {
                names[entry.range, default: []].append("\(entry.family.label) \(entry.operation.name)")
            }
            for entry in role.groups where entry.isWide {
                names[entry.range, default: []].append("\(entry.family.label) \(entry.group.name)")
            }
        }
        return names.sorted { $0.key.lowerBound < $1.key.lowerBound }.map { range, names in
            Expansion(position: map.position(range.lowerBound), text: map.text(range), names: names)
        }
    }
}
