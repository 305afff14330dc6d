internal import GatewayPolicy

/// Works out which bytes of a role change, and what it says then.
struct RoleChange {
    /// Bytes to change, and the value that stands at a path below the role afterwards; nil for none.
    struct Outcome {
        var changes: [TextChange]
        var path: [String]
        var value: SourceTree?
    }

    /// Names of which a list stands in one line of its own each.
    private static let longList = 6

    private let editor: RoleEditor
    private let request: EditRequest
    private var layout: FileLayout { editor.layout }
    private let section: SectionModel?
    private let family: FamilyModel?
    private let style: NameStyle

    init(_ editor: RoleEditor, _ request: EditRequest) {
        self.editor = editor
        self.request = request
        let section = editor.role.section(request.kind)
        self.section = section
        family = section?.families.first { entry in
            (try? NameTable.family(entry.label.value))?.label == request.family.label
        }
        let beside = family?.names ?? []
        style = NameStyle(
            request.family, request.kind, beside: beside.isEmpty ? section?.families.flatMap(\.names) ?? [] : beside,
            editor.layout)
    }

    private func require<Value>(_ value: Value?) throws(EditError) -> Value {
        guard let value else { throw editor.unsafeLayout(request) }
        return value
    }

    // Granting.

    func adding() throws(EditError) -> Outcome {
        guard let section, section.all == nil else { return try addingSection() }
        guard let family else { return try addingFamily(section) }
        // The same operation in another mode grows into both.
        let exact = family.names.firstIndex { cover($0)?.keys.elementsEqual(request.cover.keys) == true && !$0.value.contains("*") }
        let list = try require(CollectionEditor(try node(family), layout))
        var names = family.names.map(\.value)
        if let exact, !request.name.contains("*") {
            let cover = (cover(family.names[exact]) ?? [:]).union(request.cover)
            let item = EditRequest.items(cover, request.family, request.kind)[0]
            names[exact] = style.value(item)
            let changes = try require(list.replacing(exact, [style.text(item)]))
            return Outcome(changes: changes, path: path(family), value: SourceTree(names))
        }
        let changes = try require(list.appending([style.text(request.item)]))
        return Outcome(changes: changes, path: path(family), value: SourceTree(names + [style.value(request.item)]))
    }

    private func addingFamily(_ section: SectionModel) throws(EditError) -> Outcome {
        let node = try require(editor.section(request.kind))
        let families = try require(CollectionEditor(node, layout))
        let outcome = Outcome(
            changes: [], path: [request.kind.rawValue, request.family.label],
            value: SourceTree([style.value(request.item)]))
        let name = style.text(request.item)
        let last = section.families.last { $0.all == nil }
        if !families.isFlow, let last, !last.names.isEmpty, try !layout.isFlow(self.node(last)) {
            // Lists beside it have a line for each name.
            let dash = layout.indentation(last.names[last.names.count - 1].range.lowerBound)
            let text = "\(request.family.label):\(layout.newline)\(dash)\(name)"
            return Outcome(changes: try require(families.appending([text])), path: outcome.path, value: outcome.value)
        }
        let changes = try require(families.appending(["\(request.family.label): [\(name)]"]))
        return Outcome(changes: changes, path: outcome.path, value: outcome.value)
    }

    private func addingSection() throws(EditError) -> Outcome {
        let role = try require(CollectionEditor(editor.node, layout))
        let pair = "\(request.family.label): [\(style.text(request.item))]"
        let key = request.kind.rawValue
        let value = SourceTree.map([request.family.label: SourceTree([style.value(request.item)])])
        func outcome(_ changes: [TextChange]) -> Outcome { Outcome(changes: changes, path: [key], value: value) }
        let siblings = SectionKind.allCases.compactMap { editor.section($0) }.filter { node in
            if case .mapping = node.content { true } else { false }
        }
        if role.isFlow { return outcome(try require(role.appending(["\(key): { \(pair) }"]))) }
        let text: String
        if !siblings.isEmpty, siblings.allSatisfy({ layout.isFlow($0) }) {
            text = "\(key): { \(pair) }"
        } else {
            let start = role.elements[0].lowerBound
            let own = layout.column(editor.role.name.range.lowerBound)
            let deeper = String(repeating: " ", count: max(1, layout.column(start) - own))
            text = "\(key):\(layout.newline)\(layout.indentation(start))\(deeper)\(pair)"
        }
        return outcome(try require(role.inserting(text, behind: placeOfSection())))
    }

    /// Sections stand in one order, behind what the role includes and before all else.
    private func placeOfSection() -> Int? {
        let order = ["include"] + SectionKind.allCases.map(\.rawValue)
        let own = order.firstIndex(of: request.kind.rawValue) ?? 0
        return editor.role.entries.lastIndex { entry in
            order.firstIndex(of: entry.key.value).map { $0 < own } ?? false
        }
    }

    // Taking away.

    func removing() throws(EditError) -> Outcome {
        let section = try require(self.section)
        if section.all != nil { return try narrowingSection(section) }
        let family = try require(self.family)
        if family.all != nil { return try narrowing(family, section) }
        let list = try require(CollectionEditor(try node(family), layout))
        // One name at a time: whoever asked comes back for the next one.
        let index = try require(family.names.indices.first { rest(family.names, $0) != nil })
        let left = try require(rest(family.names, index))
        guard family.names.count > 1 || !left.isEmpty else { return try removing(family, section) }
        var names = family.names.map(\.value)
        names.replaceSubrange(index...index, with: left.map { style.value($0) })
        return Outcome(
            changes: try require(list.replacing(index, left.map { style.text($0) })), path: path(family),
            value: SourceTree(names))
    }

