import ArgumentParser
import LinuxSys
import PolicyFile

/// `nlgate policy learn AUDIT…`.
struct PolicyLearn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learn",
        abstract: "Draft the smallest policy that covers what an audit log saw.",
        discussion: """
            Lines that were denied, would have been (mode: report), or wrote are covered: reads and groups by name,
            writes with a 'where' of what they were about. Nothing is generalised. The draft goes to standard output,
            what isn't in it to standard error.

            Example: nlgate policy learn /var/log/nlgate/audit.jsonl --client noc > draft.yaml
            """)

    @Argument(help: ArgumentHelp("Audit logs, or - for standard input.", valueName: "audit"))
    var files: [String]

    @Option(help: "Only what this client of the policy, or this common name, did.")
    var client: String?

    @OptionGroup var output: PolicyOutputOptions

    func run() throws {
        var digest = AuditDigest(client: client)
        for file in files { try AuditReader.read(file, into: &digest) }
        guard let draft = digest.draft() else {
            for note in digest.notes { Terminal.errors.write("note: \(note)\n") }
            throw Failure(1, "nothing to learn from \(digest.lines) lines\(client.map { " about \($0)" } ?? "")")
        }
        guard draft.policy.isValid else {
            DiagnosticOutput(draft.policy.source).printErrors(draft.policy.diagnostics)
            throw Failure(1, "the draft is no valid policy; what was seen is in it as far as the lines above say")
        }
        if output.json {
            PolicyJSON.write(
                PolicyJSON.object([
                    "policy": JSON(draft.policy.source.text), "lines": PolicyJSON.number(digest.lines),
                    "learned": PolicyJSON.number(digest.learned), "omitted": PolicyJSON.number(digest.omitted),
                    "notes": PolicyJSON.texts(draft.notes),
                    "diagnostics": .array(draft.policy.diagnostics.map(PolicyJSON.diagnostic)),
                ]))
        } else {
            Terminal.output.write(draft.policy.source.text)
            for note in draft.notes { Terminal.errors.write("note: \(note)\n") }
        }
    }
}

/// Reads a log line by line, whatever its size.
enum AuditReader {
    static func read(_ path: String, into digest: inout AuditDigest) throws {
        do throws(Errno) {
            let file = path == "-" ? Descriptor(owning: 0) : try Descriptor.open(path, flags: 0)
            try read(file, into: &digest)
        } catch {
            throw Failure(1, "\(path): \(error)")
        }
    }

    private static func read(_ file: borrowing Descriptor, into digest: inout AuditDigest) throws(Errno) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var line: [UInt8] = []
        var isOversized = false
        func finish(_ line: inout [UInt8], _ digest: inout AuditDigest) {
            if isOversized { digest.takeOversizedLine() } else { digest.take(line) }
            line.removeAll(keepingCapacity: true)
            isOversized = false
        }
        while true {
            switch try file.read(into: &chunk, count: chunk.count) {
            case .bytes(let count):
                var start = 0
                while let end = chunk[start..<count].firstIndex(of: UInt8(ascii: "\n")) {
                    if !isOversized { line += chunk[start..<end] }
                    finish(&line, &digest)
                    start = end + 1
                }
                if !isOversized { line += chunk[start..<count] }
                if line.count > AuditDigest.longestLine {
                    isOversized = true
                    line.removeAll()
                }
            case .closed:
                // The last line may lack its end: the daemon is writing it.
                if !line.isEmpty || isOversized { finish(&line, &digest) }
                return
            case .wouldBlock: throw Errno(rawValue: 11)
            }
        }
    }
}
