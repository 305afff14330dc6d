import GatewayIPC
import LinuxSys
import PolicyFile
import Roles

/// What became of a policy.
struct Outcome {
    /// Warnings and errors, one a line.
    let diagnostics: String
    /// The encoded tables; nil when there is an error.
    let tables: [UInt8]?

    init(_ policy: PolicyFile) {
        diagnostics = policy.diagnostics.map { "\($0)\n" }.joined()
        tables = policy.tables?.encode()
    }

    init(error: String) {
        diagnostics = error + "\n"
        tables = nil
    }
}

/// Compiles a built-in policy, or the file behind descriptor 4.
func compile(_ source: CompilerOptions.Source) -> Outcome {
    switch source {
    case .builtin(let name):
        guard let policy = PolicyFile.builtin("builtin:" + name) else {
            return Outcome(error: "builtin:\(name): error: there is no such policy")
        }
        return Outcome(policy)
    case .file(let name):
        do throws(Errno) {
            let bytes = try Descriptor(owning: CompilerOptions.fileDescriptor).readAll(limit: PolicySource.maximumSize)
            return compile(bytes, name)
        } catch {
            return Outcome(error: "\(name): error: can't read the policy: \(error)")
        }
    }
}

private func compile(_ bytes: [UInt8], _ name: String) -> Outcome {
    do throws(Diagnostic) {
        return Outcome(PolicyFile(checking: try PolicySource(name: name, bytes: bytes)))
    } catch {
        return Outcome(error: "\(error)")
    }
}
