internal import NetlinkWire

/// What an allowed message asks for.
struct Ruling: Sendable {
    let operation: Operation
    /// Family and name, for the log.
    let title: String
    /// Single request, dump, or both where the flags leave it to the kernel.
    let modes: Modes
}

/// Decides about one message of a session.
struct MessageJudge: Sendable {
    let grants: Grants
    let protocolNumber: Int32
    private let byType: [UInt16: Entry]
    private let byName: [String: [UInt16: Entry]]

    /// An operation, and how the session may ask it.
    struct Entry: Sendable {
        let family: Family
        let operation: Operation
        let granted: Modes
        let title: String
    }

    init(grants: Grants, protocolNumber: Int32) {
        self.grants = grants
        self.protocolNumber = protocolNumber
        let families = Catalogue.families.filter { $0.protocolNumber == protocolNumber }
        let tables = families.map { family in
            let granted = grants.family(family.label)?.operations ?? []
            let modes = Dictionary(uniqueKeysWithValues: granted.map { ($0.number, $0.modes) })
            return Dictionary(
                uniqueKeysWithValues: family.operations.map { operation in
                    let granted = modes[operation.number] ?? []
                    let title = "\(family.label) \(operation.name)"
                    return (
                        operation.number, Entry(family: family, operation: operation, granted: granted, title: title)
                    )
                })
        }
        if protocolNumber == NetlinkProtocol.generic {
            byType = [:]
            byName = Dictionary(uniqueKeysWithValues: zip(families.map(\.name), tables))
        } else {
            byType = tables.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            byName = [:]
        }
    }

    /// What `message` asks for, if it may be sent.
    func rule(
        _ message: Message, in bytes: Span<UInt8>, families: FamilyMap, context: SessionContext
    ) throws(Objection) -> Ruling {
        guard message.header.type.rawValue >= MessageType.firstOfProtocol else {
            throw .malformed("message type \(message.header.type.rawValue) is for control messages")
        }
        guard message.header.flags.contains(.request) else { throw .malformed("NLM_F_REQUEST is missing") }
        let entry = try find(message, in: bytes, families: families)
        let (family, operation) = (entry.family, entry.operation)
        guard !operation.tags.contains(.never) else { throw .forbidden(MessageJudge.why(family, operation)) }
        let modes = try askedModes(message.header.flags, family, operation)
        try checkGrant(entry, modes)
        let attributes = try checkLayout(message, family, operation, modes, bytes, context)
        try checkSelectors(message, family, operation, attributes, bytes)
        return Ruling(operation: operation, title: entry.title, modes: modes)
    }

    private func find(
        _ message: Message, in bytes: Span<UInt8>, families: FamilyMap
    ) throws(Objection) -> Entry {
        let type = message.header.type.rawValue
        if let why = NetlinkProtocol.whyRefused(protocolNumber) { throw .forbidden(why) }
        guard protocolNumber == NetlinkProtocol.generic else {
            guard let entry = byType[type] else {
                throw .notGranted("\(NetlinkProtocol.name(protocolNumber)) message type \(type)")
            }
            return entry
        }
        guard let name = families.name(of: type) else { throw .notGranted("generic netlink family \(type)") }
        guard message.payload.count >= 4 else { throw .malformed("the generic header is cut short") }
        let start = message.payload.lowerBound
        guard bytes[start + 2] == 0, bytes[start + 3] == 0 else {
            throw .malformed("reserved bytes of the generic header are not zero")
        }
        guard let entry = byName[name]?[UInt16(bytes[start])] else {
            throw .notGranted("generic/\(name.prefix(16)) command \(bytes[start])")
        }
        return entry
    }

