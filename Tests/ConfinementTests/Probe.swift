import Confinement
import Glibc
import LinuxSys
import Testing

/// What became of one run of the probe.
struct Outcome {
    var status: LinuxSys.ExitStatus
    var messages: [[UInt8]] = []
    /// What it wrote to standard error.
    var complaint = ""

    /// The messages as text.
    var texts: [String] { messages.map { String(decoding: $0, as: UTF8.self) } }

    var report: SealingReport? {
        messages.first { $0.count == SealingReport.encodedSize }.flatMap { SealingReport(decoding: $0.span) }
    }

    /// The value of the `name: value` message.
    func answer(_ name: String) -> String? {
        texts.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}

/// The probe is sealed as a role and asked to do one thing.
enum Probe {
    static let isRoot = getuid() == 0
    static let needsRoot: Comment = "only root can make the namespaces and users that this is about"
    /// Nobody's on any machine.
    static let uid = 61_234

    /// The directory of the test program, where the probe is as well.
    static func directory() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // SAFETY: readlink writes at most the buffer's size.
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        let path = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
    }

    static func image() throws -> HelperImage { try HelperImage(path: directory() + "/confinement-probe") }

    /// The plan of a role as the daemon makes it for root.
    static func root(_ role: ProcessRole, _ more: [String] = []) -> [String] {
        let network = role.keepsNetwork ? [] : ["network=empty"]
        return ["role=\(role)", "uid=\(uid)", "gid=\(uid)", "protocols=0,15"] + network + more
    }

    /// Runs the probe to its end.
    static func run(_ arguments: [String], extra: [Int32] = []) throws -> Outcome {
        try start(arguments, extra: extra).end()
    }

    /// Arguments that make the probe start again with this environment, which the spawning of helpers doesn't allow.
    static func environment(_ settings: [String]) -> [String] {
        ["mode=exec", "environment=" + settings.map { "set=\($0)" }.joined(separator: "\u{1f}")]
    }

    /// Starts the probe; it gets /dev/null, /dev/null, a pipe, its control socket, and what is `extra`.
    static func start(_ arguments: [String], extra: [Int32] = []) throws -> RunningProbe {
        let image = try image()
        let control = try Descriptor.packetPair()
        let null = try Descriptor.open("/dev/null", flags: O_RDWR)
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe2 writes two numbers.
        try #require(unsafe pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let errors = Descriptor(owning: ends[0])
        let theirErrors = Descriptor(owning: ends[1])
        let descriptors = [null.raw, null.raw, theirErrors.raw, control.theirs.raw] + extra
        let count = arguments.contains { $0.hasPrefix("count=") } ? [] : ["count=\(descriptors.count)"]
        let child = try spawn(image, arguments: arguments + count, descriptors: descriptors)
        let (ours, theirs) = control.release()
        close(theirs)
        return RunningProbe(child, Descriptor(owning: ours), errors)
    }
}

extension ProcessRole {
    /// The others live in a network of their own.
    var keepsNetwork: Bool { ![.frontend, .compiler, .keeper].contains(self) }
}

/// A probe that waits for commands.
final class RunningProbe {
    let child: ChildProcess
    private var control: Descriptor?
    private let errors: Descriptor
    private var messages: [[UInt8]] = []
    private var buffer = [UInt8](repeating: 0, count: 65536)

    init(_ child: consuming ChildProcess, _ control: consuming Descriptor, _ errors: consuming Descriptor) {
        self.child = child
        self.control = consume control
        self.errors = errors
    }

    var pid: Int32 { child.pid }

    /// The next message; nil when the probe has closed its end.
    func next() throws -> [UInt8]? {
        guard try control?.wait(for: .read, milliseconds: 20_000) == true else { return nil }
        guard case .bytes(let count)? = try control?.receivePacket(into: &buffer, count: buffer.count) else {
            return nil
        }
        messages.append(Array(buffer[..<count]))
        return messages.last
    }

    /// Waits for the report.
    func report() throws -> SealingReport {
        while let message = try next() {
            if message.count == SealingReport.encodedSize, let report = SealingReport(decoding: message.span) {
                return report
            }
        }
        throw Errno(rawValue: EPIPE)
    }

    /// Sends a command and returns the answer, nil when the probe died of it.
    func ask(_ command: String) throws -> String? {
        let bytes = Array(command.utf8)
        _ = try control?.send(bytes.span)
        return try next().map { String(decoding: $0, as: UTF8.self) }
    }

    /// A file of the probe's /proc directory.
    func proc(_ name: String) throws -> String {
        let file = try Descriptor.open("/proc/\(pid)/\(name)", flags: O_RDONLY)
        return String(decoding: try file.readAll(limit: 1 << 20), as: UTF8.self)
    }

    /// One line of its status file.
    func status(_ name: String) throws -> String {
        let line = try proc("status").split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return String(try #require(line).dropFirst(name.count + 1)).split(separator: "\t").joined(separator: " ")
    }

    /// Hangs up, or waits for the probe to do so, and collects it.
    func end(hangUp: Bool = false) throws -> Outcome {
        if hangUp { control = nil }
        while try next() != nil {}
        var outcome = Outcome(status: .exited(-1), messages: messages)
        outcome.complaint = String(decoding: try errors.readAll(limit: 1 << 20), as: UTF8.self)
        _ = try child.descriptor.wait(for: .read, milliseconds: 20_000)
        outcome.status = try #require(try child.reap(), "the probe still runs")
        return outcome
    }
}
