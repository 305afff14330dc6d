/// What a file says without the places where it says it, to hold a change against what was meant.
indirect enum SourceTree: Equatable {
    case scalar(String)
    case list([SourceTree])
    case map([String: SourceTree])

    init(_ node: SourceNode) {
        switch node.content {
        case .missing: self = .scalar("")
        case .scalar(let text, _): self = .scalar(text)
        case .sequence(let items): self = .list(items.map { SourceTree($0) })
        case .mapping(let entries):
            self = .map(Dictionary(entries.map { ($0.key.value, SourceTree($0.value)) }) { first, _ in first })
        }
    }

    init(_ texts: [String]) {
        self = .list(texts.map { .scalar($0) })
    }

    /// The tree with another value at the end of a path; nil removes what is there, and maps that are empty then.
    func setting(_ path: ArraySlice<String>, _ value: SourceTree?) -> SourceTree? {
        guard let key = path.first else { return value }
        guard case .map(var entries) = self else { return path.isEmpty ? value : self }
        let inner = entries[key] ?? .map([:])
        entries[key] = inner.setting(path.dropFirst(), value)
        return entries.isEmpty ? nil : .map(entries)
    }
}
