import PolicyFile

/// Errors and warnings with their line and a caret below the place, on a terminal and in a pipe alike.
struct DiagnosticOutput {
    private let lines: [Substring]

    init(_ source: PolicySource) {
        lines = source.text.split(omittingEmptySubsequences: false) { $0.isNewline && $0 != "\u{2028}" }
    }

    /// Writes them to standard error.
    func printErrors(_ diagnostics: [Diagnostic]) {
        let terminal = Terminal.errors
        for diagnostic in diagnostics { terminal.write(text(diagnostic, terminal)) }
    }

    private func text(_ diagnostic: Diagnostic, _ terminal: Terminal) -> String {
        let style: Terminal.Style = diagnostic.severity == .error ? .red : .yellow
        let message = diagnostic.message + (diagnostic.hint.map { "; \($0)" } ?? "")
        return "\(diagnostic.file):\(diagnostic.line):\(diagnostic.column): "
            + terminal.paint("\(diagnostic.severity.rawValue):", style) + " \(Terminal.visible(message))\n"
            + excerpt(diagnostic.position, terminal)
    }

    /// The line of a place and a caret below it; nothing for a place that the file doesn't have.
    func excerpt(_ position: SourcePosition, _ terminal: Terminal) -> String {
        guard lines.indices.contains(position.line - 1), !lines[position.line - 1].isEmpty else { return "" }
        let scalars = Array(lines[position.line - 1].unicodeScalars)
        // Of a very long line the part around the place.
        let start = max(0, position.column - 80)
        let part = String(String.UnicodeScalarView(scalars[min(start, scalars.count)...].prefix(160)))
        let number = String(position.line)
        let margin = String(repeating: " ", count: max(0, 5 - number.count)) + number
        let blank = String(repeating: " ", count: margin.count)
        let caret = String(repeating: " ", count: max(0, position.column - 1 - start)) + terminal.paint("^", .green)
        return terminal.paint("\(margin) |", .faint) + " \(Terminal.visible(part))\n"
            + terminal.paint("\(blank) |", .faint) + " \(caret)\n"
    }
}
