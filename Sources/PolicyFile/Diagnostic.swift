/// A place in the policy file.
public struct SourcePosition: Hashable, Sendable, Comparable {
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars, as editors count.
    public let column: Int
    /// Bytes from the beginning of the file.
    public let offset: Int

    /// A place from its parts.
    public init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }

    /// The first byte of a file.
    public static let start = SourcePosition(line: 1, column: 1, offset: 0)

    /// Earlier in the file comes first.
    public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One thing that is wrong with a policy, or that its author should look at again.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable {
        /// The policy is not loaded.
        case error
        /// The policy means what it says, but that may not be what was meant.
        case warning
    }

    /// Error or warning.
    public let severity: Severity
    /// The file's name, as the reader was told.
    public let file: String
    /// Where.
    public let position: SourcePosition
    /// What is wrong.
    public let message: String
    /// What to do about it.
    public let hint: String?

    /// The line, from 1.
    public var line: Int { position.line }
    /// The column, from 1.
    public var column: Int { position.column }

    /// A diagnostic from its parts.
    public init(
        _ severity: Severity, file: String, at position: SourcePosition, _ message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.position = position
        self.message = message
        self.hint = hint
    }

    /// `file:line:column: error: message; hint`, as compilers print it.
    public var description: String {
        "\(file):\(line):\(column): \(severity.rawValue): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
}
