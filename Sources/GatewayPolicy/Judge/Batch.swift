internal import NetlinkWire

/// A batch of nf_tables: NFNL_MSG_BATCH_BEGIN, changes, and NFNL_MSG_BATCH_END; the kernel applies all or none.
///
/// Without the end it applies none, which is how `nft --check` asks.
struct Batch {
    static let begin: UInt16 = 16
    static let end: UInt16 = 17
    /// NFNL_SUBSYS_NFTABLES, the only subsystem with batches.
    private static let subsystem: UInt16 = 10
    private let last: Int

    /// Nil when the datagram doesn't begin a batch.
    init?(_ messages: [Message]) {
        guard messages.first?.header.type.rawValue == Batch.begin else { return nil }
        last = messages.count - 1
    }

    /// True for the begin and the end, false for what stands between.
    func isControl(
        _ index: Int, _ message: Message, _ bytes: Span<UInt8>, _ messages: MessageJudge
    ) throws(Denial) -> Bool {
        do throws(Objection) {
            switch message.header.type.rawValue {
            case Batch.begin where index == 0: try checkBegin(message, bytes, messages)
            case Batch.end where index == last: try checkHeader(message, bytes)
            case Batch.begin, Batch.end: throw .malformed("a batch inside a datagram that has one")
            default: return false
            }
        } catch {
            throw Denial(objection: error)
        }
        return true
    }

    private func checkBegin(_ message: Message, _ bytes: Span<UInt8>, _ messages: MessageJudge) throws(Objection) {
        try checkHeader(message, bytes)
        let resource = bytes.shortNumber(at: message.payload.lowerBound + 2)
        // The kernel takes the subsystem in either byte order.
        guard resource == Batch.subsystem || resource.byteSwapped == Batch.subsystem else {
            throw .malformed("a batch for a subsystem that has none")
        }
        guard messages.roles.grantsBatches || messages.ceiling?.grantsBatches == true else {
            throw .notGranted("changes of netfilter/nftables")
        }
    }

    private func checkHeader(_ message: Message, _ bytes: Span<UInt8>) throws(Objection) {
        guard MessageFlags([.request, .ack]).isSuperset(of: message.header.flags),
            message.header.flags.contains(.request)
        else { throw .malformed("flags of a batch's begin or end") }
        guard message.payload.count >= 4 else { throw .malformed("a batch's header is cut short") }
        let attributes = (message.payload.lowerBound + 4)..<message.payload.upperBound
        var findings = Findings()
        try AttributeChecker(portID: 0).check(attributes, as: .flat(highest: 1), in: bytes, into: &findings)
        if let why = findings.forbidden { throw .forbidden(why) }
    }
}
