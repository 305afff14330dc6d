import GatewayPolicy
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import Testing

/// The table of operations against what this machine's kernel says of itself.
@Suite struct RunningKernelTests {
    @Test func `the table and this kernel agree about capabilities`() throws {
        let families = try Self.families()
        try #require(families.contains { $0.name == "nlctrl" })
        let findings = Catalogue.compare(with: families)
        let compared = families.reduce(0) { $0 + $1.operations.count }
        print("\(compared) operations of \(families.count) families compared with this kernel")
        for finding in findings where finding.severity > .note { print("\(finding.severity): \(finding)") }
        #expect(findings.filter { $0.severity == .error } == [])
        #expect(compared > 10)
        // Read-only sessions look families up, so this must be right on any kernel.
        #expect(!findings.contains { $0.family == "generic/nlctrl" && $0.severity > .note })
    }

    private static func families() throws -> [KernelFamily] {
        let socket = try Descriptor.netlink(protocolNumber: NetlinkProtocol.generic)
        try socket.bindNetlink()
        let request = try ControllerRequest.dump().encode(sequence: 1)
        #expect(try socket.send(request.span) == .bytes(request.count))
        var families: [KernelFamily] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let received = try socket.receiveNetlink(into: &buffer, count: buffer.count) {
            let bytes = Array(buffer.prefix(received.length))
            var cursor = MessageCursor(bytes.span)
            while let message = try cursor.next(in: bytes.span) {
                guard message.header.type == .genericController else { continue }
                families.append(KernelFamily(try GenericFamily(message, in: bytes.span)))
            }
        }
        return families
    }
}

extension KernelFamily {
    init(_ family: GenericFamily) {
        self.init(
            name: family.name.description, headerSize: Int(family.headerSize),
            operations: family.operations.map {
                Operation(number: UInt16(truncatingIfNeeded: $0.id), flags: $0.flags.rawValue)
            }, groups: family.groups.map(\.name.description))
    }
}
