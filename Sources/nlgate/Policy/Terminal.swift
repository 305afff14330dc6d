import Foundation

/// What may be written to a stream: colours on a terminal only, and no control characters of a file anywhere.
struct Terminal {
    enum Style: String {
        case bold = "1"
        case red = "1;31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
        case faint = "2"
    }

    static let output = Terminal(1)
    static let errors = Terminal(2)

    private let number: Int32
    private let hasColours: Bool

    private init(_ number: Int32) {
        self.number = number
        let environment = ProcessInfo.processInfo.environment
        let isUnwanted = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        hasColours = isatty(number) == 1 && !isUnwanted && environment["TERM"] != "dumb"
    }

    func paint(_ text: String, _ style: Style) -> String {
        hasColours ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    func write(_ text: String) {
        let handle = number == 1 ? FileHandle.standardOutput : FileHandle.standardError
        // A reader that has gone is no error of this command's.
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// A text of which every character stands in one column and does nothing.
    static func visible(_ text: some StringProtocol) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control: scalar == "\t" ? " " : "\u{fffd}"
                    case .format, .lineSeparator, .paragraphSeparator, .surrogate: "\u{fffd}"
                    default: scalar
                    }
                }))
    }
}
