import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Synchronization
import TLSSocket
import Testing

/// A network namespace with a name, so that a gateway outside can serve it.
final class NamedNamespace: Sendable {
    private static let count = Atomic<Int>(0)

    let name: String

    init() throws {
        name = "nlgl\(getpid())x\(NamedNamespace.count.add(1, ordering: .relaxed).newValue)"
        try GatewayTests.ip("netns add \(name)")
        try ip("link set lo up")
    }

    deinit { _ = try? GatewayTests.ip("netns del \(name)") }

    @discardableResult
    func ip(_ words: String) throws -> String { try GatewayTests.ip("-n \(name) \(words)") }

    func ipBatch(_ lines: [String]) throws {
        let scratch = try Scratch()
        let path = try scratch.write(lines.joined(separator: "\n") + "\n", to: "batch")
        try ip("-batch \(path)")
    }
}

extension GatewayTests {
    @discardableResult
    fileprivate static func ip(_ words: String) throws -> String {
        try tool("ip", words.split(separator: " ").map(String.init))
    }
}

/// A gateway on this machine's loopback that serves a namespace of the test's own, for programs that aren't inside.
final class OutsideGateway {
    let gateway: Gateway
    let namespace: NamedNamespace
    let tls: String
    let unix: String
    /// What a client says to get into the namespace.
    var settings = ConnectionSettings()

    private init(_ gateway: Gateway, _ namespace: NamedNamespace, _ port: UInt16) {
        self.gateway = gateway
        self.namespace = namespace
        tls = "tls://127.0.0.1:\(port)"
        unix = "unix://\(gateway.unixPath)"
        settings.networkNamespace = namespace.name
    }

    /// Starts a gateway, runs `body`, and demands that the gateway ends well.
    static func run(
        _ options: [String] = [], base: [String] = Gateway.usual, namespace: NamedNamespace? = nil,
        _ body: (OutsideGateway) async throws -> Void
    ) async throws {
        let namespace = try namespace ?? NamedNamespace()
        let port = try freePort()
        let gateway = try Gateway(
            base + ["--netns", namespace.name] + options,
            listen: ["tls://127.0.0.1:\(port)", "unix://DIR/s.sock"])
        try gateway.waitUntilListening()
        try await body(OutsideGateway(gateway, namespace, port))
        try gateway.stop()
    }

    /// A client over TLS, or over the Unix socket.
    func client(_ url: String? = nil, readOnly: Bool = false) async throws -> IPRoute {
        var settings = settings
        settings.readOnly = readOnly
        let identities = gateway.identities
        let files = try identities.clientFiles()
        return try await IPRoute(
            host: url ?? tls, key: files.key, cert: files.certificate, ca: identities.authorityPath,
            settings: settings)
    }
}

/// A TCP port of the loopback that nobody listens on at the moment.
func freePort() throws -> UInt16 {
    let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])
    let socket = try Descriptor.streamSocket(for: address)
    try socket.bind(to: address)
    return try socket.localAddress().port
}

extension Identities {
    /// The usual client's key and certificate as files.
    func clientFiles() throws -> (key: String, certificate: String) {
        (
            try scratch.write(client.key, to: "client.key"),
            try scratch.write(client.certificate, to: "client.crt", mode: 0o644)
        )
    }
}

/// Descriptors that this process has open.
func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// KiB of memory that this process has in use.
func residentMemory() throws -> Int {
    try #require(Gateway.status("VmRSS", of: getpid()))
}

/// A gateway that says what a test wants: it welcomes everybody, and answers each frame as it is told.
final class ScriptedGateway: Sendable {
    /// A frame of the client; what is appended to the writer is sent back.
    typealias Answer = @Sendable (FrameHeader, [UInt8], inout FrameWriter) -> Void

    let name = "nlgate-scripted-\(UUID().uuidString)"
    private let listener: Listener
    private let answer: Answer
    private let hello = Mutex<[Hello]>([])
    private let sockets = Mutex<[Int32]>([])

    init(_ answer: @escaping Answer) throws {
        self.answer = answer
        listener = try Listener(name)
        Thread { [weak self, listener] in
            while let accepted = listener.accept() {
                let socket = Descriptor(owning: accepted)
                guard let self else { return }
                let raw = socket.release()
                Thread { self.serve(Descriptor(owning: raw)) }.start()
            }
        }.start()
    }

