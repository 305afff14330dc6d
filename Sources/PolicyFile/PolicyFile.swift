/// The bytes of a policy file and the name that diagnostics call it by.
public struct PolicySource: Equatable, Sendable {
    /// Bytes that a file may have.
    public static let maximumSize = 1 << 20

    /// The name for diagnostics.
    public let name: String
    /// The content.
    public let text: String

    /// A source from text.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// A source from bytes.
    ///
    /// - Throws: `Diagnostic` when they are too many or aren't UTF-8.
    public init(name: String, bytes: [UInt8]) throws(Diagnostic) {
        guard bytes.count <= PolicySource.maximumSize else {
            throw Diagnostic(
                .error, file: name, at: .start, "the file is larger than \(PolicySource.maximumSize) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Diagnostic(.error, file: name, at: .start, "the file is not UTF-8")
        }
        self.init(name: name, text: text)
    }
}

/// A policy that was read, checked, linted and compiled.
public struct PolicyFile: Sendable {
    /// What was read; empty for a built-in.
    public let source: PolicySource
    /// Errors and warnings, in the order of the file.
    public let diagnostics: [Diagnostic]

    /// True when the policy can be loaded.
    public var isValid: Bool { !diagnostics.contains { $0.severity == .error } }

    /// Reads a policy: syntax, names, grants, lint and its own tests.
    public init(checking source: PolicySource) {
        self.source = source
        diagnostics = []
    }

    private init(source: PolicySource, diagnostics: [Diagnostic]) {
        self.source = source
        self.diagnostics = diagnostics
    }

    /// The names that `builtin(_:)` knows.
    public static let builtinNames = ["builtin:read-only", "builtin:unrestricted"]

    /// A built-in policy, compiled to the same tables as a file.
    public static func builtin(_ name: String) -> PolicyFile? {
        guard builtinNames.contains(name) else { return nil }
        return PolicyFile(source: PolicySource(name: name, text: ""), diagnostics: [])
    }

    /// The encoded tables that the supervisor decodes; nil when the policy isn't valid.
    public func encodedTables() -> [UInt8]? { nil }

    /// The grants of every binding, or of one client.
    ///
    /// - Throws: `ClientQueryError` for a client that the file doesn't have.
    public func show(client: ClientQuery? = nil) throws(ClientQueryError) -> [ResolvedGrants] { [] }

    /// Why a client may or may not make a request.
    ///
    /// - Throws: `ClientQueryError` for a client that the file doesn't have; `RequestError` inside it for a request
    ///   that names nothing.
    public func explain(
        client: ClientQuery, request: String, namespace: String? = nil
    ) throws(ClientQueryError) -> Explanation {
        Explanation(decision: .denied, reasons: [], needsPrivilege: false)
    }

    /// The outcome of each test in the file, in its order.
    public func runTests() -> [TestOutcome] { [] }
}
