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
        let network = role == .frontend ? ["network=empty"] : []
        return ["role=\(role)", "uid=\(uid)", "gid=\(uid)", "protocols=0,15"] + network + more
    }

    /// Runs the probe to its end.
    static func run(_ arguments: [String], extra: [Int32] = []) throws -> Outcome {
        let image = try image()
        let control = try Descriptor.packetPair()
        let null = try Descriptor.open("/dev/null", flags: O_RDWR)
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe writes two numbers.
        try #require(unsafe pipe(&ends) == 0)
        let errors = Descriptor(owning: ends[0])
        var descriptors = [null.raw, null.raw, ends[1], control.theirs.raw] + extra
        descriptors.removeAll { $0 < 0 }
        let count = arguments.contains { $0.hasPrefix("count=") } ? [] : ["count=\(descriptors.count)"]
        let child = try spawn(image, arguments: arguments + count, descriptors: descriptors)
        close(ends[1])
        let (ours, theirs) = control.release()
        close(theirs)
        return try collect(child, Descriptor(owning: ours), errors)
    }

    private static func collect(
        _ child: consuming ChildProcess, _ control: consuming Descriptor, _ errors: consuming Descriptor
    ) throws -> Outcome {
        var outcome = Outcome(status: .exited(-1))
        var buffer = [UInt8](repeating: 0, count: 65536)
        while try control.wait(for: .read, milliseconds: 20_000) {
            guard case .bytes(let count) = try control.receivePacket(into: &buffer, count: buffer.count) else { break }
            outcome.messages.append(Array(buffer[..<count]))
        }
        outcome.complaint = String(decoding: try errors.readAll(limit: 1 << 20), as: UTF8.self)
        _ = try child.descriptor.wait(for: .read, milliseconds: 20_000)
        outcome.status = try #require(try child.reap(), "the probe still runs")
        return outcome
    }
}
