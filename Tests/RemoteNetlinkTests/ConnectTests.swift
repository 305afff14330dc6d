import Foundation
import GatewayProtocol
import GatewayURL
import LinuxSys
import NetlinkFamilies
import RemoteNetlink
import Testing

/// Accepts one connection on an abstract name, says something, and closes when the client has had it.
private final class Impostor: Sendable {
    let name = "nlgate-impostor-\(UUID().uuidString)"
    private let listener: Descriptor

    init(says bytes: [UInt8], thenCloses: Bool = true) throws {
        let address = try SocketAddress(unix: name, abstract: true)
        listener = try Descriptor.streamSocket(for: address)
        try listener.bind(to: address)
        try listener.listen(backlog: 1)
        Thread { [self] in
            guard (try? listener.wait(for: .read, milliseconds: 60_000)) == true,
                let accepted = (try? listener.accept()) ?? nil
            else { return }
            let socket = Descriptor(owning: accepted.release())
            _ = try? socket.send(bytes.span)
            if thenCloses { socket.shutdown(write: true) }
            // Until the client goes: what it says is of no interest.
            var buffer = [UInt8](repeating: 0, count: 4096)
            while (try? socket.wait(for: .read, milliseconds: 60_000)) == true,
                (try? socket.receive(into: &buffer, count: 4096)) != .closed
            {}
        }.start()
    }

    func connect(timeout: Int = 30) throws -> GatewaySession {
        try GatewaySession(GatewayURL("unix://@\(name)"), nil, Hello(protocolNumber: 0), timeout: timeout)
    }
}

@Suite struct ConnectTests {
    private func frame(_ kind: FrameKind, _ payload: [UInt8] = []) -> [UInt8] {
        var writer = FrameWriter()
        writer.append(kind, payload)
        return writer.bytes
    }

    @Test func `something that isn't a gateway is told apart`() throws {
        let answers: [(bytes: [UInt8], error: ConnectError)] = [
            (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .protocolBroken(.badLength)),
            (Array("x".utf8), .closed), ([], .closed),
            (frame(.datagram, [1, 2, 3]), .protocolBroken(.unexpected(.datagram))),
            (frame(.hello), .protocolBroken(.unexpected(.hello))),
            (frame(.pong), .protocolBroken(.unexpected(.welcome))),
            (frame(.welcome, [1]), .protocolBroken(.badPayload(.welcome))),
            (frame(.goodbye, Outcome(code: 2, text: "full").encode()), .goodbye(Outcome(code: 2, text: "full"))),
        ]
        for answer in answers {
            let impostor = try Impostor(says: answer.bytes)
            #expect(throws: answer.error) { try impostor.connect() }
        }
    }

    @Test func `silence ends with the time that was given`() throws {
        let impostor = try Impostor(says: [], thenCloses: false)
        #expect(throws: ConnectError.timedOut(seconds: 1)) { try impostor.connect(timeout: 1) }
    }

    @Test func `a welcome makes a session, and what is too large isn't sent`() throws {
        var welcome = Welcome()
        welcome.portID = 77
        welcome.maximumToServer = 100
        let session = try Impostor(says: frame(.welcome, welcome.encode())).connect()
        #expect(session.welcome == welcome)
        #expect(throws: ConnectError.protocolBroken(.tooLarge(limit: 100))) {
            try session.send([UInt8](repeating: 0, count: 101))
        }
    }

    @Test func `nobody there`() throws {
        let name = "nlgate-nobody-\(UUID().uuidString)"
        let error = #expect(throws: ConnectError.self) {
            try GatewaySession(GatewayURL("unix://@\(name)"), nil, Hello(protocolNumber: 0))
        }
        #expect(error?.description.contains("Connection refused; is nlgated running there?") == true)
        #expect(error?.description.contains(name) == true)
    }

    @Test func `tls without credentials says what is needed`() throws {
        let error = #expect(throws: ConnectError.self) {
            try GatewaySession(GatewayURL("tls://127.0.0.1:1"), nil, Hello(protocolNumber: 0))
        }
        for word in ["--key", "NLGATE_CA", "nlgate pki client"] { #expect(error?.description.contains(word) == true) }
    }

    @Test func `a credential file that can't be read is named`() {
        let error = #expect(throws: ConnectError.self) {
            try Credentials(certificate: "/nonexistent/c", key: "/dev/null", authority: "/dev/null")
        }
        #expect(error?.description == "/nonexistent/c: No such file or directory")
    }

    @Test func `every error says something of its own`() throws {
        let url = try GatewayURL("tls://a:1")
        let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 1)
        let errors: [ConnectError] = [
            .file(path: "/x", Errno(rawValue: 13)), .credentialsMissing(url), .connect(address, Errno(rawValue: 110)),
            .protocolBroken(.badPreface), .goodbye(Outcome(code: 1, text: "no")), .closed, .timedOut(seconds: 3),
            .system("poll", Errno(rawValue: 12)),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors.allSatisfy { $0.description.count > 8 })
    }
}

@Suite struct LocalSocketTests {
    @Test func `the local kernel answers a dump`() throws {
        let client = try NetlinkClient(nil, nil, protocolNumber: 0)
        #expect(client.session == nil)
        var names = 0
        try client.request(LinkRequest.dump()) { _, _ in names += 1 }
        #expect(names > 0)
    }

    @Test func `the local kernel's refusal has its errno`() throws {
        let client = try NetlinkClient(nil, nil, protocolNumber: 0)
        let error = #expect(throws: RequestError.self) {
            try client.request(LinkRequest.get(index: 0x7fff_fff0)) { _, _ in }
        }
        guard case .kernel(let refusal) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(refusal.errno == 19)
    }

    @Test func `a protocol that the kernel lacks is an error`() {
        #expect(throws: ConnectError.self) { try LocalSocket(protocolNumber: 31) }
    }
}