    /// What is left of a name, without what other names of the list say; nil when it has nothing that is taken away.
    private func rest(_ names: [Located<String>], _ index: Int) -> [String]? {
        guard let cover = cover(names[index]), cover.subtracting(request.cover) != cover else { return nil }
        let others = names.indices.filter { $0 != index }.compactMap { self.cover(names[$0]) }
        let left = others.reduce(cover.subtracting(request.cover)) { $0.subtracting($1) }
        return EditRequest.items(left, request.family, request.kind)
    }

    private func removing(_ family: FamilyModel, _ section: SectionModel) throws(EditError) -> Outcome {
        guard section.families.count == 1 else {
            let families = try require(editor.section(request.kind).flatMap { CollectionEditor($0, layout) })
            let index = try require(section.families.firstIndex { $0.label == family.label })
            return Outcome(changes: try require(families.removing(index)), path: path(family), value: nil)
        }
        let index = try require(editor.role.entries.firstIndex { $0.key.value == request.kind.rawValue })
        let role = try require(CollectionEditor(editor.node, layout))
        guard role.elements.count > 1 else {
            throw .refused(
                QueryError(
                    "that is all that the role \(editor.role.name.value) grants",
                    hint: "remove the role, its bindings and its tests by hand"))
        }
        return Outcome(changes: try require(role.removing(index)), path: [request.kind.rawValue], value: nil)
    }

    /// `route: all` becomes the names that are left.
    private func narrowing(_ family: FamilyModel, _ section: SectionModel) throws(EditError) -> Outcome {
        let all = try require(family.all)
        let left = EditRequest.all(request.family, request.kind).subtracting(request.cover)
        guard !left.isEmpty else { return try removing(family, section) }
        let items = EditRequest.items(left, request.family, request.kind)
        let isInBrackets = try layout.isFlow(require(editor.section(request.kind)))
        let changes = list(
            items.map { style.text($0) }, inPlaceOf: all, key: family.label.range.lowerBound,
            inBrackets: isInBrackets)
        return Outcome(changes: changes, path: path(family), value: SourceTree(items.map { style.value($0) }))
    }

    /// A list where `all` stood: in lines of its own when it is long and no brackets are around it.
    private func list(_ texts: [String], inPlaceOf all: Range<Int>, key: Int, inBrackets: Bool) -> [TextChange] {
        guard !inBrackets, texts.count > RoleChange.longList, layout.beginsLine(key) else {
            let start = layout.column(all.lowerBound) + 1
            return [TextChange(all, "[" + layout.wrapped(texts, at: start, indent: start) + "]")]
        }
        return lines(texts.map { "- " + $0 }, inPlaceOf: all, key: key)
    }

    /// Lines below a key where a word stood behind it; a comment behind the word stays there.
    private func lines(_ texts: [String], inPlaceOf word: Range<Int>, key: Int) -> [TextChange] {
        let (start, end) = (layout.skipBlanksBack(word.lowerBound), layout.lineEnd(word.upperBound))
        let lines = texts.map { layout.newline + layout.indentation(key) + "  " + $0 }.joined()
        guard layout.skipBlanks(word.upperBound) < end else { return [TextChange(start..<end, lines)] }
        return [TextChange(start..<word.upperBound, ""), TextChange(at: end, lines)]
    }

    /// `read: all` becomes all families, one of them without what is taken away.
    private func narrowingSection(_ section: SectionModel) throws(EditError) -> Outcome {
        let all = try require(section.all)
        let role = try require(CollectionEditor(editor.node, layout))
        var pairs: [String] = []
        var value: [String: SourceTree] = [:]
        for family in Catalogue.families {
            let whole = EditRequest.all(family, request.kind)
            let left = family.label == request.family.label ? whole.subtracting(request.cover) : whole
            guard !left.isEmpty else { continue }
            let items = EditRequest.items(left, family, request.kind)
            value[family.label] = left == whole ? .scalar(NameTable.all) : SourceTree(items)
            pairs.append("\(family.label): " + (left == whole ? NameTable.all : "[\(items.joined(separator: ", "))]"))
        }
        let start = layout.column(all.lowerBound) + 2
        let changes =
            role.isFlow
            ? [TextChange(all, "{ " + layout.wrapped(pairs, at: start, indent: start) + " }")]
            : lines(pairs, inPlaceOf: all, key: section.key.lowerBound)
        return Outcome(changes: changes, path: [request.kind.rawValue], value: .map(value))
    }

    // The file.

    private func cover(_ name: Located<String>) -> Cover? {
        guard let (text, modes) = try? GrantResolver.split(name.value) else { return nil }
        return try? EditRequest.cover(text, modes, request.family, request.kind)
    }

    private func path(_ family: FamilyModel) -> [String] { [request.kind.rawValue, family.label.value] }

    private func node(_ family: FamilyModel) throws(EditError) -> SourceNode {
        guard case .mapping(let entries) = try require(editor.section(request.kind)).content else { throw editor.unsafeLayout(request) }
        return try require(entries.first { $0.key == family.label }?.value)
    }
}
