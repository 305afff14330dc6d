import Foundation
import LinuxSys
import PolicyFile

/// A policy as a command gets it.
struct PolicyInput {
    let path: String
    let policy: PolicyFile
    /// Errors of the file itself: its owner, its permissions.
    let fileErrors: [Diagnostic]
    /// What was read, so that nothing else is replaced; nil for what can't be written back.
    let state: FileState?

    var diagnostics: [Diagnostic] { fileErrors + policy.diagnostics }
    var isValid: Bool { fileErrors.isEmpty && policy.isValid }

    /// Reads a file, standard input or a built-in.
    ///
    /// - Throws: `Failure` when it can't be read at all.
    init(_ path: String) throws {
        self.path = path
        if path.hasPrefix("builtin:") {
            guard let builtin = PolicyFile.builtin(path) else {
                throw Failure(2, "unknown policy \(path); there are \(PolicyFile.builtinNames.joined(separator: " and "))")
            }
            (policy, fileErrors, state) = (builtin, [], nil)
            return
        }
        let content: [UInt8]
        if path == "-" {
            content = try PolicyInput.read(Descriptor(owning: 0), path)
            (fileErrors, state) = ([], nil)
        } else {
            let file = try PolicyInput.open(path)
            let status: FileState
            (fileErrors, status) = try PolicyInput.attempt(path) { () throws(Errno) in
                (PolicyInput.ownership(path, try FileStatus(of: file)), try FileState(of: file))
            }
            content = try PolicyInput.read(file, path)
            state = status
        }
        policy = try PolicyInput.parse(content, path == "-" ? "standard input" : path)
    }

    private static func parse(_ content: [UInt8], _ name: String) throws -> PolicyFile {
        do throws(Diagnostic) {
            return PolicyFile(checking: try PolicySource(name: name, bytes: content))
        } catch {
            throw Failure(1, error.description)
        }
    }

    private static func open(_ path: String) throws -> Descriptor {
        // A FIFO would block without O_NONBLOCK.
        do throws(Errno) {
            return try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw Failure(1, "\(path): \(error)")
        }
    }

    private static func read(_ file: borrowing Descriptor, _ path: String) throws -> [UInt8] {
        do throws(Errno) {
            return try file.readAll(limit: PolicySource.maximumSize)
        } catch {
            let hint = error.rawValue == EFBIG ? "larger than \(PolicySource.maximumSize) bytes" : "\(error)"
            throw Failure(1, "\(path): \(hint)")
        }
    }

    private static func attempt<Value>(_ path: String, _ body: () throws(Errno) -> Value) throws -> Value {
        do throws(Errno) { return try body() } catch { throw Failure(1, "\(path): \(error)") }
    }

    /// Whoever can write the file is who decides.
    private static func ownership(_ path: String, _ status: FileStatus) -> [Diagnostic] {
        func error(_ message: String, _ hint: String) -> Diagnostic {
            Diagnostic(.error, file: path, at: .start, message, hint: hint)
        }
        guard status.kind == .regular else { return [error("this is not a regular file", "copy the policy into one")] }
        var errors: [Diagnostic] = []
        if status.uid != 0, status.uid != getuid() {
            errors.append(
                error(
                    "the file belongs to uid \(status.uid), who could change the policy",
                    "it must belong to root or to the user who runs this: chown root"))
        }
        if status.permissions & 0o022 != 0 {
            let mode = String(status.permissions, radix: 8)
            errors.append(error("others can write the file (mode \(mode))", "chmod go-w"))
        }
        return errors
    }
}

extension PolicyFileOptions {
    /// The policy, read and checked; its errors are printed.
    ///
    /// - Throws: `ExitCode` 1 when it has errors.
    func valid() throws -> PolicyInput { try PolicyFileOptions.checked(file) }

    /// The policy of a path, likewise.
    static func checked(_ file: String) throws -> PolicyInput {
        let input = try PolicyInput(file)
        guard input.isValid else {
            DiagnosticOutput(input.policy.source).printErrors(input.diagnostics)
            throw Failure(1, "\(file) has errors")
        }
        return input
    }
}
