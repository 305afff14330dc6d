internal import GatewayPolicy

/// What a role has of a family in a section: by itself, and by what it includes.
struct RoleGrants {
    /// Words of the file that grant something of what was asked for.
    struct Source {
        let role: String
        let range: Range<Int>
        let cover: Cover
    }

    let ownSources: [Source]
    let includedSources: [Source]

    var own: Cover { ownSources.reduce([:]) { $0.union($1.cover) } }
    var included: Cover { includedSources.reduce([:]) { $0.union($1.cover) } }

    init(_ policy: CompiledPolicy, _ role: RoleModel, _ request: EditRequest) {
        let indexes = policy.closures.closure([role.name])
        let sources = indexes.flatMap { RoleGrants.sources(policy.roles[$0], request) }
        ownSources = sources.filter { $0.role == role.name.value }
        includedSources = sources.filter { $0.role != role.name.value }
    }

    private static func sources(_ role: CompiledRole, _ request: EditRequest) -> [Source] {
        let name = role.model.name.value
        guard let index = Catalogue.families.firstIndex(where: { $0.label == request.family.label }) else { return [] }
        return request.cover.keys.sorted().flatMap { key -> [Source] in
            if request.kind == .listen {
                return role.entries(index, group: Int(key)).map {
                    Source(role: name, range: $0.range, cover: [key: .single])
                }
            }
            guard let operation = request.family.operation(key) else { return [] }
            return role.entries(index, operation).compactMap { entry in
                let modes = entry.modes.intersection(request.cover[key] ?? [])
                return modes.isEmpty ? nil : Source(role: name, range: entry.range, cover: [key: modes])
            }
        }
    }
}
