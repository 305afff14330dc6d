import CHostile
import GatewayPolicy
import Glibc
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

/// Operations of the protocols without a controller: who may ask what, asked of the kernel itself without a capability.
@Suite(.enabled(if: getuid() == 0, "only root can make a network namespace"))
struct UncappedTests {
    /// Looks for the socket before it asks for the capability.
    private static let askedLate: Set<String> = ["SOCK_DESTROY"]

    private struct Question {
        let family: Family
        let operation: Operation
        let isDump: Bool
        let addressFamily: UInt8
    }

    @Test(arguments: [NetlinkProtocol.route, NetlinkProtocol.sockDiag, NetlinkProtocol.xfrm, NetlinkProtocol.netfilter])
    func `the table and this kernel agree about capabilities`(protocolNumber: Int32) throws {
        let questions = Self.questions(protocolNumber)
        let requests = questions.map(Self.request)
        var codes = [Int32](repeating: -1, count: questions.count)
        let bytes = requests.flatMap(\.self)
        let lengths = requests.map { UInt32($0.count) }
        // SAFETY: the function reads as many requests, and writes as many codes, as the arrays have.
        let result = unsafe hostile_ask_uncapped(protocolNumber, bytes, lengths, Int32(questions.count), &codes)
        try #require(result == 0)
        for (question, code) in zip(questions, codes) where !Self.askedLate.contains(question.operation.name) {
            let need = question.isDump ? question.operation.dump : question.operation.single
            let name = "\(question.family.label) \(question.operation.name)\(question.isDump ? " dump" : "")"
            #expect((code == EPERM) == need.isPrivileged, "\(name), family \(question.addressFamily): errno \(code)")
        }
        print("\(questions.count) requests of \(NetlinkProtocol.name(protocolNumber)) asked of this kernel")
        #expect(questions.count >= 4)
    }

    private static func questions(_ protocolNumber: Int32) -> [Question] {
        let addressFamilies: [UInt8] = protocolNumber == NetlinkProtocol.route ? [0, 2, 7, 10] : [2]
        return Catalogue.families.filter { $0.protocolNumber == protocolNumber }.flatMap { family in
            family.operations.flatMap { operation in
                [(false, operation.single), (true, operation.dump)].filter { $0.1 != .noHandler }.flatMap { mode in
                    addressFamilies.map {
                        Question(family: family, operation: operation, isDump: mode.0, addressFamily: $0)
                    }
                }
            }
        }
    }

    /// Room enough for every structure, with the address family at its start.
    private static func request(_ question: Question) -> [UInt8] {
        let isDump = question.isDump
        let size = question.family.protocolNumber == NetlinkProtocol.netfilter ? 4 : isDump ? 24 : 288
        var writer = MessageWriter()
        writer.append(UInt32(16 + size))
        writer.append(question.operation.number)
        writer.append(MessageFlags([.request, .ack]).union(isDump ? .dump : []).rawValue)
        writer.append(UInt32(1))
        writer.append(UInt32(0))
        writer.append([question.addressFamily, question.operation.name == "GETDCB" ? 1 : 0])
        writer.append([UInt8](repeating: 0, count: size - 2))
        return writer.bytes
    }
}
