internal import GatewayPolicy

/// One operation that a role grants, and the bytes of the file that do it.
///
/// It holds indexes: `all` in a thousand roles is a lot of them.
struct GrantEntry: Sendable {
    /// In `Catalogue.families`.
    let familyIndex: Int32
    /// In the family's operations.
    let operationIndex: Int32
    let modes: Modes
    /// True where `all` or a glob granted it, and not its name.
    let isWide: Bool
    let range: Range<Int>

    var family: Family { Catalogue.families[Int(familyIndex)] }
    var operation: Operation { family.operations[Int(operationIndex)] }
}

/// One group that a role may join, and the bytes of the file that say so.
struct GroupEntry: Sendable {
    /// In `Catalogue.families`.
    let familyIndex: Int32
    /// In the family's groups.
    let groupIndex: Int32
    let isWide: Bool
    let range: Range<Int>

    var family: Family { Catalogue.families[Int(familyIndex)] }
    var group: Group { family.groups[Int(groupIndex)] }
}

/// What a name of a list stands for.
struct GrantResolver {
    let collector: DiagnosticCollector
    private(set) var operations: [GrantEntry] = []
    private(set) var groups: [GroupEntry] = []

    init(_ collector: DiagnosticCollector) {
        self.collector = collector
    }

    /// Resolves the sections of a role.
    mutating func resolve(_ role: RoleModel) {
        for section in role.sections {
            if let all = section.all {
                for index in Catalogue.families.indices { _ = grantAll(section.kind, index, all) }
            }
            var seen: Set<Int> = []
            for entry in section.families {
                guard let index = family(entry.label) else { continue }
                if !seen.insert(index).inserted {
                    let label = Catalogue.families[index].label
                    collector.error(entry.label.range, "\(label) stands twice under \(section.kind.rawValue)")
                }
                resolve(entry, section.kind, index)
            }
        }
    }

    /// What a compiled family grants, without a place in a file.
    mutating func take(_ granted: Grants.FamilyGrant, of family: Family, at index: Int) {
        for grant in granted.operations {
            guard let operation = family.operation(grant.number) else { continue }
            add([operation], grant.modes, index, 0..<0, isWide: false)
        }
        add(family.groups.filter { granted.groups.contains($0.name) }, index, 0..<0, isWide: false)
    }

    private func family(_ label: Located<String>) -> Int? {
        do throws(NameError) {
            let family = try NameTable.family(label.value)
            return Catalogue.families.firstIndex { $0.label == family.label }
        } catch {
            collector.error(label.range, error.message, hint: error.hint)
            return nil
        }
    }

    private mutating func resolve(_ entry: FamilyModel, _ kind: SectionKind, _ family: Int) {
        if let all = entry.all, !grantAll(kind, family, all) {
            let verb = kind == .listen ? "listen to" : kind.rawValue
            collector.error(all, "\(Catalogue.families[family].label) has nothing to \(verb)")
        }
        for name in entry.names where !collector.isFull {
            do throws(NameError) {
                if kind == .listen { try join(name, family) } else { try grant(name, kind, family) }
            } catch {
                collector.error(name.range, error.message, hint: error.hint)
            }
        }
    }

    /// All that the table lists, and false when that is nothing.
    private mutating func grantAll(_ kind: SectionKind, _ index: Int, _ range: Range<Int>) -> Bool {
        let family = Catalogue.families[index]
        let before = operations.count + groups.count
        if kind == .listen {
            add(family.groups.filter(\.join.isServed), index, range, isWide: true)
        } else {
            add(family.operations.filter { $0.kind == kind.operations }, .both, index, range, isWide: true)
        }
        return operations.count + groups.count > before
    }

    private mutating func add(
        _ granted: [Operation], _ asked: Modes, _ index: Int, _ range: Range<Int>, isWide: Bool
    ) {
        for operation in granted {
            let modes = operation.grantable.intersection(asked)
            let place = Catalogue.families[index].operations.firstIndex { $0.number == operation.number }
            guard let place, !modes.isEmpty else { continue }
            operations.append(
                GrantEntry(
                    familyIndex: Int32(index), operationIndex: Int32(place), modes: modes, isWide: isWide, range: range)
            )
        }
    }

