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
    let grants: Grants
    let messages: MessageJudge

    /// A judge of a session of this protocol; `readOnly` leaves out writes and whatever needs a capability.
    public init(session: SessionGrants, protocolNumber: Int32, readOnly: Bool = false) {
        self.session = readOnly ? session.restrictedToReading() : session
        self.protocolNumber = protocolNumber
        grants = session.roles.first?.grants ?? Grants(operations: { _, _ in [] })
        messages = MessageJudge(grants: grants, protocolNumber: protocolNumber)
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
    public func judge(
        _ datagram: Span<UInt8>, families: FamilyMap, context: SessionContext, lookup: some ServerFacts
    ) -> Verdict {
        let frames = Frames(datagram, limit: context.maximumMessages)
        if let fault = frames.fault {
            return .refuse(refusal(frames.messages, [frames.messages.count: fault.objection], last: fault.header))
        }
        var summary = DatagramSummary()
        var objections: [Int: Objection] = [:]
        let batch = protocolNumber == NetlinkProtocol.netfilter ? Batch(frames.messages) : nil
        for (index, message) in frames.messages.enumerated() {
            do throws(Objection) {
                if let batch, try batch.isControl(index, message, datagram, grants) {
                    summary.needsCapability = true
                    continue
                }
                let ruling = try messages.rule(message, in: datagram, families: families, context: context)
                guard ruling.operation.tags.contains(.batched) == (batch != nil) else {
                    throw .malformed("\(ruling.operation.name) \(batch == nil ? "needs" : "can't be in") a batch")
                }
                summary.add(ruling, message.header)
            } catch {
                objections[index] = error
            }
        }
        summary.messages = frames.messages.count
        return objections.isEmpty ? .forward(summary) : .refuse(refusal(frames.messages, objections))
    }

    /// The verdict on joining a multicast group.
    public func judgeJoin(group: UInt32, families: FamilyMap) -> JoinVerdict {
        guard let (family, found) = find(group, families) else {
            let name = "\(NetlinkProtocol.name(protocolNumber)) group \(group)"
            return .refused(JoinRefusal(objection: .notGranted("listening to \(name)"), operation: "listen \(name)"))
        }
        let name = "\(family.label) \(found.name)"
        guard grants.family(family.label)?.groups.contains(found.name) == true else {
            return .refused(JoinRefusal(objection: .notGranted("listening to \(name)"), operation: "listen \(name)"))
        }
        return .granted(JoinGrant(name: name, isPrivileged: found.join.isPrivileged, line: 0))
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

    private func refusal(_ messages: [Message], _ objections: [Int: Objection], last: MessageHeader? = nil) -> Refusal {
        var items = messages.enumerated().map { index, message in
            Refusal.Item(header: message.header, objection: objections[index] ?? .cancelled)
        }
        if let last {
            items.append(Refusal.Item(header: last, objection: objections[messages.count] ?? .cancelled))
        }
        return Refusal(items: items)
    }
}

extension DatagramSummary {
    fileprivate mutating func add(_ ruling: Ruling, _ header: MessageHeader) {
        if header.flags.contains(.ack) { acknowledgements += 1 }
        if ruling.operation.kind == .write { writes += 1 }
        if ruling.modes.contains(.dump) { dumps += 1 }
        if ruling.operation.needsCapability(in: ruling.modes) {
            needsCapability = true
            if ruling.modes.contains(.dump) { dumpNeedsCapability = true }
        }
    }
}
