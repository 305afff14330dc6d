internal import NetlinkWire

/// Decides, for one session, what reaches the kernel.
///
/// A datagram is sent as it is, or not at all: every message in it must be well-formed, known, granted, and free of
/// what belongs to the server alone.
public struct DatagramJudge: Sendable {
    /// The session's grants.
    public let grants: Grants
    /// The session's protocol.
    public let protocolNumber: Int32
    let messages: MessageJudge

    /// A judge of a session of this protocol.
    public init(grants: Grants, protocolNumber: Int32) {
        self.grants = grants
        self.protocolNumber = protocolNumber
        messages = MessageJudge(grants: grants, protocolNumber: protocolNumber)
    }

    /// The verdict on one datagram.
    public func judge(_ datagram: Span<UInt8>, families: FamilyMap, context: SessionContext) -> Verdict {
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
            return .refused("group \(group) of \(NetlinkProtocol.name(protocolNumber)) is not granted")
        }
        let name = "\(family.label) \(found.name)"
        guard grants.family(family.label)?.groups.contains(found.name) == true else {
            return .refused("policy does not grant listening to \(name)")
        }
        if found.tags.contains(.secret), !grants.extras.contains(.secrets) {
            return .refused("policy does not grant extra secrets, which listening to \(name) needs")
        }
        if found.tags.contains(.traffic), !grants.extras.contains(.traffic) {
            return .refused("policy does not grant extra traffic, which listening to \(name) needs")
        }
        return .granted(name: name, privileged: found.join.isPrivileged)
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
        if operations.count < 8, !operations.contains(ruling.title) { operations.append(ruling.title) }
    }
}
