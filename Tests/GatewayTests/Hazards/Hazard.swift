import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The ways of tricking a filter of netlink messages, each tried on the kernel itself and then on a gateway.
    @Suite enum Hazards {}

    // Not here, since this kernel can't show them or nothing is attacked:
    //
    // | hazard | why |
    // |---|---|
    // | 7 fixed headers differ | nothing to attack; HeaderConstantTests has the sizes |
    // | 8 byte order | a big-endian HELLO is refused in InputTests; no 32-bit translator in this kernel |
    // | 13 creating or changing | the policy grants operations; both are NEW |
    // | 15 errors repeat the request | to the session that sent it, which knows it |
    // | 22 the peer's namespace without a check | this kernel has the fix; the attribute is refused all the same (6) |
    // | 27 sockets by descriptor | no l2tp, gtp, nbd, ovpn or psp here; SpecialAttributeTests judges them |
    // | 28 processes | TASKSTATS alone, where they are the server's by intent |
    // | 29 paths | no device here takes firmware; SpecialAttributeTests judges them |
    // | 31 who opened, who sends | CapabilityTests has a reader's socket; no broker names an address |
    // | 32 capabilities of a user namespace | about deployment |
    // | 34 port ids | they are shown as they are by design |
    // | 36 the kernel blames the broker, 37 identities | the audit log's tests and the policy's |
    // | 40 families of one namespace | the kernel refuses by itself |
    // | 42 reads that need the capability | which broker serves them is in CapabilityTests |
    // | 45 hardware addresses, 52 groups show what reads show | what is granted is shown |
    // | 20 operations inside others | no device here has DCB, no family TIPC; SpecialAttributeTests judges them |
    // | 49 namespaces are listed | numbers alone, which no grant turns into access |
    // | 54 lost events | SlowReaderTests |
    // | 56 long answers | LimitTests and DumpTests |
    // | 57 modules | this kernel has none; names of families are in 38 |
    // | 58 locking oneself out | the guard's own tests |
}

/// An attack, tried on the kernel itself, where it must work, and then through a gateway, where it must not.
struct Hazard {
    var protocolNumber: UInt32 = 0
    var policy = "builtin:unrestricted"
    /// A role of the user's own, in place of a built-in policy.
    var role: PolicyText?
    /// The same without what makes it an attack; through the gateway the kernel says 0 to it.
    var harmless: () throws -> [UInt8]? = { nil }
    /// What must be there first; runs inside the namespace.
    var prepare: () throws -> Void = {}
    /// The datagram; runs inside the namespace.
    var attack: () throws -> [UInt8]
    /// True when the attack has done what it is for.
    var hasHappened: () throws -> Bool

    /// Runs it both ways.
    ///
    /// `codes` are the errors that answer the datagram's messages, 0 left out.
    func expectPrevented(_ codes: [Int32]) throws {
        let bare = try Namespace()
        try bare.enter {
            try prepare()
            #expect(try !hasHappened(), "before the attack")
            try LocalSocket(protocolNumber: protocolNumber).send(attack())
            try eventually("the attack works without a gateway", seconds: 10, hasHappened)
        }
        try Gateway.run(role?.options ?? ["--policy", policy], prepare: prepare) { gateway in
            let client = try AttackingClient(gateway, protocolNumber)
            let attack = try attack()
            #expect(try client.errors(attack) == codes)
            #expect(try !hasHappened(), "the attack works through the gateway")
            if let harmless = try harmless() {
                #expect(try client.errors(harmless) == [], "what isn't an attack is refused")
            }
        }
    }
}

extension PolicyText {
    /// A policy that gives root what stands in this role, and nobody else anything.
    convenience init(role: String, never: String = "{}") throws {
        try self.init(
            """
            clients: { root: { uid: 0 } }
            roles: { only: { \(role) } }
            bindings: [{ client: root, roles: [only] }]
            never: \(never)
            """)
    }
}

/// A client that says one datagram and hears everything that answers it.
final class AttackingClient {
    let welcome: Welcome
    private let client: RawClient
    private var tag: UInt32 = 100

    init(_ gateway: Gateway, _ protocolNumber: UInt32, readOnly: Bool = false) throws {
        let hello = Hello(protocolNumber: protocolNumber, readOnly: readOnly)
        client = try RawClient(gateway)
        try client.write(preface + RawClient.frame(.hello, hello.encode()))
        guard let (header, payload) = try client.nextFrame(), header.kind == .welcome else {
            throw ToolFailure(description: "there is no WELCOME")
        }
        welcome = try Welcome(0..<payload.count, in: payload.span)
        _ = try exchange(.option, OptionRequest.extendedAcks(true).encode())
    }

