import GatewayIPC
import LinuxSys
import PolicyFile
import Roles

/// What became of a file.
struct Outcome {
    /// Warnings and errors, one a line.
    let diagnostics: String
    /// The encoded tables or settings; nil when there is an error.
    let answer: [UInt8]?

    init(_ policy: PolicyFile) {
        diagnostics = policy.diagnostics.map { "\($0)\n" }.joined()
        answer = policy.tables?.encode()
    }

    init(_ configuration: ConfigurationFile) {
        diagnostics = configuration.diagnostics.map { "\($0)\n" }.joined()
        let isValid = !configuration.diagnostics.contains { $0.severity == .error }
        answer = isValid ? ConfiguredSetting.encode(configuration.settings.map { ConfiguredSetting($0) }) : nil
    }

    init(error: String) {
        diagnostics = error + "\n"
        answer = nil
    }
}

/// Compiles a built-in policy, or reads the file behind descriptor 4.
func compile(_ source: CompilerOptions.Source) -> Outcome {
    switch source {
    case .builtin(let name):
        guard let policy = PolicyFile.builtin("builtin:" + name) else {
            return Outcome(error: "builtin:\(name): error: there is no such policy")
        }
        return Outcome(policy)
    case .file(let name): return compile(fileCalled: name) { Outcome(PolicyFile(checking: $0)) }
    case .configuration(let name): return compile(fileCalled: name) { Outcome(ConfigurationFile(checking: $0)) }
    }
}

private func compile(fileCalled name: String, _ body: (PolicySource) -> Outcome) -> Outcome {
    do throws(Errno) {
        let bytes = try Descriptor(owning: CompilerOptions.fileDescriptor).readAll(limit: PolicySource.maximumSize)
        return compile(bytes, name, body)
    } catch {
        return Outcome(error: "\(name): error: can't read the file: \(error)")
    }
}

private func compile(_ bytes: [UInt8], _ name: String, _ body: (PolicySource) -> Outcome) -> Outcome {
    do throws(Diagnostic) {
        return body(try PolicySource(name: name, bytes: bytes))
    } catch {
        return Outcome(error: "\(error)")
    }
}

extension ConfiguredSetting {
    fileprivate init(_ setting: ConfigurationFile.Setting) {
        self.init(
            name: setting.name, value: setting.value, line: UInt32(clamping: setting.position.line),
            column: UInt32(clamping: setting.position.column))
    }
}
