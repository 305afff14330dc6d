/// Adds and removes elements of one list or mapping as the file lays it out.
struct CollectionEditor {
    /// The bytes of an element; of a pair from its key to the end of its value.
    let elements: [Range<Int>]
    let isFlow: Bool
    private let layout: FileLayout
    /// With its brackets, if it has some.
    private let range: Range<Int>
    /// True for a list, whose elements have dashes outside of brackets.
    private let isList: Bool

    /// Nil for a node that is neither, or that isn't laid out as anybody would.
    init?(_ node: SourceNode, _ layout: FileLayout) {
        switch node.content {
        case .sequence(let items):
            elements = items.map(\.range)
            isList = true
        case .mapping(let entries):
            elements = entries.map { entry in
                entry.key.range.lowerBound..<max(entry.key.range.upperBound, entry.value.range.upperBound)
            }
            isList = false
        case .missing, .scalar: return nil
        }
        guard !elements.isEmpty else { return nil }
        range = node.range
        self.layout = layout
        isFlow = layout.isFlow(node)
    }

    /// Adds elements behind the last one.
    func appending(_ texts: [String]) -> [TextChange]? {
        isFlow ? appendingInBrackets(texts) : lines(behind: elements.count - 1, texts)
    }

    /// Adds an element behind another, or before all; in brackets behind the last one.
    func inserting(_ text: String, behind index: Int?) -> [TextChange]? {
        guard !isFlow else { return appendingInBrackets([text]) }
        if let index { return lines(behind: index, [text]) }
        guard let head = head(0) else { return nil }
        let line = layout.indentation(head) + text + layout.newline
        return [TextChange(at: layout.lineStart(head), line)]
    }

    /// Removes an element, with its line when nothing else stands there; never the last that is left.
    func removing(_ index: Int) -> [TextChange]? {
        guard elements.count > 1 else { return nil }
        return isFlow ? removingFromBrackets(index) : removingLines(index)
    }

    /// Puts other elements in the place of one; of a list.
    func replacing(_ index: Int, _ texts: [String]) -> [TextChange]? {
        guard let first = texts.first else { return removing(index) }
        let element = elements[index]
        if isFlow {
            let start = layout.column(element.lowerBound)
            return [TextChange(element, layout.wrapped(texts, at: start, indent: start))]
        }
        guard texts.count > 1 else { return [TextChange(element, first)] }
        guard let more = lines(behind: index, Array(texts.dropFirst())) else { return nil }
        return [TextChange(element, first)] + more
    }

    // Lines.

    /// Where the line of an element begins to say something: at its dash, or at its key.
    private func head(_ index: Int) -> Int? {
        var head = elements[index].lowerBound
        if isList {
            let dash = layout.skipBlanksBack(head) - 1
            guard dash >= 0, layout.tokens[dash]?.kind == .dash else { return nil }
            head = dash
        }
        return layout.beginsLine(head) ? head : nil
    }

    private func lines(behind index: Int, _ texts: [String]) -> [TextChange]? {
        guard let head = head(index) else { return nil }
        // As far from the dash as the others are.
        let indent = layout.indentation(head)
        let dash = isList ? String(decoding: layout.bytes[head..<elements[index].lowerBound], as: UTF8.self) : ""
        let end = elements[index].upperBound
        let next = layout.nextLine(end)
        let isLastLine = next == layout.lineEnd(end)
        let lines = texts.map { indent + dash + $0 }.joined(separator: layout.newline)
        return [TextChange(at: next, isLastLine ? layout.newline + lines : lines + layout.newline)]
    }

    private func removingLines(_ index: Int) -> [TextChange]? {
        guard let head = head(index), layout.endsLine(elements[index].upperBound) else { return nil }
        return [TextChange(layout.lineStart(head)..<layout.nextLine(elements[index].upperBound), "")]
    }

    // Brackets.

