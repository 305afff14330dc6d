import GatewayIPC
import Roles

/// Somebody wants a policy in force.
struct PolicyRequest {
    enum Kind {
        /// What `--policy` names, opened when the request's turn comes.
        case configured
        /// A file that came through the admin socket.
        case handed(PassedDescriptor)
    }

    let kind: Kind
    /// Admin clients that wait for the outcome.
    var waiting: [UInt64]

    var isConfigured: Bool {
        if case .configured = kind { true } else { false }
    }
}

/// One run of the policy compiler: what it said so far.
///
/// It may be hostile: diagnostics first, then tables, each once and within limits, then exit status 0; or diagnostics
/// alone and exit status 1. Everything else is a failure.
final class Compilation {
    /// What a policy led to.
    enum Result {
        case tables(PolicyTables, diagnostics: [String])
        case failure(String, diagnostics: [String])
    }

    private static let mostDiagnostics = 256 << 10

    let request: PolicyRequest
    let input: PolicyInput
    private var diagnosticParts = TableAssembly(limit: Compilation.mostDiagnostics)
    private var tableParts = TableAssembly(limit: PolicyTables.maximumSize)
    private var diagnostics: [String]?
    private var tables: [UInt8]?
    /// Why it can't succeed any more.
    private(set) var failure: String?

    init(_ request: PolicyRequest, _ input: PolicyInput) {
        self.request = request
        self.input = input
    }

    /// Remembers why it can't succeed; the first reason counts.
    func fail(_ text: String) {
        failure = failure ?? text
    }

    /// A piece of the diagnostics; false when it isn't its turn.
    func takeDiagnostics(_ part: TablePart) -> Bool {
        guard diagnostics == nil else { return false }
        switch diagnosticParts.take(part) {
        case .partial: return true
        case .complete(let bytes):
            diagnostics = lines(of: bytes)
            return true
        case .broken: return false
        }
    }

    /// A piece of the tables; false when it isn't its turn.
    func takeTables(_ part: TablePart) -> Bool {
        guard diagnostics != nil, tables == nil else { return false }
        switch tableParts.take(part) {
        case .partial: return true
        case .complete(let bytes):
            tables = bytes
            return true
        case .broken: return false
        }
    }

    /// What came of it, once the process has ended; `succeeded` is exit status 0.
    func result(succeeded: Bool, status: String) -> Result {
        let said = diagnostics ?? []
        if let failure { return .failure(failure, diagnostics: said) }
        guard succeeded, let tables else {
            if !succeeded, tables == nil, !said.isEmpty { return .failure("it has errors", diagnostics: said) }
            return .failure("the policy compiler ended with \(status)", diagnostics: said)
        }
        do throws(TablesError) {
            return .tables(try PolicyTables(decoding: tables), diagnostics: said)
        } catch {
            let text = "the policy compiler's tables can't be used: \(error.text) at byte \(error.offset)"
            return .failure(text, diagnostics: said)
        }
    }

    /// Lines that may go to a terminal: whatever isn't printable ASCII is escaped.
    private func lines(of bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { printable(String($0)) }
    }
}
