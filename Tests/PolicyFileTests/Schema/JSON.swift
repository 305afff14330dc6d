/// A JSON value whose members keep their order.
indirect enum JSON: Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.integer(let one), .integer(let other)): one == other
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.count == other.count && zip(one, other).allSatisfy { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }

    subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var integer: Int? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    var array: [JSON]? {
        guard case .array(let items) = self else { return nil }
        return items
    }

    var members: [(key: String, value: JSON)]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { ($0.0, $0.1) }) }
}

extension JSON {
    /// As a person would lay it out: short values on one line, long lists of words filled up to the margin.
    func text(indent: Int = 0) -> String {
        let flat = flatText
        if flat.count + indent <= 100 { return flat }
        let inner = String(repeating: " ", count: indent + 2)
        let end = String(repeating: " ", count: indent)
        switch self {
        case .object(let members):
            let lines = members.map { "\(inner)\(JSON.quoted($0.key)): \($0.value.text(indent: indent + 2))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(end)}"
        case .array(let items):
            guard items.allSatisfy({ $0.members == nil && $0.array == nil }) else {
                let lines = items.map { inner + $0.text(indent: indent + 2) }
                return "[\n" + lines.joined(separator: ",\n") + "\n\(end)]"
            }
            var lines: [String] = []
            for (index, item) in items.enumerated() {
                let word = item.flatText + (index + 1 < items.count ? "," : "")
                if let last = lines.last, last.count + word.count + 1 + indent + 2 <= 118 {
                    lines[lines.count - 1] = last + " " + word
                } else {
                    lines.append(word)
                }
            }
            return "[\n" + lines.map { inner + $0 }.joined(separator: "\n") + "\n\(end)]"
        default: return flat
        }
    }

    private var flatText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .string(let value): JSON.quoted(value)
        case .array(let items): "[" + items.map(\.flatText).joined(separator: ", ") + "]"
        case .object(let members):
            "{ " + members.map { "\(JSON.quoted($0.key)): \($0.value.flatText)" }.joined(separator: ", ") + " }"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
