import PolicyFile

/// The running kernel's families and operations, to hold a policy against.
struct KernelCheck {
    let notes: [String] = []

    init() throws {}

    func diagnostics(_ roles: [ResolvedRole], _ file: String) -> [Diagnostic] { [] }
}
