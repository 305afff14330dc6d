internal import NetlinkWire

/// Decides about one message of a session.
///
/// In this order: what is malformed, what no grant could allow, what `never` refuses, what the roles don't grant, grant
/// only under a condition that doesn't hold, or grant without the extra that it needs, and what would cut the session
/// off. The ceiling of a binding in report mode is asked for the last four only.
struct MessageJudge: Sendable {
    let protocolNumber: Int32
    let roles: PreparedGrants
    /// Nil when the session is not in report mode.
    let ceiling: PreparedGrants?
    private let never: NeverRules
    private let byType: [UInt16: Entry]
    private let byName: [String: [UInt16: Entry]]

    init(_ session: SessionGrants, protocolNumber: Int32) {
        let roles = PreparedGrants(session.roles, protocolNumber: protocolNumber)
        let ceiling = PreparedGrants(session.ceiling, protocolNumber: protocolNumber)
        self.protocolNumber = protocolNumber
        self.roles = roles
        self.ceiling = session.ceiling.isEmpty ? nil : ceiling
        never = NeverRules(session.never)
        let families = Catalogue.families.filter { $0.protocolNumber == protocolNumber }
        let tables = families.map { family in
            Dictionary(
                uniqueKeysWithValues: family.operations.map {
                    ($0.number, Entry($0, of: family, roles: roles, ceiling: ceiling))
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
        _ message: Message, in bytes: Span<UInt8>, _ scene: Scene, _ links: inout LinkResolver
    ) throws(Denial) -> Ruling {
        var denial = Denial(objection: .cancelled)
        do throws(Objection) {
            let entry = try find(message, in: bytes, scene)
            denial.entry = entry
            denial.modes = try askedModes(message.header.flags, entry)
            return try rule(message, entry, denial.modes, in: bytes, scene, &links, &denial)
        } catch {
            throw Denial(objection: error, entry: denial.entry, modes: denial.modes, target: denial.target)
        }
    }

    private func rule(
        _ message: Message, _ entry: Entry, _ modes: Modes, in bytes: Span<UInt8>, _ scene: Scene,
        _ links: inout LinkResolver, _ denial: inout Denial
    ) throws(Objection) -> Ruling {
        let (family, operation) = (entry.family, entry.operation)
        guard !operation.tags.contains(.never) else { throw .forbidden(MessageJudge.why(family, operation)) }
        guard operation.tags.contains(.batched) == scene.isInBatch else {
            throw .malformed("\(operation.name) \(scene.isInBatch ? "can't be in" : "needs") a batch")
        }
        let parsed = try parse(message, entry, modes, bytes, scene)
        let isWrite = operation.kind == .write
        var objects = MessageObjects()
        if isWrite { objects = try MessageObjects(parsed, entry.subject, operation, bytes) }
        let many = isWrite ? try Selectors.selectsMany(parsed, entry.subject, operation, objects, bytes) : false
        try checkReading(parsed, entry, bytes)
        do throws(Objection) {
            if let why = parsed.findings.forbidden { throw .forbidden(why) }
            if isWrite { try never.check(objects, &links) }
            let question = Question(
                message: parsed, entry: entry, modes: modes, objects: objects, selectsMany: many)
            let (line, lacking) = try grant(question, &links, bytes)
            let target = isWrite || lacking != nil ? self.target(parsed, entry, objects, &links, bytes) : ""
            return Ruling(entry: entry, modes: modes, line: line, ceilingOnly: lacking, target: target)
        } catch {
            denial.target = target(parsed, entry, objects, &links, bytes)
            throw error
        }
    }

    /// What is decided about once a message is known to be well-formed.
    private struct Question {
        let message: ParsedMessage
        let entry: Entry
        let modes: Modes
        let objects: MessageObjects
        let selectsMany: Bool
    }

    /// The line of the role that grants it; with what the roles lack, when it is one of the ceiling.
    private func grant(
        _ question: Question, _ links: inout LinkResolver, _ bytes: Span<UInt8>
    ) throws(Objection) -> (UInt32, Objection?) {
        do throws(Objection) {
            return (try grant(question, question.entry.roles, roles, &links, bytes), nil)
        } catch {
            guard let ceiling, let line = try? grant(question, question.entry.ceiling, ceiling, &links, bytes) else {
                throw error
            }
            return (line, error)
        }
    }

    private func grant(
        _ question: Question, _ granting: PreparedGrants.Granting, _ grants: PreparedGrants,
        _ links: inout LinkResolver, _ bytes: Span<UInt8>
    ) throws(Objection) -> UInt32 {
        let entry = question.entry
        let line = try granting.line(entry.title, question.modes, question.objects, &links)
        if entry.subject == .controller { try checkFamilyName(question.message, grants, bytes) }
        try checkExtras(question, grants)
        if entry.operation.kind == .write, !grants.extras.contains(.itself), LockOutGuard.concerns(entry.subject),
            let carrier = try links.carrier()
        {
            try LockOutGuard(carrier).check(
                question.message, entry.subject, entry.operation, question.objects, &links, bytes)
        }
        return line
    }

    private func checkExtras(_ question: Question, _ grants: PreparedGrants) throws(Objection) {
        let (entry, tags, extras) = (question.entry, question.entry.operation.tags, grants.extras)
        func require(_ extra: Grants.Extras, _ name: String, _ what: @autoclosure () -> String) throws(Objection) {
            guard extras.contains(extra) else { throw .notGranted("extra \(name), which \(what()) needs,") }
        }
        if tags.contains(.secret) { try require(.secrets, "secrets", entry.title) }
        if tags.contains(.traffic), MessageJudge.isTaggedWhole(entry) { try require(.traffic, "traffic", entry.title) }
        if tags.contains(.code), MessageJudge.isTaggedWhole(entry) { try require(.code, "code", entry.title) }
        for need in question.message.findings.extras {
            try require(need.extra, need.extra == .code ? "code" : "traffic", need.what)
        }
        for need in question.message.findings.namespaces where !grants.netnsIDs.contains(need.number) {
            throw .notGranted("extra netns with the id \(need.number), which \(need.what) needs,")
        }
        if question.selectsMany { try require(.group, "group", "\(entry.title) for many at once") }
    }

    /// In rtnetlink and nftables a tag is about what may stand inside, and the attributes decide; the filters of sock_diag
    /// can only look at sockets.
    private static func isTaggedWhole(_ entry: Entry) -> Bool {
        entry.family.protocolNumber != NetlinkProtocol.route && entry.family.label != "netfilter/nftables"
            && entry.family.protocolNumber != NetlinkProtocol.sockDiag
    }

    /// What a message is about, for the log; of reads it is told only when they are refused.
    private func target(
        _ message: ParsedMessage, _ entry: Entry, _ objects: MessageObjects, _ links: inout LinkResolver,
        _ bytes: Span<UInt8>
    ) -> String {
        if entry.operation.kind == .write { return TargetText.text(objects, &links) }
        guard let objects = try? MessageObjects(message, entry.subject, entry.operation, bytes) else { return "" }
        return TargetText.text(objects, &links)
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

extension MessageJudge {
    /// What a message is judged in.
    struct Scene {
        let families: FamilyMap
        let context: SessionContext
        let isInBatch: Bool
    }

    private func find(_ message: Message, in bytes: Span<UInt8>, _ scene: Scene) throws(Objection) -> Entry {
        let type = message.header.type.rawValue
        guard type >= MessageType.firstOfProtocol else {
            throw .malformed("message type \(type) is for control messages")
        }
        guard message.header.flags.contains(.request) else { throw .malformed("NLM_F_REQUEST is missing") }
        if let why = NetlinkProtocol.whyRefused(protocolNumber) { throw .forbidden(why) }
        guard isGeneric else {
            guard let entry = byType[type] else {
                throw .notGranted("\(NetlinkProtocol.name(protocolNumber)) message type \(type)")
            }
            return entry
        }
        guard let name = scene.families.name(of: type) else { throw .notGranted("generic netlink family \(type)") }
        guard message.payload.count >= 4 else { throw .malformed("the generic header is cut short") }
        let start = message.payload.lowerBound
        guard bytes.isZero((start + 2)..<(start + 4)) else {
            throw .malformed("reserved bytes of the generic header are not zero")
        }
        guard let entry = byName[name]?[UInt16(bytes[start])] else {
            throw .notGranted("generic/\(name.prefix(16)) command \(bytes[start])")
        }
        return entry
    }

    private var isGeneric: Bool { protocolNumber == NetlinkProtocol.generic }

    /// Either dump bit makes a dump in most protocols, in generic netlink both do: one alone is asked as both, but for
    /// the reads of rtnetlink, where it is a dump for certain (rtnetlink_rcv_msg).
    private func askedModes(_ flags: MessageFlags, _ entry: Entry) throws(Objection) -> Modes {
        let asksDumps = entry.operation.kind == .read || entry.operation.dump != .noHandler || isGeneric
        var known: MessageFlags = [.request, .ack, .echo, .dump]
        // rtnetlink doesn't look at it in a dump (pyroute2 sends it); elsewhere it may be NLM_F_CREATE.
        let isRouteRead = protocolNumber == NetlinkProtocol.route && entry.operation.kind == .read
        if isRouteRead, !flags.isDisjoint(with: .dump) { known.insert(.atomic) }
        let writing: MessageFlags = [.replace, .exclusive, .create, .append]
        let allowed = asksDumps ? known : known.union(writing)
        guard allowed.isSuperset(of: flags) else {
            throw .malformed("flags 0x\(String(flags.rawValue, radix: 16)) do not fit \(entry.title)")
        }
        guard asksDumps else { return .single }
        if flags.isDisjoint(with: .dump) { return .single }
        return flags.isSuperset(of: .dump) || isRouteRead ? .dump : .both
    }

    private func parse(
        _ message: Message, _ entry: Entry, _ modes: Modes, _ bytes: Span<UInt8>, _ scene: Scene
    ) throws(Objection) -> ParsedMessage {
        let payload = message.payload
        // What the kernel makes of one dump bit alone: a single request in generic netlink, elsewhere a dump.
        let isDump = modes == .dump || modes == .both && !isGeneric
        guard
            let layout = entry.layout
                ?? Layout.of(entry.operation, in: entry.family, dump: isDump, payload: payload, bytes)
        else { throw .forbidden("\(entry.title) is not known for this address family") }
        if layout.mayBeShort, modes == .dump, (1...4).contains(payload.count), payload.count < layout.headerSize {
            guard bytes.isZero((payload.lowerBound + 1)..<payload.upperBound) else {
                throw .malformed("bytes behind the address family are not zero")
            }
            return ParsedMessage(header: message.header, payload: payload, attributes: [], findings: Findings())
        }
        guard payload.count >= layout.headerSize, !payload.isEmpty || layout.headerSize == 0 else {
            throw .malformed("the header of \(entry.operation.name) is cut short")
        }
        let headerEnd = payload.lowerBound + layout.headerSize
        let start = min(payload.lowerBound + aligned(layout.headerSize), payload.upperBound)
        guard bytes.isZero(headerEnd..<start) else { throw .malformed("padding behind the header is not zero") }
        var findings = Findings()
        try AttributeChecker(portID: scene.context.portID)
            .check(start..<payload.upperBound, as: layout.attributes, in: bytes, into: &findings)
        var attributes: [Attribute] = []
        var cursor = AttributeCursor(start..<payload.upperBound)
        while let attribute = try cursor.nextAttribute(in: bytes) { attributes.append(attribute) }
        return ParsedMessage(header: message.header, payload: payload, attributes: attributes, findings: findings)
    }

    /// Reads whose names or sub-commands say more than their number.
    private func checkReading(
        _ message: ParsedMessage, _ entry: Entry, _ bytes: Span<UInt8>
    ) throws(Objection) {
        switch entry.subject {
        case .priorityRead:
            let command = message.headerByte(1, bytes)
            guard Selectors.readingDCB.contains(command) else {
                throw .forbidden("route GETDCB with sub-command \(command) is no read, or is not known here")
            }
        case .taskstats where message.attributes.count != 1 && entry.operation.number == 1:
            throw .malformed("TASKSTATS GET takes exactly one attribute")
        case .controller:
            guard message.attribute(Control.familyName) == nil || message.attribute(Control.familyID) == nil else {
                throw .malformed("a family by number and by name at once")
            }
            _ = try message.attribute(Control.familyName)?.name(in: bytes)
        default: return
        }
    }

    /// The name beats the number, and an unknown name makes the kernel load a module.
    private func checkFamilyName(
        _ message: ParsedMessage, _ grants: PreparedGrants, _ bytes: Span<UInt8>
    ) throws(Objection) {
        guard let name = try message.attribute(Control.familyName)?.name(in: bytes) else { return }
        guard grants.labels.contains("generic/\(name)") else { throw .notGranted("generic/\(name.prefix(16))") }
    }
}
