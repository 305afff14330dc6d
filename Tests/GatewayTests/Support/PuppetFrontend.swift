import Foundation
import GatewayIPC
import Glibc
import LinuxSys
import TLSHandshake
import TLSSocket

/// A gateway whose frontends do nothing by themselves: the test has their sockets.
final class PuppetGateway {
    private let programs: ReplacedProgram
    let supervisor: RunningTool
    private let stage: Descriptor
    private let ready: [UInt8]
    var log: String { supervisor.log }

    /// Starts a gateway in the calling thread's namespace; its frontends wait until they are taken.
    init(_ identities: Identities, frontends: Int = 1, _ options: [String] = []) throws {
        programs = try ReplacedProgram("nlgate-frontend")
        ready = try LoneHelper.frontend().ready
        let address = try SocketAddress(unix: programs.scratch.path + "/puppet", abstract: false)
        stage = try Descriptor.streamSocket(for: address)
        try stage.bind(to: address)
        try stage.listen(backlog: 8)
        supervisor = try programs.start(
            ["--listen", Gateway.tls] + identities.daemonOptions + options, frontends: frontends)
    }

    deinit {
        if supervisor.status == nil {
            try? supervisor.child.signal(SIGKILL)
            _ = try? supervisor.wait()
        }
    }

    /// The next frontend that the supervisor starts, which has said that it is ready.
    private func next() throws -> PuppetFrontend {
        guard try stage.wait(for: .read, milliseconds: 30_000), let accepted = try stage.accept() else {
            throw ToolFailure(description: "no frontend was started: \(log)")
        }
        return try PuppetFrontend(PacketSocket(Descriptor(owning: accepted.release())), ready: ready)
    }

    /// The next frontends, when they have links to the keeper and may accept clients.
    func frontends(_ count: Int = 1) throws -> [PuppetFrontend] {
        let frontends = try (0..<count).map { _ in try next() }
        for frontend in frontends { try frontend.begin() }
        return frontends
    }
}

/// A frontend that does what the test says, with sockets that are those of a real one.
final class PuppetFrontend: HandshakeKeeper {
    /// While it is open, the process lives.
    private let leash: PacketSocket
    let control: PacketSocket
    private var listeners: [PacketSocket] = []
    private var link: PacketSocket?
    private var context: TLSServerContext?
    /// Let OpenSSL go on without asking the keeper about the client's certificates.
    var skipsJudgement = false
    /// What was seen of the last handshake.
    private(set) var nonce: [UInt8] = []
    private(set) var content: [UInt8] = []
    private(set) var transcript: [UInt8] = []
    private(set) var proof: [UInt8] = []

    fileprivate init(_ leash: PacketSocket, ready: [UInt8]) throws {
        self.leash = leash
        var sockets: [PacketSocket] = []
        while let socket = try PuppetFrontend.descriptor(from: leash) { sockets.append(socket) }
        guard !sockets.isEmpty else { throw ToolFailure(description: "the frontend has no sockets") }
        control = sockets.removeFirst()
        listeners = sockets
        try control.send(ready)
    }

    /// The next descriptor; nil behind the last.
    private static func descriptor(from leash: PacketSocket) throws -> PacketSocket? {
        var byte: [UInt8] = [0]
        var passed: Descriptor?
        guard try leash.descriptor.wait(for: .read, milliseconds: 30_000) else { throw Errno(rawValue: ETIMEDOUT) }
        guard try leash.descriptor.receivePacket(into: &byte, taking: &passed) == .bytes(1) else {
            throw ToolFailure(description: "the frontend has ended")
        }
        guard let descriptor = passed.take() else { return nil }
        return PacketSocket(descriptor)
    }

