import CHostile
import Confinement
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import Roles

/// A packet socket as something that can be kept and handed around.
final class PacketSocket {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Two connected ones.
    static func pair() throws -> (ours: PacketSocket, theirs: PacketSocket) {
        let ends = try Descriptor.packetPair().release()
        return (PacketSocket(Descriptor(owning: ends.ours)), PacketSocket(Descriptor(owning: ends.theirs)))
    }

    /// The next packet; nil when the other side is gone.
    func receive(seconds: Int = 60) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            switch try receiveNow(into: &buffer) {
            case .bytes(let count): return Array(buffer[..<count])
            case .closed: return nil
            case .wouldBlock: break
            }
            guard try descriptor.wait(for: .read, milliseconds: Int32(seconds) * 1000) else {
                throw ToolFailure(description: "no packet came in time")
            }
        }
    }

    /// A reset is an end like any other.
    ///
    /// A function of its own: inside the loop this catch makes the compiler of Swift 6.3.1 run without end.
    private func receiveNow(into buffer: inout [UInt8]) throws(Errno) -> Transfer {
        do throws(Errno) {
            return try descriptor.receivePacket(into: &buffer, count: buffer.count)
        } catch {
            guard error.rawValue == ECONNRESET else { throw error }
            return .closed
        }
    }

    /// Sends a packet, with so many copies of a descriptor.
    func send(_ bytes: [UInt8], passing socket: PacketSocket? = nil, copies: Int32 = 1) throws {
        guard let socket else {
            _ = try descriptor.send(bytes.span)
            return
        }
        // SAFETY: the C function reads as many bytes as the array has.
        let result = unsafe hostile_send(descriptor.raw, bytes, bytes.count, socket.descriptor.raw, copies)
        guard result == 0 else { throw Errno.last }
    }

    /// Sends a packet without copying it and changes its bytes afterwards.
    func send(_ bytes: [UInt8], changedTo later: [UInt8]) throws {
        precondition(bytes.count == later.count, "both packets lie in the same place")
        // SAFETY: the C function reads as many bytes of each array as it has.
        let result = unsafe hostile_send_and_change(descriptor.raw, bytes, later, bytes.count)
        guard result == 0 else { throw Errno.last }
    }

    /// Sends a packet whose bytes go on changing between these two until there is an answer.
    func send(_ bytes: [UInt8], flipping other: [UInt8]) throws {
        precondition(bytes.count == other.count, "both packets lie in the same place")
        // SAFETY: the C function reads as many bytes of each array as it has.
        let result = unsafe hostile_send_and_flip(descriptor.raw, bytes, other, bytes.count, 30)
        guard result == 0 else { throw Errno.last }
    }

    /// Sends a packet with this process's credentials.
    func sendWithCredentials(_ bytes: [UInt8]) throws {
        // SAFETY: the C function reads as many bytes as the array has.
        let result = unsafe hostile_send_credentials(descriptor.raw, bytes, bytes.count)
        guard result == 0 else { throw Errno.last }
    }
}

/// A helper of the gateway whose supervisor is the test: sealed as always, then told whatever the test wants.
final class LoneHelper {
    static let uid = 1_000_000 + UInt32(getpid()) * 8

    let scratch: Scratch
    let child: ChildProcess
    let control: PacketSocket
    /// The bytes of its `ready` message.
    let ready: [UInt8]
    var log: String { text(ofFile: scratch.path + "/log") }

    /// A reader of the calling thread's namespace that has these grant sets, by default those of the built-in policies
    /// under the numbers 1 and 2.
    static func reader(_ grantSets: [SessionGrants] = builtins) throws -> LoneHelper {
        try broker(privileged: false, protocols: [0, 4, 16], grantSets)
    }

    /// A privileged broker of the calling thread's namespace.
    static func privileged(_ grantSets: SessionGrants..., protocols: [Int32] = [0, 6, 12, 16]) throws -> LoneHelper {
        try broker(privileged: true, protocols: protocols, grantSets)
    }

    private static func broker(
        privileged: Bool, protocols: [Int32], _ grantSets: [SessionGrants]
    ) throws -> LoneHelper {
        let options = BrokerOptions(
            seal: seal(), isPrivileged: privileged, networkNamespace: 0, networkNamespaceName: "",
            networkNamespaceDescriptor: nil, protocols: protocols, burstBuffer: 4 << 20, burstBudget: 64 << 20,
            receiveBuffer: 1 << 20)
        let helper = try LoneHelper("nlgate-broker", options.arguments)
        for (index, set) in grantSets.enumerated() { try helper.send(set, number: UInt32(index + 1)) }
        return helper
    }

    static var builtins: [SessionGrants] { [.of(.readOnly), .of(.unrestricted)] }

    /// Sends a grant set, in as many parts as it takes.
    func send(_ grants: SessionGrants, number: UInt32) throws {
        for part in TablePart.parts(of: try grants.encoded()) { try send(.grants(number: number, part: part)) }
    }

    /// A frontend without listeners.
    static func frontend() throws -> LoneHelper {
        let options = FrontendOptions(
            seal: seal(), listeners: [], networkNamespaces: [], connections: 100, unauthenticated: 10,
            handshakeSeconds: 10, pingSeconds: 30)
        return try LoneHelper("nlgate-frontend", options.arguments)
    }

