/// The policy's `never`, which beats every grant and the ceiling.
struct NeverRules: Sendable {
    private let linkKinds: NameIndex
    private let interfaces: NameIndex
    private let protectsInterfaces: Bool
    private let forbidsKinds: Bool

    init(_ never: Never) {
        func index(_ names: [String]) -> NameIndex {
            NameIndex(names.map { (0, $0) }, others: RoleBits(count: 1), count: 1)
        }
        linkKinds = index(never.linkKinds)
        interfaces = index(never.interfaces)
        protectsInterfaces = !never.interfaces.isEmpty
        forbidsKinds = !never.linkKinds.isEmpty
    }

    /// Holds a write against both lists.
    func check(_ objects: MessageObjects, _ links: inout LinkResolver) throws(Objection) {
        if forbidsKinds {
            for kind in objects.linkKinds where !linkKinds.row(kind).isEmpty {
                throw .never("the policy never lets anybody make a link of kind \(kind.prefix(16))")
            }
        }
        guard protectsInterfaces else { return }
        if objects.isWholeGroup || objects.isSharedBlock || objects.isElsewhere {
            throw .never("the policy protects interfaces, and this write doesn't say which it is about")
        }
        for reference in objects.interfaces {
            for name in try names(reference, &links) where !interfaces.row(name).isEmpty {
                throw .never("the policy never lets a write touch the interface \(name.prefix(16))")
            }
        }
    }

    /// All names of an interface, as it is written and as the server knows it.
    private func names(_ reference: InterfaceReference, _ links: inout LinkResolver) throws(Objection) -> [String] {
        var names: [String] = []
        switch reference {
        case .name(let name), .newName(let name): names.append(name)
        case .index, .unknown: break
        }
        if let link = try links.link(reference) { names += [link.name] + link.alternativeNames }
        return names
    }
}
