internal import GatewayPolicy

/// Operations by their numbers, or groups by their places, and how they may be asked.
typealias Cover = [UInt16: Modes]

extension Cover {
    /// What of this isn't in another.
    func subtracting(_ other: Cover) -> Cover {
        reduce(into: [:]) { rest, entry in
            let left = entry.value.subtracting(other[entry.key] ?? [])
            if !left.isEmpty { rest[entry.key] = left }
        }
    }

    /// What is in one of them.
    func union(_ other: Cover) -> Cover { merging(other) { $0.union($1) } }
}

/// What is to be granted or taken away: `route NEWADDR`, `route GETROUTE dump`, `read route GET*`, `listen xfrm SA`.
struct EditRequest {
    let kind: SectionKind
    let family: Family
    /// The kernel's name without prefix, or a glob as it was given.
    let name: String
    /// Behind the name; both for none.
    let modes: Modes
    let cover: Cover

    /// As it stands in a list.
    var item: String { EditRequest.item(name, modes: modes) }
    /// For people.
    var title: String { (kind == .listen ? "listen " : "") + "\(family.label) \(item)" }

    static func item(_ name: String, modes: Modes) -> String { modes == .both ? name : "\(name) \(modes.words)" }

    init(_ words: String) throws(EditError) {
        do throws(NameError) {
            try self.init(parsing: words)
        } catch {
            throw .meaningless(QueryError(error.message, hint: error.hint))
        }
    }

    private init(parsing text: String) throws(NameError) {
        var words = text.split(separator: " ").map(String.init)
        let section = words.first.flatMap { SectionKind(rawValue: $0.lowercased()) }
        if section != nil { words.removeFirst() }
        if let word = words.dropFirst(2).first(where: { $0.contains("=") }) {
            throw NameError(
                "'\(word.shortened)' can't be granted here",
                hint: "a role's where says for which objects its writes are")
        }
        guard words.count == 2 || words.count == 3 && section != .listen else {
            throw NameError(
                "'\(text.shortened)' names no operation", hint: "as in 'route GETLINK' or 'listen route LINK'")
        }
        let family = try NameTable.family(words[0])
        let (name, modes) = try GrantResolver.split(words.dropFirst().joined(separator: " "))
        guard name.lowercased() != NameTable.all else {
            throw NameError("all is not granted by a command", hint: "name the operations, or write it into the file")
        }
        let kind: SectionKind
        if let section { kind = section } else { kind = try EditRequest.kind(name, family) }
        let cover = try EditRequest.cover(name, modes, family, kind)
        let exact = name.contains("*") || cover.count != 1 ? nil : cover.first
        self.kind = kind
        self.family = family
        self.name = exact.map { EditRequest.name(of: $0.key, family, kind) } ?? name
        // A word that says what is so anyway is left out.
        self.modes = exact.map { EditRequest.all(family, kind)[$0.key] == $0.value ? .both : modes } ?? modes
        self.cover = cover
    }

    /// The section that a name belongs to.
    private static func kind(_ name: String, _ family: Family) throws(NameError) -> SectionKind {
        guard name.contains("*") else {
            guard let operation = NameTable.operation(name, in: family) else {
                throw NameTable.unknown(name, in: family, section: nil)
            }
            return operation.kind == .read ? .read : .write
        }
        let kinds = Set(NameTable.operations(glob: name, in: family).filter { !$0.grantable.isEmpty }.map(\.kind))
        guard let kind = kinds.first, kinds.count == 1 else {
            throw NameError(
                kinds.isEmpty
                    ? "\(name.shortened) fits no operation of \(family.label)"
                    : "\(name.shortened) fits reads and writes of \(family.label)",
                hint: "put read, write or listen in front of it")
        }
        return kind == .read ? .read : .write
    }

    /// What a name of a list covers.
    static func cover(_ name: String, _ modes: Modes, _ family: Family, _ kind: SectionKind) throws(NameError) -> Cover
    {
        let all = all(family, kind)
        if name.contains("*") {
            let found =
                kind == .listen
                ? NameTable.groups(glob: name, in: family).compactMap { place($0, family) }
                : NameTable.operations(glob: name, in: family).map(\.number)
            let cover = all.filter { found.contains($0.key) }.mapValues { $0.intersection(modes) }
                .filter { !$0.value.isEmpty }
            guard !cover.isEmpty else { throw NameError("\(name.shortened) fits nothing of \(family.label)") }
            return cover
        }
        if kind == .listen {
            guard let group = NameTable.group(name, in: family), let place = place(group, family) else {
                throw NameTable.unknown(name, in: family, section: .listen)
            }
            return try cover(place, modes, all, group.name, family)
        }
        guard let operation = NameTable.operation(name, in: family) else {
            throw NameTable.unknown(name, in: family, section: kind)
        }
        if let why = operation.whyNever {
            throw NameError("\(operation.name) of \(family.label) can't be granted: \(why)")
        }
        return try cover(operation.number, modes, all, operation.name, family)
    }

    private static func cover(
        _ key: UInt16, _ modes: Modes, _ all: Cover, _ name: String, _ family: Family
    ) throws(NameError) -> Cover {
        guard let grantable = all[key] else {
            throw NameError("\(name) of \(family.label) can't be granted under that word")
        }
        let asked = grantable.intersection(modes)
        guard !asked.isEmpty else { throw NameError("\(name) of \(family.label) has no \(modes.words) request") }
        return [key: asked]
    }

    /// Everything that a section can grant of a family.
    static func all(_ family: Family, _ kind: SectionKind) -> Cover {
        guard let operations = kind.operations else {
            return Dictionary(
                uniqueKeysWithValues: family.groups.indices.filter { family.groups[$0].join.isServed }
                    .map { (UInt16($0), Modes.single) })
        }
        return family.operations.filter { $0.kind == operations }
            .reduce(into: [:]) { cover, operation in
                if !operation.grantable.isEmpty { cover[operation.number] = operation.grantable }
            }
    }

    private static func place(_ group: Group, _ family: Family) -> UInt16? {
        family.groups.firstIndex(of: group).map { UInt16($0) }
    }

    /// The name of what a cover holds.
    static func name(of key: UInt16, _ family: Family, _ kind: SectionKind) -> String {
        kind == .listen ? family.groups[Int(key)].name : family.operation(key)?.name ?? ""
    }

    /// A cover as the items of a list, in the table's order.
    static func items(_ cover: Cover, _ family: Family, _ kind: SectionKind) -> [String] {
        let all = all(family, kind)
        return cover.keys.sorted().map { key in
            let isWhole = kind == .listen || cover[key] == all[key]
            return item(name(of: key, family, kind), modes: isWhole ? .both : cover[key] ?? .both)
        }
    }
}
