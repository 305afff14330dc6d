import Confinement
import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// Reads the configuration file before there is anything else: a policy compiler, sealed as ever, parses it.
enum ConfigurationReader {
    /// How long the process may take, in milliseconds.
    private static let patience: UInt64 = 10_000

    /// What the command line and the configuration file say.
    static func settings(_ words: [String], _ activated: [GatewayURL.Scheme]) throws(StartError) -> [Setting] {
        let commandLine = try OptionWords(words)
        guard let path = commandLine.configuration(isActivated: !activated.isEmpty) else { return commandLine.settings }
        // Wrong values of these two are told later.
        let base = commandLine.last("uid-base").flatMap { UInt32($0) }
        let seal = SealOptions(
            uid: Users.compiler(base: base)?.uid, gid: Users.compiler(base: base)?.gid, supervisorPID: getpid(),
            descriptorLimit: 64, insecureOldKernel: commandLine.last("insecure-old-kernel") != nil)
        return commandLine.over(try read(path, seal))
    }

    private static func read(_ path: String, _ seal: SealOptions) throws(StartError) -> [Setting] {
        let what = "--config \(printable(path))"
        let file = try attempt(what) { () throws(Errno) in
            PassedDescriptor(try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK))
        }
        try check(file, what)
        let pair = try attempt(what) { () throws(Errno) in try Descriptor.packetPair() }
        let ends = pair.release()
        let ours = Descriptor(owning: ends.ours)
        let process = try start(seal, path, file, Descriptor(owning: ends.theirs))
        let answer = ConfigurationAnswer()
        let deadline = Clock.monotonicMilliseconds() + patience
        while try receive(ours, answer, until: deadline) {}
        let isDone = try? process.descriptor.wait(for: .read, milliseconds: 1000)
        if isDone != true { try? process.signal(SIGKILL) }
        let status = try? process.reap()
        return try answer.settings(of: path, succeeded: status == .exited(0))
    }

    private static func start(
        _ seal: SealOptions, _ path: String, _ file: PassedDescriptor, _ control: consuming Descriptor
    ) throws(StartError) -> ChildProcess {
        let null = try attempt("/dev/null") { () throws(Errno) in try Descriptor.open("/dev/null", flags: O_RDWR) }
        let options = CompilerOptions(seal: seal, source: .configuration(name: path))
        do throws(SealingError) {
            return try spawn(
                HelperImage(name: "nlgate-policyc"), arguments: options.arguments,
                descriptors: [null.raw, null.raw, 2, control.raw, file.descriptor.raw])
        } catch {
            throw .sealing(error)
        }
    }

    /// Takes what is there; false when the process has closed its end or time is up.
    private static func receive(
        _ control: borrowing Descriptor, _ answer: ConfigurationAnswer, until deadline: UInt64
    ) throws(StartError) -> Bool {
        let now = Clock.monotonicMilliseconds()
        guard now < deadline else { return false }
        var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)
        do throws(Errno) {
            guard try control.wait(for: .read, milliseconds: Int32(deadline - now)) else { return false }
            switch try control.receivePacket(into: &buffer, count: buffer.count) {
            case .wouldBlock: return true
            case .closed: return false
            case .bytes(let count):
                guard let message = try? ChildMessage(Array(buffer[..<count])) else { return false }
                return answer.take(message)
            }
        } catch {
            return false
        }
    }
}

/// What the process said about the file; it may be hostile, and everything else than one answer is a failure.
private final class ConfigurationAnswer {
    private var diagnosticParts = TableAssembly(limit: 256 << 10)
    private var settingParts = TableAssembly(limit: ConfiguredSetting.mostBytes)
    private var diagnostics: [UInt8]?
    private var settings: [UInt8]?
    private var failure: String?

    /// False when no more must follow.
    func take(_ message: ChildMessage) -> Bool {
        switch message {
        case .ready: return diagnostics == nil
        case .failed(let text):
            failure = text
            return false
        case .diagnostics(let part) where diagnostics == nil:
            let progress = diagnosticParts.take(part)
            if case .complete(let bytes) = progress { diagnostics = bytes }
            return progress != .broken
        case .tables(let part) where diagnostics != nil && settings == nil:
            let progress = settingParts.take(part)
            if case .complete(let bytes) = progress { settings = bytes }
            return progress != .broken
        default: return false
        }
    }

    func settings(of path: String, succeeded: Bool) throws(StartError) -> [Setting] {
        let said = String(decoding: diagnostics ?? [], as: UTF8.self).split(separator: "\n")
        let lines = said.map { printable(String($0)) }
        if let failure { throw .unusable("--config \(printable(path)): \(printable(failure))") }
        guard succeeded, let settings, let decoded = ConfiguredSetting.decode(settings) else {
            if !lines.isEmpty, settings == nil { throw .configuration(lines) }
            throw .unusable("--config \(printable(path)): the process that reads it failed")
        }
        for line in lines { writeDiagnostic(line) }
        return decoded.map { setting in
            Setting(
                name: setting.name, value: setting.value,
                origin: .file(path, line: setting.line, column: setting.column))
        }
    }
}
