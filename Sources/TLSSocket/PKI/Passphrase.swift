import Glibc
internal import LinuxSys

/// The passphrase of a private key, wiped when nobody has it any more.
public final class Passphrase {
    /// A longer one is refused.
    public static let lengthLimit = 1000
    /// A shorter one is not accepted for a new key, in bytes.
    public static let leastLength = 8

    private var bytes: [UInt8] = []

    /// A passphrase of these bytes, which are taken out of the caller's array.
    public init(taking bytes: inout [UInt8]) {
        swap(&self.bytes, &bytes)
    }

    deinit { TLSLibrary.wipe(&bytes) }

    var count: Int { bytes.count }

    func withBytes<T>(_ body: (UnsafePointer<UInt8>, Int32) -> T) -> T? {
        // SAFETY: the pointer and the count are the array's own, and the body does not keep them.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return unsafe body(base, Int32(bytes.count))
        }
    }

    /// True when both are the same bytes.
    func isSame(as other: Passphrase) -> Bool { bytes == other.bytes }

    /// The first line of a file, which must be for its owner alone; a pipe may be given too.
    ///
    /// - Throws: `system` with the file that can't be read, `passphrase` for one that can't be used.
    public static func read(file path: String) throws(TLSError) -> Passphrase {
        var buffer = [UInt8](repeating: 0, count: lengthLimit + 2)
        defer { TLSLibrary.wipe(&buffer) }
        var count = 0
        do throws(Errno) {
            let file = try Descriptor.open(path, flags: O_RDONLY)
            let status = try FileStatus(of: file)
            if status.kind == .regular, status.permissions & 0o077 != 0 {
                throw Errno(rawValue: EPERM)
            }
            while count < buffer.count, !buffer[..<count].contains(0x0a) {
                guard case .bytes(let more) = try file.read(into: &buffer, at: count, count: buffer.count - count)
                else { break }
                count += more
            }
        } catch {
            guard error.rawValue == EPERM else { throw KeyFiles.failure("read", path, error) }
            throw TLSError(.passphrase, "others can read the passphrase in \(path): 'chmod 600 \(path)' first")
        }
        return try Passphrase(line: &buffer, count: count, from: path)
    }

    convenience init(line: inout [UInt8], count: Int, from place: String) throws(TLSError) {
        var end = line[..<count].firstIndex(of: 0x0a) ?? count
        if end > 0, line[end - 1] == 0x0d { end -= 1 }
        guard end > 0 else { throw TLSError(.passphrase, "\(place) has no passphrase in its first line") }
        guard end <= Self.lengthLimit else {
            throw TLSError(.passphrase, "\(place): a passphrase has at most \(Self.lengthLimit) bytes")
        }
        guard !line[..<end].contains(0) else { throw TLSError(.passphrase, "\(place): a passphrase has no NUL byte") }
        var own = Array(line[..<end])
        self.init(taking: &own)
    }
}

/// Where a passphrase comes from.
public enum PassphraseSource: Equatable, Sendable {
    /// There is none, and nobody may be asked.
    case none
    /// The first line of this file.
    case file(String)
    /// Whoever sits at the terminal.
    case terminal

    /// The passphrase of a key that exists; `option` is what the command line calls the file.
    ///
    /// - Throws: `passphrase` when there is none to be had, `system`.
    public func existing(of what: String, option: String) throws(TLSError) -> Passphrase {
        switch self {
        case .none: throw TLSError(.passphrase, "\(what) is encrypted: give its passphrase with \(option) FILE")
        case .file(let path): return try Passphrase.read(file: path)
        case .terminal:
            guard let terminal = PassphrasePrompt() else {
                throw TLSError(
                    .passphrase,
                    "\(what) is encrypted, and there is no terminal to ask on: give its passphrase with \(option) FILE")
            }
            return try terminal.ask("Passphrase of \(what): ")
        }
    }

    /// A passphrase for a new key, asked for twice on a terminal; nil for none.
    ///
    /// - Throws: `passphrase` when it is too short or not typed alike twice, `system`.
    public func chosen(for what: String) throws(TLSError) -> Passphrase? {
        let passphrase: Passphrase
        switch self {
        case .none: return nil
        case .file(let path): passphrase = try Passphrase.read(file: path)
        case .terminal:
            guard let terminal = PassphrasePrompt() else {
                throw TLSError(.passphrase, "there is no terminal to ask on: give --passphrase-file FILE")
            }
            passphrase = try terminal.ask("New passphrase for \(what): ")
            let second = try terminal.ask("The same once more: ")
            guard passphrase.isSame(as: second) else {
                throw TLSError(.passphrase, "the two passphrases differ; nothing was made")
            }
        }
        guard passphrase.count >= Passphrase.leastLength else {
            throw TLSError(.passphrase, "a passphrase has at least \(Passphrase.leastLength) bytes; nothing was made")
        }
        return passphrase
    }
}