    /// The next message of the supervisor; nil when it has hung up.
    func message() throws -> (message: SupervisorMessage, socket: PacketSocket?)? {
        var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)
        var passed: Descriptor?
        guard try control.descriptor.wait(for: .read, milliseconds: 30_000) else {
            throw ToolFailure(description: "the supervisor says nothing")
        }
        guard case .bytes(let count)? = try? control.descriptor.receivePacket(into: &buffer, taking: &passed) else {
            return nil
        }
        let message = try SupervisorMessage(Array(buffer[..<count]))
        guard let descriptor = passed.take() else { return (message, nil) }
        return (message, PacketSocket(descriptor))
    }

    func say(_ message: ChildMessage) throws { try control.send(message.encode()) }

    /// Takes the link to the keeper, and waits for the word to serve.
    func begin() throws {
        while let (message, socket) = try message() {
            switch message {
            case .keeper:
                link = socket
                try say(.accepted(number: 0))
                guard let packet = try link?.receive(), case .certificate(let text) = try KeeperReply(packet) else {
                    throw ToolFailure(description: "the keeper has left no certificate")
                }
                context = try TLSServerContext(certificate: text)
            case .serve: return
            default: throw ToolFailure(description: "unexpected: \(message)")
            }
        }
        throw ToolFailure(description: "the supervisor hung up")
    }

    /// The keeper's answer; nil when it has hung up.
    func ask(_ request: KeeperRequest) throws -> KeeperReply? {
        guard let packet = try exchange(request.encode()) else { return nil }
        return try KeeperReply(packet)
    }

    /// What comes back for any bytes; nil when the keeper has hung up.
    func exchange(_ bytes: [UInt8]) throws -> [UInt8]? {
        guard let link else { throw ToolFailure(description: "there is no keeper") }
        guard (try? link.send(bytes)) != nil else { return nil }
        return try link.receive()
    }

    /// Waits until the supervisor has ended the process.
    func expectEnd() throws {
        var byte: [UInt8] = [0]
        guard try leash.descriptor.wait(for: .read, milliseconds: 30_000) else {
            throw ToolFailure(description: "the frontend lives on")
        }
        guard try leash.descriptor.receive(into: &byte, count: 1) == .closed else {
            throw ToolFailure(description: "the frontend lives on")
        }
    }

    /// A client of these credentials connects and shakes hands, as connection `number`.
    func handshake(_ number: UInt32, _ client: IssuedCertificate, _ identities: Identities) throws {
        guard let context, let listener = listeners.first else { throw ToolFailure(description: "not serving") }
        let near = try Descriptor.streamSocket(for: RawClient.loopback)
        if try !near.connect(to: RawClient.loopback) { _ = try near.wait(for: .write, milliseconds: 30_000) }
        guard try listener.descriptor.wait(for: .read, milliseconds: 30_000),
            let accepted = try listener.descriptor.accept()
        else { throw ToolFailure(description: "no client came") }
        let far = Descriptor(owning: accepted.release())
        let theirs = try TLSClientContext(
            certificate: client.certificate, key: client.key, ca: identities.authorityCertificate, crl: nil
        ).connect(descriptor: near.raw, serverName: "127.0.0.1")
        let ours = try context.accept(descriptor: far.raw, keeper: self, number: number)
        while true {
            let progress = (try theirs.handshake(), try ours.handshake())
            if progress.0 == .done, progress.1 == .done { break }
            _ = try far.wait(for: .read, milliseconds: 100)
        }
        proof = ours.takeProof() ?? []
    }

    func nonce(for connection: UInt32) -> [UInt8]? {
        guard case .nonce(connection, let bytes)? = try? ask(.begin(connection: connection)) else { return nil }
        nonce = bytes
        return bytes
    }

    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]? {
        self.content = content
        guard case .signature(connection, let bytes)? = try? ask(.sign(connection: connection, content: content)) else {
            return nil
        }
        return bytes
    }

    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32 {
        self.transcript = transcript
        if skipsJudgement { return 0 }
        let request = KeeperRequest.judge(connection: connection, transcript: transcript)
        guard case .judged(connection, let code)? = try? ask(request) else { return 50 }
        return Int32(bitPattern: code)
    }
}
