public import Roles

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
    /// Errors and warnings, in the order of the file; a test of the file that fails is an error.
    public let diagnostics: [Diagnostic]
    /// What `all` and names with `*` stand for.
    public let expansions: [Expansion]
    /// The file as it could be read, for whoever changes it in place; nil when it isn't YAML.
    let model: PolicyModel?
    /// Nil when there are errors other than failed tests.
    let policy: CompiledPolicy?
    let map: SourceMap?

    /// The names that `builtin(_:)` knows.
    public static let builtinNames = Builtin.allCases.map(\.rawValue)

    /// True when the policy can be loaded.
    public var isValid: Bool { policy != nil && !diagnostics.contains { $0.severity == .error } }

    /// Reads a policy: syntax, names, grants, lint and its own tests.
    public init(checking source: PolicySource) {
        let map = SourceMap(source)
        let collector = DiagnosticCollector(map)
        let model = PolicyFile.read(source, collector)
        let compiled = model.map { PolicyCompiler($0, collector).compile() }
        let policy = collector.hasErrors ? nil : compiled
        if let policy {
            Lint(policy, collector).run()
            Explainer(policy: policy, map: map).reportTests(collector)
        }
        self.source = source
        self.map = map
        self.model = model
        self.policy = policy
        diagnostics = collector.sorted
        expansions = compiled.map { Expansion.all($0, map) } ?? []
    }

    private init(builtin: Builtin) {
        source = PolicySource(name: builtin.rawValue, text: "")
        diagnostics = []
        expansions = []
        model = nil
        map = nil
        policy = builtin.policy
    }

    /// A built-in policy, compiled to the same tables as a file.
    public static func builtin(_ name: String) -> PolicyFile? {
        Builtin(rawValue: name).map { PolicyFile(builtin: $0) }
    }

    private static func read(_ source: PolicySource, _ collector: DiagnosticCollector) -> PolicyModel? {
        guard source.text.utf8.count <= PolicySource.maximumSize else {
            collector.error(0..<0, "the file is larger than \(PolicySource.maximumSize) bytes")
            return nil
        }
        return SourceReader.read(collector).map { ModelReader(collector: collector).read($0) }
    }

    /// What the supervisor decodes; nil when the policy isn't valid.
    public var tables: PolicyTables? { isValid ? policy?.tables : nil }

    /// The names of the clients, in the order of the file.
    public var clientNames: [String] { policy?.model.clients.map(\.name.value) ?? [] }

    /// The names of the roles, in the order of the file.
    public var roleNames: [String] { policy?.model.roles.map(\.name.value) ?? [] }

    /// What every bound client has, or one client, namespace by namespace; nothing when the policy has errors.
    ///
    /// - Throws: `QueryError` for a client that the file doesn't have.
    public func show(client: ClientQuery? = nil) throws(QueryError) -> [ResolvedGrants] {
        guard let policy else { return [] }
        let explainer = Explainer(policy: policy, map: map)
        guard let client else {
            return policy.model.clients.flatMap { explainer.show([$0.name.value], title: $0.name.value) }
        }
        let clients = try explainer.clients(client)
        return explainer.show(clients, title: clients.sorted().joined(separator: ", "))
    }

    /// What every role grants, without those that it includes.
    public func showRoles() -> [ResolvedRole] {
        guard let policy else { return [] }
        let explainer = Explainer(policy: policy, map: map)
        return policy.roles.map { explainer.resolved($0) }
    }

    /// Why a client may or may not make a request, in the daemon's own namespace unless another is named.
    ///
    /// A request is `route GETLINK dump`, `listen xfrm SA`, or names what it is about, such as
    /// `route NEWROUTE table=100 dst=10.1.0.0/16` with the words `dev`, `kind`, `table`, `protocol`, `dst`, `family`.
    ///
    /// - Throws: `QueryError` for a client that the file doesn't have, a request that means nothing, or a policy with
    ///   errors.
    public func explain(
        client: ClientQuery, request: String, namespace: String? = nil
    ) throws(QueryError) -> Explanation {
        guard let policy else { throw QueryError("the policy has errors") }
        let explainer = Explainer(policy: policy, map: map)
        let clients = try explainer.clients(client)
        let asked: Request
        do throws(NameError) {
            asked = try Request(request)
        } catch {
            throw QueryError(error.message, hint: error.hint)
        }
        let explanation = explainer.explain(clients, asked, in: namespace ?? PolicyTables.ownNamespace)
        guard clients.isEmpty, case .identity(let identity) = client else { return explanation }
        return explanation.adding(explainer.nearMisses(identity))
    }

    /// The outcome of each test in the file, in its order; nothing when the policy has other errors.
    public func runTests() -> [TestOutcome] {
        guard let policy else { return [] }
        return Explainer(policy: policy, map: map).testOutcomes().map(\.outcome)
    }
}

/// What one name in the file stands for.
public struct Expansion: Hashable, Sendable {
    /// Where it stands.
    public let position: SourcePosition
    /// As it stands there.
    public let text: String
    /// What it became, such as `route GETLINK`.
    public let names: [String]
}