    /// The datagrams that come until the gateway has answered what was said behind this one.
    func answers(_ datagram: [UInt8]) throws -> [[UInt8]] {
        try client.write(RawClient.frame(.datagram, datagram))
        return try exchange(.option, OptionRequest.extendedAcks(true).encode())
    }

    /// The errors among them, 0 left out.
    func errors(_ datagram: [UInt8]) throws -> [Int32] {
        try acknowledgements(datagram).map(\.code).filter { $0 != 0 }
    }

    /// The texts of the errors, without the denials' ids.
    func texts(_ datagram: [UInt8]) throws -> [String] {
        try acknowledgements(datagram).compactMap(\.text).map { $0.replacing(/\[denial .*\]/, with: "") }
    }

    func acknowledgements(_ datagram: [UInt8]) throws -> [Acknowledgement] {
        try answers(datagram).flatMap { try NetlinkAnswers.acknowledgements($0) }
    }

    /// Says one control frame and returns the datagrams that come before its answer.
    private func exchange(_ kind: FrameKind, _ payload: [UInt8]) throws -> [[UInt8]] {
        tag += 1
        try client.write(RawClient.frame(kind, tag: tag, payload))
        var datagrams: [[UInt8]] = []
        while let (header, payload) = try client.nextFrame() {
            if header.kind == .result, header.tag == tag { return datagrams }
            if header.kind == .datagram { datagrams.append(payload) }
        }
        throw ToolFailure(description: "the session ended")
    }
}

/// What a local socket hears, as far as the attacks look at it.
enum NetlinkAnswers {
    /// The NLMSG_ERROR and NLMSG_DONE messages of a datagram.
    static func acknowledgements(_ datagram: [UInt8]) throws -> [Acknowledgement] {
        var found: [Acknowledgement] = []
        var cursor = MessageCursor(datagram.span)
        while let message = try cursor.next(in: datagram.span) {
            guard message.header.type == .error || message.header.type == .done else { continue }
            found.append(try Acknowledgement(message, in: datagram.span))
        }
        return found
    }
}

/// What the kernel of the calling thread's namespace answers without a gateway.
func kernelAnswer(_ protocolNumber: UInt32, _ datagram: [UInt8], _ sequence: UInt32) throws -> KernelAnswer {
    try LocalSocket(protocolNumber: protocolNumber).answer(to: datagram, sequence: sequence)
}

/// Attributes in few words.
enum Bytes {
    static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        little(UInt16(payload.count + 4)) + little(type) + payload
            + [UInt8](repeating: 0, count: (4 - payload.count & 3) & 3)
    }

    static func attribute(_ type: UInt16, _ text: String) -> [UInt8] { attribute(type, Array(text.utf8) + [0]) }
    static func attribute(_ type: UInt16, _ number: UInt32) -> [UInt8] { attribute(type, little(number)) }

    static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}

/// Facts that the attacks change, as `ip` and /proc tell them.
enum Facts {
    static func isUp(_ name: String) throws -> Bool { try ip("-o link show \(name)").contains(",UP") }
    static func exists(_ name: String) throws -> Bool { try ip("-o link").contains(": \(name)") }
    static func mtu(_ name: String) throws -> String? {
        try ip("-o link show \(name)").firstMatch(of: /mtu (\d+)/).map { String($0.1) }
    }
    static func index(_ name: String) throws -> UInt32 {
        let line = try ip("-o link show \(name)")
        return try #require(UInt32(line.prefix { $0 != ":" }), "\(line)")
    }
    static func tables() throws -> String { try tool("nft", ["list", "tables"]) }
}

/// Another network namespace with a process in it, which keeps it and has a number.
final class Neighbourhood {
    let namespace: Namespace
    private let scratch: Scratch
    private let sleeper: RunningTool

    var pid: UInt32 { UInt32(sleeper.child.pid) }

    init() throws {
        let (namespace, scratch) = (try Namespace(), try Scratch())
        self.namespace = namespace
        self.scratch = scratch
        let path = try #require(toolPath("sleep"))
        sleeper = try namespace.enter { try RunningTool(path, ["600"], log: scratch.path + "/log") }
    }

    deinit {
        try? sleeper.child.signal(SIGKILL)
        _ = try? sleeper.wait()
    }

    func has(_ name: String) throws -> Bool { try namespace.enter { try Facts.exists(name) } }
}
