/// Reads nodes into the model and says of every value what is wrong with it.
struct ModelReader {
    static let keys = ["policy", "clients", "roles", "bindings", "never", "tests", "audit"]
    static let mostEntries = 4096
    static let mostRoles = 1024
    static let longestName = 64
    static let longestList = 1024

    let collector: DiagnosticCollector

    /// The model as far as it could be read; the collector knows whether that is all of it.
    func read(_ root: SourceNode) -> PolicyModel {
        var model = PolicyModel()
        guard let mapping = mapping(root, what: "a policy", keys: ModelReader.keys) else { return model }
        model.sections = mapping
        if let entry = mapping["policy"] {
            readVersion(entry)
        } else if !entries(root).contains(where: { $0.key.value == "policy" }) {
            error(root.range, "the policy's version is missing", "begin with 'policy: 1'")
        }
        model.clients = named(mapping["clients"], what: "clients").map(client)
        model.roles = named(mapping["roles"], what: "roles").map(role)
        model.bindings = items(mapping["bindings"], what: "bindings").compactMap(binding)
        model.tests = items(mapping["tests"], what: "tests").compactMap(test)
        readNever(mapping["never"], into: &model)
        model.auditRequired = audit(mapping["audit"])
        return model
    }

    private func entries(_ node: SourceNode) -> [SourceNode.Entry] {
        if case .mapping(let entries) = node.content { entries } else { [] }
    }

    private func readVersion(_ entry: SourceNode.Entry) {
        guard let version = text(entry.value, what: "the version"), version != "1" else { return }
        error(entry.value.range, "unknown version \(version.shortened)", "this program knows 1")
    }

    private func audit(_ entry: SourceNode.Entry?) -> Bool {
        guard let entry, let mode = text(entry.value, what: "audit") else { return false }
        return choice(mode, of: ["normal", "required"], entry.value.range, what: "audit") == "required"
    }

    private func readNever(_ entry: SourceNode.Entry?, into model: inout PolicyModel) {
        guard let entry, let mapping = mapping(entry.value, what: "never", keys: ["link-kinds", "interfaces"]) else {
            return
        }
        model.neverLinkKinds = texts(mapping["link-kinds"], what: "link-kinds") { linkKind($0, $1) }
        model.neverInterfaces = texts(mapping["interfaces"], what: "interfaces") { interface($0, $1) }
    }

    private func binding(_ node: SourceNode) -> BindingModel? {
        let keys = ["client", "roles", "netns", "mode", "ceiling"]
        guard let mapping = mapping(node, what: "a binding", keys: keys) else { return nil }
        let client = required(mapping["client"], "client", of: "a binding", node)
        let roles = texts(mapping["roles"], what: "roles")
        if mapping["roles"] == nil { error(node.range, "a binding without roles") }
        let namespaces = texts(mapping["netns"], what: "netns") { namespace($0, $1) }
        let mode = mapping["mode"].flatMap { entry in
            text(entry.value, what: "mode").flatMap {
                choice($0, of: ["enforce", "report"], entry.value.range, what: "mode")
            }
        }
        let ceiling = mapping["ceiling"].flatMap { entry in
            text(entry.value, what: "ceiling").map { Located($0, entry.value.range) }
        }
        if let entry = mapping["mode"], mode == "report", mapping["ceiling"] == nil {
            error(entry.key.range, "mode report without a ceiling", "name a role that grants what may pass")
        }
        if let entry = mapping["ceiling"], mode == "enforce" || mapping["mode"] == nil {
            error(entry.key.range, "a ceiling without mode report", "add 'mode: report', or remove the ceiling")
        }
        guard let client, !roles.isEmpty else { return nil }
        return BindingModel(
            range: node.range, client: client, roles: roles, namespaces: namespaces,
            ceiling: mode == "report" ? ceiling : nil)
    }

    private func test(_ node: SourceNode) -> TestModel? {
        guard let mapping = mapping(node, what: "a test", keys: ["client", "allow", "deny", "netns"]) else {
            return nil
        }
        let client = required(mapping["client"], "client", of: "a test", node)
        if let deny = mapping["deny"], mapping["allow"] != nil {
            error(deny.key.range, "a test with both allow and deny", "make two tests of it")
            return nil
        }
        guard let entry = mapping["allow"] ?? mapping["deny"] else {
            error(node.range, "a test without allow or deny", "as in allow: \"route GETLINK dump\"")
            return nil
        }
        let namespace = mapping["netns"].flatMap { entry in
            text(entry.value, what: "netns").flatMap { self.namespace($0, entry.value.range) }
                .map { Located($0, entry.value.range) }
        }
        guard let client, let request = text(entry.value, what: "a request") else { return nil }
        return TestModel(
            range: node.range, client: client, request: Located(request, entry.value.range),
            expectsAllow: mapping["allow"] != nil, namespace: namespace)
    }
}
