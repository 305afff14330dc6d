import Glibc
import LinuxSys

/// Where `--audit` sends the lines.
enum AuditDestination: Equatable {
    case none
    case standardError
    case file(String)
    /// journald's socket.
    case journal(String)

    private static let journalPath = "/run/systemd/journal/socket"

    init(_ text: String) throws(StartError) {
        let journal = "journal:"
        switch text {
        case "none": self = .none
        case "-": self = .standardError
        case "journal": self = .journal(AuditDestination.journalPath)
        case _ where text.hasPrefix(journal): self = .journal(String(text.dropFirst(journal.count)))
        case "": throw .usage("--audit takes a file, '-', 'journal' or 'none'")
        default: self = .file(text)
        }
    }

    var name: String {
        switch self {
        case .none: "none"
        case .standardError: "standard error"
        case .file(let path): path
        case .journal(let path): "journal \(path)"
        }
    }

    /// Opens it; nil for none.
    func open() throws(Errno) -> (any AuditOutput)? {
        switch self {
        case .none: nil
        case .standardError: try StandardErrorOutput()
        case .file(let path): try FileOutput(path)
        case .journal(let path): try JournalOutput(path)
        }
    }
}

/// Takes lines, one whole line at a time, and never waits long.
protocol AuditOutput: AnyObject {
    func write(_ line: JSONLine) throws(Errno)
}

/// Standard error, which may be a pipe that nobody reads.
private final class StandardErrorOutput: AuditOutput {
    private let output: PassedDescriptor

    init() throws(Errno) {
        let own = Descriptor(owning: 2)
        let copy: Descriptor
        do throws(Errno) {
            copy = try own.duplicate()
        } catch {
            _ = own.release()
            throw error
        }
        _ = own.release()
        output = PassedDescriptor(copy)
    }

    func write(_ line: JSONLine) throws(Errno) {
        let line = line.finished
        // A pipe that is ready takes 4,096 bytes, and no line is that long.
        guard try output.descriptor.wait(for: .write, milliseconds: 0) else { throw Errno(rawValue: EAGAIN) }
        guard case .bytes(line.count) = try output.descriptor.write(line.span) else { throw Errno(rawValue: EAGAIN) }
    }
}

/// A file that lines are only ever added to.
private final class FileOutput: AuditOutput {
    private let file: PassedDescriptor
    /// The last line is incomplete.
    private var isTorn = false

    init(_ path: String) throws(Errno) {
        // No link: in a directory that others may write it could lead anywhere.
        let opened = PassedDescriptor(
            try Descriptor.open(
                path, flags: O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode: 0o640))
        let status = try FileStatus(of: opened.descriptor)
        if status.kind == .regular {
            // Others could have written what is there, or change what will be.
            guard status.uid == 0 || status.uid == getuid(), status.permissions & 0o002 == 0 else {
                throw Errno(rawValue: EACCES)
            }
        }
        file = opened
    }

    func write(_ line: JSONLine) throws(Errno) {
        let line = line.finished
        let bytes = isTorn ? [0x0a] + line : line
        var done = 0
        while done < bytes.count {
            do throws(Errno) {
                guard case .bytes(let count) = try file.descriptor.write(bytes.span.extracting(done..<bytes.count))
                else { throw Errno(rawValue: EAGAIN) }
                done += count
            } catch {
                if done > 0 { isTorn = true }
                throw error
            }
        }
        isTorn = false
    }
}

/// The journal, by its native datagrams.
private final class JournalOutput: AuditOutput {
    private static let head = Array("SYSLOG_IDENTIFIER=nlgated\nPRIORITY=6\n".utf8)

    private let path: String
    private var socket: PassedDescriptor
    private var retryAt: UInt64 = 0

    init(_ path: String) throws(Errno) {
        self.path = path
        socket = try JournalOutput.connected(path)
    }

    private static func connected(_ path: String) throws(Errno) -> PassedDescriptor {
        let address = try SocketAddress(unix: path, abstract: false)
        let socket = try Descriptor.datagramSocket(for: address)
        _ = try socket.connect(to: address)
        return PassedDescriptor(socket)
    }

    func write(_ line: JSONLine) throws(Errno) {
        let message = JournalOutput.head + line.fields + Array("MESSAGE=".utf8) + line.finished
        do throws(Errno) {
            try send(message)
        } catch {
            // journald was restarted.
            guard error.rawValue != EAGAIN, Clock.monotonicMilliseconds() >= retryAt else { throw error }
            retryAt = Clock.monotonicMilliseconds() + 1000
            socket = try JournalOutput.connected(path)
            try send(message)
        }
    }

    private func send(_ message: [UInt8]) throws(Errno) {
        guard case .bytes = try socket.descriptor.send(message.span) else { throw Errno(rawValue: EAGAIN) }
    }
}