    /// Either dump bit makes a dump in most protocols, in generic netlink both do: one alone is asked as both.
    private func askedModes(
        _ flags: MessageFlags, _ family: Family, _ operation: Operation
    ) throws(Objection) -> Modes {
        let asksDumps = operation.kind == .read || operation.dump != .noHandler || isGeneric
        let known: MessageFlags = [.request, .ack, .echo, .dump]
        let writing: MessageFlags = [.replace, .exclusive, .create, .append]
        let allowed = asksDumps ? known : known.union(writing)
        guard allowed.isSuperset(of: flags) else {
            throw .malformed(
                "flags 0x\(String(flags.rawValue, radix: 16)) do not fit \(family.label) \(operation.name)")
        }
        guard asksDumps else { return .single }
        return flags.isSuperset(of: .dump) ? .dump : flags.isDisjoint(with: .dump) ? .single : .both
    }

    /// What the kernel makes of one dump bit alone: a single request in generic netlink, elsewhere a dump.
    private func isDump(_ modes: Modes) -> Bool {
        modes == .dump || modes == .both && !isGeneric
    }

    private var isGeneric: Bool { protocolNumber == NetlinkProtocol.generic }

    private func checkGrant(_ entry: Entry, _ modes: Modes) throws(Objection) {
        let (family, operation, granted) = (entry.family, entry.operation, entry.granted)
        guard granted.isSuperset(of: modes) else {
            let mode =
                granted.isEmpty ? "" : modes == .dump ? " dump" : modes == .single ? " single" : " single and dump"
            throw .notGranted("\(family.label) \(operation.name)\(mode)")
        }
        if operation.tags.contains(.secret), !grants.extras.contains(.secrets) {
            throw .notGranted("extra secrets, which \(family.label) \(operation.name) needs,")
        }
        if operation.tags.contains(.traffic), MessageJudge.isTrafficByItself(operation, family),
            !grants.extras.contains(.traffic)
        {
            throw .notGranted("extra traffic, which \(family.label) \(operation.name) needs,")
        }
    }

    /// In rtnetlink and nftables the tag is about what may stand inside, and the attributes decide.
    private static func isTrafficByItself(_ operation: Operation, _ family: Family) -> Bool {
        family.protocolNumber != NetlinkProtocol.route && family.label != "netfilter/nftables"
    }

    private func checkLayout(
        _ message: Message, _ family: Family, _ operation: Operation, _ modes: Modes, _ bytes: Span<UInt8>,
        _ context: SessionContext
    ) throws(Objection) -> [Attribute] {
        let payload = message.payload
        guard
            let layout = Layout.of(operation, in: family, dump: isDump(modes), payload: payload, bytes)
        else { throw .notGranted("\(family.label) \(operation.name) for this address family") }
        if layout.mayBeShort, modes == .dump, (1...4).contains(payload.count), payload.count < layout.headerSize {
            guard zeros(bytes, (payload.lowerBound + 1)..<payload.upperBound) else {
                throw .malformed("bytes behind the address family are not zero")
            }
            return []
        }
        guard payload.count >= layout.headerSize, !payload.isEmpty || layout.headerSize == 0 else {
            throw .malformed("the header of \(operation.name) is cut short")
        }
        let headerEnd = payload.lowerBound + layout.headerSize
        let start = min(payload.lowerBound + aligned(layout.headerSize), payload.upperBound)
        guard zeros(bytes, headerEnd..<start) else { throw .malformed("padding behind the header is not zero") }
        let checker = AttributeChecker(portID: context.portID, extras: grants.extras)
        return try checker.check(start..<payload.upperBound, as: layout.attributes, in: bytes)
    }

    private func zeros(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.allSatisfy { bytes[$0] == 0 }
    }

    static func why(_ family: Family, _ operation: Operation) -> String {
        let reason =
            if operation.tags.contains(.descriptor) {
                "it takes or gives file descriptors, which can't cross hosts"
            } else if operation.tags.contains(.path) {
                "it names a file of the server"
            } else if operation.tags.contains(.multiplexed) {
                "the real command stands inside, where the gateway can't read it"
            } else if operation.tags.contains(.portID) {
                "it names netlink sockets of the server"
            } else {
                "it needs a capability that no broker has"
            }
        return "\(family.label) \(operation.name) is never carried: \(reason)"
    }
}
