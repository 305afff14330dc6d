internal import GatewayPolicy

/// Changes one role of a policy file in place.
struct RoleEditor {
    let file: PolicyFile
    let policy: CompiledPolicy
    let role: RoleModel
    let layout: FileLayout
    private let map: SourceMap
    private let root: SourceNode

    init(_ file: PolicyFile, role name: String) throws(EditError) {
        guard let policy = file.policy, let map = file.map,
            let root = SourceReader.read(DiagnosticCollector(map))
        else { throw .invalid(file) }
        guard let role = policy.model.roles.first(where: { $0.name.value == name }) else {
            let names = policy.model.roles.map(\.name.value)
            let hint = Suggestion.hint(for: name, in: names) ?? "the roles are \(names.joined(separator: ", "))"
            throw .meaningless(QueryError("unknown role \(name.shortened)", hint: hint))
        }
        self.file = file
        self.policy = policy
        self.role = role
        self.map = map
        self.root = root
        layout = FileLayout(map)
    }

    func allow(_ request: EditRequest) throws(EditError) -> PolicyEdit {
        let grants = RoleGrants(policy, role, request)
        guard !request.cover.subtracting(grants.own).isEmpty else {
            return unchanged("\(role.name.value) grants \(request.title) already\(places(grants.ownSources))")
        }
        guard !request.cover.subtracting(grants.own.union(grants.included)).isEmpty else {
            return unchanged(
                "\(role.name.value) grants \(request.title) already, by what it includes\(places(grants.includedSources))")
        }
        let result = try apply(try RoleChange(self, request).adding(), request)
        return try finish(result, request, "\(role.name.value) grants \(request.title) now")
    }

    func deny(_ request: EditRequest) throws(EditError) -> PolicyEdit {
        let grants = RoleGrants(policy, role, request)
        guard !grants.own.isEmpty || !grants.included.isEmpty else {
            return unchanged("\(role.name.value) doesn't grant \(request.title)")
        }
        if let source = grants.includedSources.first {
            throw .refused(
                QueryError(
                    "\(role.name.value) includes \(source.role), which grants \(request.title) in line \(line(source.range))",
                    hint: "take it from \(source.role), which takes it from everybody who has that, or remove the include"))
        }
        var editor = self
        var result = file
        repeat {
            result = try editor.apply(try RoleChange(editor, request).removing(), request)
            // What is left of the role may be nothing, and then it grants nothing.
            guard let next = try? RoleEditor(result, role: role.name.value) else { break }
            editor = next
        } while !RoleGrants(editor.policy, editor.role, request).own.isEmpty
        return try finish(result, request, "\(role.name.value) doesn't grant \(request.title) any more")
    }

    private func unchanged(_ summary: String) -> PolicyEdit {
        PolicyEdit(result: file, summary: summary, notes: [], isChange: false)
    }

    private func places(_ sources: [RoleGrants.Source]) -> String {
        let lines = Set(sources.map { line($0.range) }).sorted()
        return lines.isEmpty ? "" : " (line \(lines.map { String($0) }.joined(separator: ", ")))"
    }

    func line(_ range: Range<Int>) -> Int { map.position(range.lowerBound).line }

    /// The node of a key of the role.
    func section(_ kind: SectionKind) -> SourceNode? {
        role.entries.first { $0.key.value == kind.rawValue }?.value
    }

    /// The value of the role as a node.
    var node: SourceNode { SourceNode(content: .mapping(role.entries), range: role.range) }

    /// The file with one change, after checking that it says what it is to say and nothing else.
    private func apply(_ change: RoleChange.Outcome, _ request: EditRequest) throws(EditError) -> PolicyFile {
        let path = ["roles", role.name.value] + change.path
        let expected = SourceTree(root).setting(path[...], change.value)
        guard let text = TextChange.apply(change.changes, to: layout.bytes) else { throw unsafeLayout(request) }
        let result = PolicyFile(checking: PolicySource(name: file.source.name, text: text))
        guard let map = result.map, let node = SourceReader.read(DiagnosticCollector(map)),
            SourceTree(node) == expected
        else { throw unsafeLayout(request) }
        return result
    }

    func unsafeLayout(_ request: EditRequest) -> EditError {
        .refused(
            QueryError(
                "the role \(role.name.value), line \(line(role.name.range)), is laid out in a way that can't be changed safely",
                hint: "change \(request.title) by hand"))
    }

    private func finish(_ result: PolicyFile, _ request: EditRequest, _ summary: String) throws(EditError) -> PolicyEdit {
        guard result.isValid else { throw .invalid(result) }
        return PolicyEdit(
            result: result, summary: summary, notes: EditNotes(result, role.name.value, request).texts, isChange: true)
    }
}