    private mutating func add(_ joined: [Group], _ index: Int, _ range: Range<Int>, isWide: Bool) {
        for group in joined {
            guard let place = Catalogue.families[index].groups.firstIndex(of: group) else { continue }
            groups.append(
                GroupEntry(familyIndex: Int32(index), groupIndex: Int32(place), isWide: isWide, range: range))
        }
    }

    private mutating func join(_ name: Located<String>, _ index: Int) throws(NameError) {
        let family = Catalogue.families[index]
        if name.value.contains("*") {
            let found = NameTable.groups(glob: name.value, in: family).filter(\.join.isServed)
            guard !found.isEmpty else { throw NameError("\(name.value.shortened) fits no group of \(family.label)") }
            return add(found, index, name.range, isWide: true)
        }
        guard let group = NameTable.group(name.value, in: family) else {
            throw NameTable.unknown(name.value, in: family, section: .listen)
        }
        guard group.join.isServed else {
            throw NameError("\(group.name) of \(family.label) needs another capability than CAP_NET_ADMIN")
        }
        add([group], index, name.range, isWide: false)
    }

    private mutating func grant(_ name: Located<String>, _ kind: SectionKind, _ index: Int) throws(NameError) {
        let family = Catalogue.families[index]
        let (text, asked) = try GrantResolver.split(name.value)
        if text.contains("*") { return try grant(glob: text, asked, name, kind, index) }
        guard let operation = NameTable.operation(text, in: family) else {
            throw NameTable.unknown(text, in: family, section: kind)
        }
        if let why = operation.whyNever {
            throw NameError("\(operation.name) of \(family.label) can't be granted: \(why)")
        }
        guard operation.kind == kind.operations else { throw GrantResolver.misplaced(operation, under: kind) }
        guard !operation.grantable.isDisjoint(with: asked) else {
            throw NameError(
                "\(operation.name) of \(family.label) has no \(asked.words) request",
                hint: "did you mean \(operation.name) \(operation.grantable.words)?")
        }
        add([operation], asked, index, name.range, isWide: false)
    }

    private mutating func grant(
        glob: String, _ asked: Modes, _ name: Located<String>, _ kind: SectionKind, _ index: Int
    ) throws(NameError) {
        let family = Catalogue.families[index]
        let found = NameTable.operations(glob: glob, in: family)
        let fitting = found.filter { $0.kind == kind.operations && !$0.grantable.isDisjoint(with: asked) }
        guard !fitting.isEmpty else {
            let message = "\(glob.shortened) fits no operation of \(family.label) that \(kind.rawValue) can grant"
            let other = kind == .read ? "write" : "read"
            let isElsewhere = found.contains { $0.kind != kind.operations && !$0.grantable.isEmpty }
            throw NameError(message, hint: isElsewhere ? "what it fits belongs under \(other)" : nil)
        }
        add(fitting, asked, index, name.range, isWide: true)
    }

    /// A name, and the modes that a word behind it asks for.
    static func split(_ text: String) throws(NameError) -> (name: String, modes: Modes) {
        let words = text.split(separator: " ").map(String.init)
        guard let name = words.first, words.count <= 2 else {
            throw NameError("'\(text.shortened)' is not a name", hint: "as in GETROUTE or GETROUTE dump")
        }
        switch words.count == 2 ? words[1].lowercased() : nil {
        case nil: return (name, .both)
        case "dump": return (name, .dump)
        case "single", "do": return (name, .single)
        default:
            throw NameError(
                "unknown word \(words[1].shortened) behind \(name.shortened)", hint: "dump and single are known")
        }
    }

    /// Why an operation stands in the wrong section.
    private static func misplaced(_ operation: Operation, under kind: SectionKind) -> NameError {
        guard kind == .read else {
            return NameError("\(operation.name) is a read", hint: "put it under read")
        }
        let looksLikeRead = operation.name.contains("GET") || operation.name.contains("DUMP")
        let resets = operation.name.hasSuffix("RESET") || operation.name.hasSuffix("CTRZERO")
        let why =
            resets ? ", because it resets counters" : looksLikeRead ? ", because it changes the kernel's state" : ""
        return NameError("\(operation.name) is a write\(why)", hint: "put it under write")
    }
}
