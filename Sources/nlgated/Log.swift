import LinuxSys

/// How urgent a line of the log is, by syslog's numbers.
enum LogLevel: UInt8 {
    /// The daemon can't go on, or a part of it can't.
    case error = 3
    /// It goes on, but somebody should look at it.
    case warning = 4
    /// What it does.
    case info = 6
}

/// Where standard error is journald's, each line begins with its level, as sd-daemon(3) says.
private let hasLevels = CommandLine.arguments.contains(ServiceManager.journalWord)

/// Writes a line to the daemon's log.
func writeLog(_ level: LogLevel, _ text: String) {
    let line = "nlgated: \(text)"
    guard hasLevels else { return writeStandardError(line) }
    // Each line of a text is one of journald's.
    writeStandardError(line.split(separator: "\n").map { "<\(level.rawValue)>\($0)" }.joined(separator: "\n"))
}

/// Writes what a compiler said of a file, which has its own beginning.
func writeDiagnostic(_ line: String) {
    let level = has(line, ": error: ") ? LogLevel.error : .warning
    writeStandardError(hasLevels ? "<\(level.rawValue)>\(line)" : line)
}

/// True when the text has these words in it; `String.contains` brings the runtime of regular expressions along.
private func has(_ text: String, _ words: String) -> Bool {
    let (text, words) = (Array(text.utf8), Array(words.utf8))
    return text.indices.contains { text[$0...].starts(with: words) }
}