    private func appendingInBrackets(_ texts: [String]) -> [TextChange]? {
        guard let last = elements.last else { return nil }
        let close = range.upperBound - 1
        let hasComma = layout.comma(from: last.upperBound, to: close) != nil
        if isOneInLine(elements.count - 1), elements.count == 1 || isOneInLine(elements.count - 2),
            !layout.isOneLine(last.upperBound, close)
        {
            // Each stands in its own line, and so do those that are added.
            let indent = layout.indentation(last.lowerBound)
            let lines = texts.map { layout.newline + indent + $0 }.joined(separator: ",")
            let behind = TextChange(at: layout.lineEnd(last.upperBound), hasComma ? lines + "," : lines)
            return hasComma ? [behind] : [TextChange(at: last.upperBound, ","), behind]
        }
        let lineStart = layout.skipBlanks(layout.lineStart(last.lowerBound))
        // Below the first of them, when a new line is needed.
        let indent = elements.first { $0.lowerBound >= lineStart }.map { layout.column($0.lowerBound) } ?? 0
        let column = layout.column(last.upperBound)
        // Brackets that close behind it need their place too.
        let rest = layout.lineEnd(last.upperBound) - last.upperBound
        let width = column + texts.reduce(rest) { $0 + $1.utf8.count + 2 }
        let isWide = width > FileLayout.widest
        let joint = isWide ? "," + layout.newline + String(repeating: " ", count: indent) : ", "
        let text = layout.wrapped(texts, at: isWide ? indent : column + 2, indent: indent)
        return [TextChange(at: last.upperBound, joint + text)]
    }

    /// True when nothing but this element stands in its lines.
    private func isOneInLine(_ index: Int) -> Bool {
        let element = elements[index]
        guard layout.beginsLine(element.lowerBound) else { return false }
        let next = layout.skipBlanks(element.upperBound)
        let behind = next < layout.bytes.count && layout.bytes[next] == UInt8(ascii: ",") ? next + 1 : next
        return layout.endsLine(behind)
    }

    private func removingFromBrackets(_ index: Int) -> [TextChange]? {
        let element = elements[index]
        guard index + 1 < elements.count else { return removingLastFromBrackets() }
        let next = elements[index + 1].lowerBound
        guard let comma = layout.comma(from: element.upperBound, to: next) else { return nil }
        if layout.isOneLine(element.lowerBound, next) { return [TextChange(element.lowerBound..<next, "")] }
        if isOneInLine(index) {
            return [TextChange(layout.lineStart(element.lowerBound)..<layout.nextLine(element.upperBound), "")]
        }
        return [
            TextChange(layout.skipBlanksBack(element.lowerBound)..<element.upperBound, ""),
            TextChange(comma..<(comma + 1), ""),
        ]
    }

    private func removingLastFromBrackets() -> [TextChange]? {
        guard let element = elements.last, elements.count > 1 else { return nil }
        let before = elements[elements.count - 2].upperBound
        guard let comma = layout.comma(from: before, to: element.lowerBound) else { return nil }
        let close = range.upperBound - 1
        // A comma behind the last one makes the one before it the last comma.
        let trailing = layout.comma(from: element.upperBound, to: close)
        if layout.isOneLine(before, element.lowerBound) {
            return [
                TextChange(
                    (trailing == nil ? comma : layout.skipBlanksBack(element.lowerBound))..<element.upperBound, "")
            ]
                + (trailing.map { [TextChange($0..<($0 + 1), "")] } ?? []).map { $0 }
        }
        let kept = trailing == nil ? [TextChange(comma..<(comma + 1), "")] : []
        if isOneInLine(elements.count - 1) {
            return kept + [TextChange(layout.lineStart(element.lowerBound)..<layout.nextLine(element.upperBound), "")]
        }
        let end = trailing.map { $0 + 1 } ?? element.upperBound
        return kept + [
            TextChange(
                layout.lineStart(element.lowerBound)..<layout.skipBlanks(end), layout.indentation(element.lowerBound))
        ]
    }
}