    /// A keeper of the usual server's key, by default with the usual clients' CA; the last two are paths.
    static func keeper(
        handshakesPerSecond: UInt32 = 100_000, clientCA: String? = nil, revocationList: String? = nil
    ) throws -> LoneHelper {
        let identities = try Identities.shared.get()
        let paths = [identities.keyPath, identities.certificatePath, clientCA ?? identities.authorityPath]
        let files = try (paths + (revocationList.map { [$0] } ?? [])).map {
            PacketSocket(try Descriptor.open($0, flags: O_RDONLY))
        }
        let options = KeeperOptions(
            seal: seal(), key: 4, certificate: 5, clientCA: 6, revocationList: revocationList == nil ? nil : 7,
            authority: nil, graceSeconds: 0, handshakeRate: handshakesPerSecond, handshakeSeconds: 10)
        return try LoneHelper("nlgate-keeper", options.arguments, more: files.map { $0.descriptor.raw })
    }

    /// A link to this keeper, as the frontend of this number has one; its certificate has been taken.
    func link(_ frontend: UInt64) throws -> PacketSocket {
        try LyingFrontend(self, frontend).link
    }

    /// A policy compiler; a file is its descriptor 4.
    static func compiler(_ source: CompilerOptions.Source, file: Int32? = nil) throws -> LoneHelper {
        let options = CompilerOptions(seal: seal(), source: source)
        return try LoneHelper("nlgate-policyc", options.arguments, more: file.map { [$0] } ?? [])
    }

    private static func seal() -> SealOptions {
        SealOptions(uid: uid, gid: uid, supervisorPID: getpid(), descriptorLimit: 1024, insecureOldKernel: false)
    }

    private init(_ name: String, _ arguments: [String], more: [Int32] = []) throws {
        scratch = try Scratch()
        let ends = try PacketSocket.pair()
        let null = try Descriptor.open("/dev/null", flags: O_RDWR)
        let log = try Descriptor.open(scratch.path + "/log", flags: O_RDWR | O_CREAT | O_APPEND)
        child = try spawn(
            HelperImage(path: program(name)), arguments: arguments,
            descriptors: [null.raw, null.raw, log.raw, ends.theirs.descriptor.raw] + more)
        control = ends.ours
        var said = try ends.ours.receive() ?? []
        // A keeper says before it is ready when its certificates end.
        if case .expiries? = try? ChildMessage(said) { said = try ends.ours.receive() ?? [] }
        guard case .ready? = try? ChildMessage(said) else {
            throw ToolFailure(description: "the helper is not ready: \(text(ofFile: scratch.path + "/log"))")
        }
        ready = said
    }

    deinit { child.endNow() }

    /// Its next message.
    func message() throws -> ChildMessage? { try control.receive().map { try ChildMessage($0) } }

    func send(_ message: SupervisorMessage, passing socket: PacketSocket? = nil) throws {
        try control.send(message.encode(), passing: socket)
    }

    /// How it ends; it must by itself.
    func end() throws -> LinuxSys.ExitStatus {
        _ = try child.descriptor.wait(for: .read, milliseconds: 60_000)
        guard let status = try child.reap() else { throw ToolFailure(description: "the helper still runs") }
        return status
    }

    /// What it is told for a session of NETLINK_ROUTE.
    static func assignment(_ session: UInt64, grantSet: UInt32 = 1) -> Assignment {
        Assignment(
            session: session, protocolNumber: 0, networkNamespace: 0, readOnly: false, grantSet: grantSet,
            identity: "test", roles: "grant set \(grantSet)")
    }

    /// A session of a reader, before HELLO.
    func session(_ number: UInt64, grantSet: UInt32 = 1) throws -> PacketSocket {
        let pair = try PacketSocket.pair()
        try send(.assign(LoneHelper.assignment(number, grantSet: grantSet)), passing: pair.theirs)
        guard try message() == .accepted(number: number) else { throw ToolFailure(description: "not accepted") }
        return pair.ours
    }
}

extension PacketSocket {
    /// The kinds of the frames in the next packet; nil when the other side is gone.
    func kinds() throws -> [FrameKind]? {
        guard let packet = try receive() else { return nil }
        var cursor = FrameCursor(0..<packet.count)
        var kinds: [FrameKind] = []
        while let (header, _) = try cursor.next(in: packet.span) { kinds.append(header.kind) }
        return kinds
    }
}

extension SessionGrants {
    /// One role without conditions.
    static func of(_ grants: Grants, limits: SessionLimits = SessionLimits()) -> SessionGrants {
        SessionGrants(roles: [RolePart(name: "test", line: 7, grants: grants, limits: limits)])
    }

    /// The bytes that a supervisor sends.
    func encoded() throws -> [UInt8] {
        let parts = (roles + ceiling).map {
            PolicyTables.Role(
                name: $0.name, line: $0.line, privilegedProtocols: 0, servedProtocols: 0, grants: $0.encode())
        }
        let indexes = parts.indices.map { UInt16($0) }
        let binding = PolicyTables.Binding(
            client: 0, line: 1, named: [0], roles: Array(indexes[..<roles.count]),
            ceiling: Array(indexes[roles.count...]))
        let tables = PolicyTables(
            roles: parts, clients: [PolicyTables.Client(name: "test", line: 1, criteria: [.anyUser])],
            bindings: [binding], never: never.encode(), auditRequired: auditRequired)
        let match = tables.match(
            .user(uid: 0, gid: 0), networkNamespace: PolicyTables.ownNamespace, daemonUID: 0)
        guard let match else { throw ToolFailure(description: "nothing is bound") }
        return tables.grantSet(match)
    }
}
