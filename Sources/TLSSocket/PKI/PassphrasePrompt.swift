import Glibc
internal import LinuxSys

/// The controlling terminal without echo, for as long as this lives.
final class PassphrasePrompt {
    private let terminal: Descriptor
    private var before = termios()

    /// nil when there is no terminal.
    init?() {
        guard let terminal = try? Descriptor.open("/dev/tty", flags: O_RDWR | O_NOCTTY) else { return nil }
        var settings = termios()
        // SAFETY: the call fills the structure.
        guard unsafe tcgetattr(terminal.raw, &settings) == 0 else { return nil }
        before = settings
        // Signals are read as characters, so that an interrupt can't leave the terminal without echo.
        settings.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        // VTIME and VMIN: a read waits for one byte.
        (settings.c_cc.5, settings.c_cc.6) = (0, 1)
        // SAFETY: the call only reads the structure.
        _ = unsafe tcsetattr(terminal.raw, TCSAFLUSH, &settings)
        self.terminal = terminal
    }

    deinit {
        // SAFETY: the call only reads the structure.
        _ = unsafe tcsetattr(terminal.raw, TCSADRAIN, &before)
    }

    /// One line, in which backspace and Control-U work.
    ///
    /// - Throws: `passphrase` when there is none, or the user gives up by Control-C or Control-D.
    func ask(_ question: String) throws(TLSError) -> Passphrase {
        say(question)
        var line = [UInt8](repeating: 0, count: Passphrase.lengthLimit + 2)
        defer { TLSLibrary.wipe(&line) }
        var count = 0
        while let byte = next() {
            switch byte {
            case 0x0a, 0x0d:
                say("\n")
                return try Passphrase(line: &line, count: count, from: "the terminal")
            case 0x03, 0x04, 0x1c:
                say("\n")
                throw TLSError(.passphrase, "no passphrase was given; nothing was done")
            case 0x08, 0x7f:
                // A character of several bytes goes as a whole.
                repeat { count = max(count - 1, 0) } while count > 0 && line[count] & 0xc0 == 0x80
            case 0x15: count = 0
            default:
                guard count < line.count else { continue }
                line[count] = byte
                count += 1
            }
        }
        throw TLSError(.passphrase, "the terminal is gone")
    }

    private func next() -> UInt8? {
        var byte: [UInt8] = [0]
        defer { TLSLibrary.wipe(&byte) }
        guard case .bytes = try? terminal.read(into: &byte, count: 1) else { return nil }
        return byte[0]
    }

    private func say(_ text: String) {
        _ = try? terminal.write(Array(text.utf8).span)
    }
}