    deinit { listener.descriptor.shutdown(write: false) }

    var url: String { "unix://@\(name)" }
    /// What clients asked for so far.
    var hellos: [Hello] { hello.withLock { $0 } }

    /// Cuts every connection.
    func hangUp() {
        for socket in sockets.withLock({ $0 }) { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private func serve(_ socket: consuming Descriptor) {
        sockets.withLock { $0.append(socket.raw) }
        defer { sockets.withLock { sockets in sockets.removeAll { $0 == socket.raw } } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var hasPreface = false
        while true {
            guard (try? socket.wait(for: .read, milliseconds: 60_000)) == true,
                case .bytes(let count)? = try? socket.receive(into: &chunk, count: chunk.count)
            else { return }
            bytes += chunk[..<count]
            if !hasPreface, bytes.count >= preface.count {
                bytes.removeFirst(preface.count)
                hasPreface = true
            }
            guard hasPreface else { continue }
            var writer = FrameWriter()
            bytes.removeFirst(take(bytes, &writer))
            if !send(writer.bytes, socket) { return }
        }
    }

    /// Answers the whole frames; the count of their bytes.
    private func take(_ bytes: [UInt8], _ writer: inout FrameWriter) -> Int {
        var cursor = FrameCursor(0..<bytes.count)
        while let (header, payload) = (try? cursor.next(in: bytes.span)) ?? nil {
            switch header.kind {
            case .hello:
                if let asked = try? Hello(payload, in: bytes.span) {
                    hello.withLock { $0.append(asked) }
                    var welcome = Welcome()
                    welcome.groups = asked.groups
                    writer.append(.welcome, welcome.encode())
                }
            case .option: writer.append(.result, tag: header.tag, Outcome(code: 0).encode())
            default: answer(header, Array(bytes[payload]), &writer)
            }
        }
        return cursor.offset
    }

    private func send(_ bytes: [UInt8], _ socket: borrowing Descriptor) -> Bool {
        var sent = 0
        while sent < bytes.count {
            switch try? socket.send(bytes.span.extracting(sent..<bytes.count)) {
            case .bytes(let count)?: sent += count
            case .wouldBlock?: _ = try? socket.wait(for: .write, milliseconds: 60_000)
            default: return false
            }
        }
        return true
    }
}

/// The header of the first message of a datagram.
func firstMessage(_ datagram: [UInt8]) -> MessageHeader? {
    try? MessageHeader(from: datagram.span, at: 0)
}

/// NLMSG_ERROR for a request.
func acknowledgement(_ request: MessageHeader, code: Int32 = 0, text: String? = nil) -> [UInt8] {
    var writer = MessageWriter()
    try? writer.acknowledge(request, portID: 7, code: code, text: text)
    return writer.bytes
}

/// One message of an answer.
func answer(_ request: MessageHeader, _ type: MessageType, _ payload: [UInt8], _ flags: MessageFlags = []) -> [UInt8] {
    var writer = MessageWriter()
    try? writer.message(MessageHeader(type: type, flags: flags, sequence: request.sequence, portID: 7)) {
        (writer: inout MessageWriter) throws(WireError) in writer.append(payload)
    }
    return writer.bytes
}

/// RTM_NEWLINK's payload.
func linkPayload(_ link: Link) -> [UInt8] {
    var writer = MessageWriter()
    try? link.encode(into: &writer)
    return writer.bytes
}

/// A number that several threads count down.
final class Counter: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) {
        left = Mutex(count)
    }

    /// True while something was left.
    func countDown() -> Bool {
        left.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }
}

/// A listener on an abstract name; nobody takes its connections unless they are accepted.
final class Listener: Sendable {
    let descriptor: Descriptor
    let url: String

    init(_ name: String = "nlgate-silent-\(UUID().uuidString)") throws {
        url = "unix://@\(name)"
        let address = try SocketAddress(unix: name, abstract: true)
        descriptor = try Descriptor.streamSocket(for: address)
        try descriptor.bind(to: address)
        try descriptor.listen(backlog: 64)
    }

    /// The next connection; nil when the listener was shut down.
    func accept() -> Int32? {
        while (try? descriptor.wait(for: .read, milliseconds: 60_000)) == true {
            guard let accepted = try? descriptor.accept() else { return nil }
            return accepted.release()
        }
        return nil
    }
}
