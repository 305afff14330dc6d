internal import NetlinkWire

/// What a few operations must or must not single out.
extension MessageJudge {
    func checkSelectors(
        _ message: Message, _ family: Family, _ operation: Operation, _ attributes: [Attribute], _ bytes: Span<UInt8>
    ) throws(Objection) {
        switch (family.label, operation.number) {
        case ("route", 16), ("route", 17), ("route", 19):
            try checkLinkGroup(message, operation, attributes, bytes)
        case ("route", 78):
            let command = bytes[message.payload.lowerBound + 1]
            guard MessageJudge.readingDCB.contains(command) else {
                throw .notGranted("route GETDCB with sub-command \(command)")
            }
        case ("generic/nlctrl", _): try checkFamilyName(attributes, bytes)
        case ("generic/TASKSTATS", 1):
            guard attributes.count == 1 else { throw .malformed("TASKSTATS GET takes exactly one attribute") }
        default: return
        }
    }

    /// Sub-commands of struct dcbmsg that only read (DCB_CMD_*).
    private static let readingDCB: Set<UInt8> = [1, 3, 5, 7, 10, 11, 12, 14, 16, 18, 21, 22, 24, 26]

    /// Without an index or a name, IFLA_GROUP means every link of the group (NEWLINK with NLM_F_CREATE creates one).
    private func checkLinkGroup(
        _ message: Message, _ operation: Operation, _ attributes: [Attribute], _ bytes: Span<UInt8>
    ) throws(Objection) {
        let types = attributes.map(\.type)
        let index = message.payload.lowerBound + 4
        let hasIndex = (index..<(index + 4)).contains { bytes[$0] != 0 }
        let creates = operation.number == 16 && message.header.flags.contains(.create)
        guard types.contains(27), !hasIndex, !types.contains(3), !types.contains(53), !creates else { return }
        guard grants.extras.contains(.group) else {
            throw .notGranted("extra group, which \(operation.name) for a whole group needs,")
        }
    }

    /// The name beats the number, and an unknown name makes the kernel load a module.
    private func checkFamilyName(_ attributes: [Attribute], _ bytes: Span<UInt8>) throws(Objection) {
        guard let name = attributes.first(where: { $0.type == Control.familyName }) else { return }
        guard !attributes.contains(where: { $0.type == Control.familyID }) else {
            throw .malformed("a family by number and by name at once")
        }
        let text = try AttributeChecker(portID: 0, extras: []).name(name, bytes)
        guard grants.family("generic/\(text)") != nil else { throw .notGranted("generic/\(text.prefix(16))") }
    }
}
