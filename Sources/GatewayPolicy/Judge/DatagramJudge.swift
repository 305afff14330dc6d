internal import NetlinkWire

/// Decides, for one session, what reaches the kernel.
///
/// A datagram is sent as it is, or not at all: every message in it must be well-formed, known, granted, and free of
/// what belongs to the server alone.
public struct DatagramJudge: Sendable {
    /// Everything that holds for the session.
    public let session: SessionGrants
    /// The session's protocol.
    public let protocolNumber: Int32
    private let messages: MessageJudge

    /// A judge of a session of this protocol; `readOnly` leaves out writes and whatever needs a capability.
    ///
    /// All roles are prepared here, so that no message has to go through them.
    public init(session: SessionGrants, protocolNumber: Int32, readOnly: Bool = false) {
        self.session = readOnly ? session.restrictedToReading() : session
        self.protocolNumber = protocolNumber
        messages = MessageJudge(self.session, protocolNumber: protocolNumber)
    }

    /// A judge of a session that has one role without conditions.
    public init(grants: Grants, protocolNumber: Int32) {
        self.init(
            session: SessionGrants(roles: [RolePart(name: "builtin", grants: grants)]), protocolNumber: protocolNumber)
    }

    /// What the session has, one line a family and class, for people.
    public func describe() -> [String] {
        session.describe(protocolNumber: protocolNumber)
    }

    /// The verdict on one datagram.
    ///
    /// `lookup` is asked only where `where`, `never`, the guard or the log depend on the server's links, and for each link
    /// at most once.
    public func judge(
        _ datagram: Span<UInt8>, families: FamilyMap, context: SessionContext, lookup: some ServerFacts
    ) -> Verdict {
        let frames = Frames(datagram, limit: context.maximumMessages)
        if let fault = frames.fault {
            let denial = Denial(objection: fault.objection)
            return .refuse(refusal(frames.messages, [frames.messages.count: denial], last: fault.header))
        }
        var links = LinkResolver(lookup)
        var summary = DatagramSummary()
        var denials: [Int: Denial] = [:]
        let batch = protocolNumber == NetlinkProtocol.netfilter ? Batch(frames.messages) : nil
        let scene = MessageJudge.Scene(families: families, context: context, isInBatch: batch != nil)
        for (index, message) in frames.messages.enumerated() {
            do throws(Denial) {
                if let batch, try batch.isControl(index, message, datagram, messages) {
                    summary.needsCapability = true
                } else {
                    summary.add(try messages.rule(message, in: datagram, scene, &links), message.header, at: index)
                }
            } catch {
                denials[index] = error
            }
        }
        summary.messages = frames.messages.count
        return denials.isEmpty ? .forward(summary) : .refuse(refusal(frames.messages, denials))
    }

    private func refusal(_ messages: [Message], _ denials: [Int: Denial], last: MessageHeader? = nil) -> Refusal {
        let headers = messages.map(\.header) + (last.map { [$0] } ?? [])
        return Refusal(
            items: headers.enumerated().map { index, header in
                guard let denial = denials[index] else { return Refusal.Item(header: header, objection: .cancelled) }
                return Refusal.Item(
                    header: header, objection: denial.objection, operation: denial.entry?.title(denial.modes) ?? "",
                    target: denial.target, line: denial.line, isWrite: denial.entry?.operation.kind == .write)
            })
    }
}

extension DatagramJudge {
    /// The verdict on joining a multicast group.
    public func judgeJoin(group: UInt32, families: FamilyMap) -> JoinVerdict {
        guard let (family, found) = find(group, families) else {
            let name = "\(NetlinkProtocol.name(protocolNumber)) group \(group)"
            return .refused(JoinRefusal(objection: .notGranted("listening to \(name)"), operation: "listen \(name)"))
        }
        let name = "\(family.label) \(found.name)"
        do throws(Objection) {
            let line = try join(found, of: family, messages.roles)
            return .granted(JoinGrant(name: name, isPrivileged: found.join.isPrivileged, line: line))
        } catch {
            guard let ceiling = messages.ceiling, let line = try? join(found, of: family, ceiling) else {
                return .refused(JoinRefusal(objection: error, operation: "listen \(name)"))
            }
            return .granted(
                JoinGrant(name: name, isPrivileged: found.join.isPrivileged, line: line, ceilingOnly: error))
        }
    }

    /// The line of the role that lets the group be joined.
    private func join(_ group: Group, of family: Family, _ grants: PreparedGrants) throws(Objection) -> UInt32 {
        let name = "\(family.label) \(group.name)"
        guard let line = grants.line(of: group.name, in: family.label) else {
            throw .notGranted("listening to \(name)")
        }
        if group.tags.contains(.secret), !grants.extras.contains(.secrets) {
            throw .notGranted("extra secrets, which listening to \(name) needs,")
        }
        if group.tags.contains(.traffic), !grants.extras.contains(.traffic) {
            throw .notGranted("extra traffic, which listening to \(name) needs,")
        }
        return line
    }

    private func find(_ number: UInt32, _ families: FamilyMap) -> (Family, Group)? {
        if protocolNumber == NetlinkProtocol.generic {
            guard let (name, groupName) = families.group(number), let family = Catalogue.family("generic/\(name)"),
                let group = family.groups.first(where: { $0.name == groupName })
            else { return nil }
            return (family, group)
        }
        for family in Catalogue.families where family.protocolNumber == protocolNumber {
            if let group = family.groups.first(where: { $0.number == number }) { return (family, group) }
        }
        return nil
    }
}

extension DatagramSummary {
    fileprivate mutating func add(_ ruling: Ruling, _ header: MessageHeader, at index: Int) {
        let operation = ruling.entry.operation
        if header.flags.contains(.ack) { acknowledgements += 1 }
        if operation.kind == .write { writes += 1 }
        if ruling.modes.contains(.dump) { dumps += 1 }
        if operation.needsCapability(in: ruling.modes) {
            needsCapability = true
            if ruling.modes.contains(.dump) { dumpNeedsCapability = true }
        }
        guard operation.kind == .write || ruling.ceilingOnly != nil else { return }
        entries.append(
            Entry(
                index: index, sequence: header.sequence, asksAck: header.flags.contains(.ack),
                isWrite: operation.kind == .write, operation: ruling.entry.title(ruling.modes),
                target: ruling.target, line: ruling.line, ceilingOnly: ruling.ceilingOnly))
    }
}
