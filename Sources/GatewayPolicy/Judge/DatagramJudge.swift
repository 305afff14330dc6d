/// Decides, for one session, what reaches the kernel.
public struct DatagramJudge: Sendable {
    let grants: Grants
    let protocolNumber: Int32

    /// A judge of a session of this protocol.
    public init(grants: Grants, protocolNumber: Int32) {
        self.grants = grants
        self.protocolNumber = protocolNumber
    }

    /// The verdict on one datagram.
    public func judge(_ datagram: Span<UInt8>, families: FamilyMap, context: SessionContext) -> Verdict {
        .refuse(Refusal(items: []))
    }

    /// The verdict on joining a multicast group.
    public func judgeJoin(group: UInt32, families: FamilyMap) -> JoinVerdict {
        .refused("policy does not grant it")
    }
}
