internal import GatewayPolicy

/// How names are written in a list: case, prefix and quotes, as the names beside it are.
struct NameStyle {
    private let isLowercase: Bool
    private let prefix: String
    private let quote: String

    init(_ family: Family, _ kind: SectionKind, beside names: [Located<String>], _ layout: FileLayout) {
        let known = kind == .listen ? NameTable.groupPrefix(family) : family.prefix
        let texts = names.map(\.value)
        let hasPrefix =
            !known.isEmpty && !texts.isEmpty && texts.allSatisfy { $0.uppercased().hasPrefix(known.uppercased()) }
        prefix = hasPrefix ? known : ""
        isLowercase = !texts.isEmpty && texts.allSatisfy { $0 == $0.lowercased() && $0 != $0.uppercased() }
        // A `*` may have needed its quotes.
        let quotes = names.filter { !$0.value.contains("*") }.map { name in
            layout.tokens[name.range.lowerBound]?.kind == .quoted ? layout.bytes[name.range.lowerBound] : 0
        }
        quote =
            quotes.first.map { first in
                first != 0 && quotes.allSatisfy { $0 == first } ? String(decoding: [first], as: UTF8.self) : ""
            } ?? ""
    }

    /// What the file will say.
    func value(_ item: String) -> String {
        let isPrefixed = !prefix.isEmpty && !item.contains("*")
        let text = isPrefixed ? prefix + item : item
        return isLowercase ? text.lowercased() : text
    }

    /// How it is written there: a `*` at the beginning needs quotes.
    func text(_ item: String) -> String {
        let value = value(item)
        let quote = quote.isEmpty && value.hasPrefix("*") ? "\"" : quote
        return quote + value + quote
    }
}
