import CSelftest
import GatewayIPC
import Glibc
import LinuxSys

/// How another process of a kind is started: as the supervisor started the live one, but by us.
struct HelperRecipe {
    let kind: HelperKind
    let program: String
    let words: [String]
    /// The files that it gets from descriptor 4 on.
    let files: [String]

    /// From the command line of a live process.
    init(_ kind: HelperKind, like live: ProcessView, _ programs: Programs, _ certificates: ThrowawayCertificates)
        throws(SelftestStop)
    {
        var words: [String] = []
        var files: [Int: String] = [:]
        for word in live.words.dropFirst() {
            let name = word.prefix { $0 != "=" }
            if name == "supervisor" {
                words.append("supervisor=\(getpid())")
            } else if name == "listeners" {
                words.append("listeners=")
            } else if let file = certificates.file(String(name)), let number = Int(word.dropFirst(name.count + 1)) {
                files[number] = file
                words.append(word)
            } else {
                words.append(word)
            }
        }
        self.kind = kind
        program = try programs.helper(kind.file)
        self.words = words
        self.files = files.sorted { $0.key < $1.key }.map(\.value)
    }

    /// A policy compiler, which ends before anybody could look at it unless its policy doesn't.
    init(compilerAs uid: UInt32, _ programs: Programs) throws(SelftestStop) {
        kind = .compiler
        program = try programs.helper(kind.file)
        let seal = SealOptions(
            uid: uid, gid: uid, supervisorPID: getpid(), descriptorLimit: 1024, insecureOldKernel: false)
        words = CompilerOptions(seal: seal, source: .file(name: "policy.yaml")).arguments
        files = []
    }
}

/// A helper of the installed program that this process has started, instead of a supervisor.
final class HelperCopy {
    let kind: HelperKind
    let child: ChildProcess
    private let control: Descriptor
    /// The end of the policy compiler's policy that nothing is written to.
    private let policy: Descriptor
    private var isEnded = false

    var pid: Int32 { child.pid }
    var view: ProcessView { ProcessView(pid: pid) }

    init(_ recipe: HelperRecipe) throws(SelftestStop) {
        kind = recipe.kind
        do throws(Errno) {
            let ends = try Descriptor.packetPair().release()
            control = Descriptor(owning: ends.ours)
            let theirs = Descriptor(owning: ends.theirs)
            let endless = try Descriptor.blockingPacketPair().release()
            policy = Descriptor(owning: endless.ours)
            let theirPolicy = Descriptor(owning: endless.theirs)
            let null = try Descriptor.open("/dev/null", flags: O_RDWR)
            var more = OpenedFiles()
            for file in recipe.files { try more.open(file) }
            let numbers = recipe.kind.isStanding ? more.numbers : [theirPolicy.raw]
            child = try ProgramFile(path: recipe.program).start(
                arguments: recipe.words, environment: ["SWIFT_BACKTRACE=enable=no"],
                descriptors: [null.raw, null.raw, null.raw, theirs.raw] + numbers)
        } catch {
            throw SelftestStop("\(recipe.program) can't be started: \(error)")
        }
    }

    deinit { end() }

    /// Waits for the message that says that it is sealed; false when it has ended, or says something else.
    func isReady() -> Bool {
        switch message() {
        case .ready?: true
        // A keeper says first when its certificates end.
        case .expiries?: if case .ready? = message() { true } else { false }
        default: false
        }
    }

    private func message() -> ChildMessage? {
        var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)
        guard (try? control.wait(for: .read, milliseconds: 10_000)) == true,
            case .bytes(let count)? = try? control.receivePacket(into: &buffer, count: buffer.count)
        else { return nil }
        return try? ChildMessage(Array(buffer[..<count]))
    }

    /// The process with a tracer, stopped at once or as soon as it waits for something.
    func traced(atOnce: Bool) throws(SubjectLost) -> TracedProcess {
        let process = try TracedProcess(attachingTo: pid, atOnce: atOnce)
        isEnded = true
        return process
    }

    /// Goes on without a tracer.
    func letGo(_ process: TracedProcess) {
        process.letGo()
        isEnded = false
    }

    /// Kills and reaps it.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        cst_end(pid)
    }
}

/// Files that are open as long as this value lives.
private struct OpenedFiles {
    private final class File {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = consume descriptor }
    }

    private var files: [File] = []

    mutating func open(_ path: String) throws(Errno) { files.append(File(try Descriptor.open(path, flags: O_RDONLY))) }

    var numbers: [Int32] { files.map { $0.descriptor.raw } }
}
