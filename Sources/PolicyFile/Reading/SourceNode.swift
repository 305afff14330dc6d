/// A value and the bytes that it was read from.
struct Located<Value: Sendable>: Sendable {
    let value: Value
    let range: Range<Int>

    init(_ value: Value, _ range: Range<Int>) {
        self.value = value
        self.range = range
    }

    func map<Other: Sendable>(_ transform: (Value) -> Other) -> Located<Other> {
        Located<Other>(transform(value), range)
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// A node of the file with the bytes that it covers.
///
/// A block collection covers everything from its first key or dash to the end of its last value.
struct SourceNode: Sendable {
    enum Content: Sendable {
        /// Nothing stands where a value belongs.
        case missing
        case scalar(String, quoted: Bool)
        case sequence([SourceNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: Located<String>
        let value: SourceNode
    }

    let content: Content
    let range: Range<Int>

    /// What it is, for a message.
    var kind: String {
        switch content {
        case .missing: "nothing"
        case .scalar(let text, _): "'\(text.shortened)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension String {
    /// For messages: no line is filled by what a file says.
    var shortened: String {
        let head = String(unicodeScalars.prefix(48).map { $0.properties.isWhitespace ? " " : Character($0) })
        return unicodeScalars.count > 48 ? head + "…" : head
    }
}
