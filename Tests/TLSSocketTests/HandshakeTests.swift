import ConnectedSockets
import LinuxSys
import Testing

@testable import TLSSocket

@Suite struct HandshakeTests {
    @Test func `both sides agree and see each other's certificate`() throws {
        let pki = try TestPKI()
        let talk = try Conversation(pki.makeServer(), pki.clientContext())
        #expect(talk.server.peer == nil)
        let outcome = talk.handshake()
        #expect(outcome.server == nil)
        #expect(outcome.client == nil)
        let client = try #require(talk.keeper.candidate?.peer)
        #expect(talk.server.peer == client)
        #expect(client.commonName == "noc-7")
        #expect(client.issuer == "CN=test CA")
        #expect(client.fingerprint.count == 32)
        #expect(client.serial.utf8.count == 32)
        #expect(client.notAfter - client.notBefore == 30 * 86_400 + 300)
        let server = try #require(talk.client.peer)
        #expect(server.dnsNames == ["gate.example"])
        #expect(server.fingerprint != client.fingerprint)
    }

    @Test func `a handshake and data survive a network that delivers byte by byte`() throws {
        let pki = try TestPKI()
        let near = try SocketPair()
        let far = try SocketPair()
        let client = try pki.clientContext().connect(descriptor: near.near.raw, serverName: "gate.example")
        let keeper = try pki.makeServer()
        let server = try keeper.accept(far.far)
        var byte: [UInt8] = [0]
        var waits = 0
        for _ in 0..<100_000 {
            if try client.handshake() == .wantRead { waits += 1 }
            let isDone = try keeper.handshake(server) == .done && client.handshake() == .done
            if case .bytes = try near.far.receive(into: &byte, count: 1) { _ = try far.near.send(byte.span) }
            if case .bytes = try far.near.receive(into: &byte, count: 1) { _ = try near.far.send(byte.span) }
            if isDone { break }
        }
        #expect(waits > 1000)
        #expect(try client.write(Array("hello".utf8).span) == .bytes(5))
        var buffer = [UInt8](repeating: 0, count: 10)
        var result = try server.read(into: &buffer, count: 10)
        while result == .wantRead {
            if case .bytes = try near.far.receive(into: &byte, count: 1) { _ = try far.near.send(byte.span) }
            result = try server.read(into: &buffer, count: 10)
        }
        #expect(result == .bytes(5))
        #expect(Array(buffer.prefix(5)) == Array("hello".utf8))
    }

    @Test(arguments: ["gate.example", "GATE.example", "gate.example.", "127.0.0.1", "::1", "0:0::1", "::1%lo"])
    func `the names of the certificate are accepted`(name: String) throws {
        let pki = try TestPKI()
        let outcome = try Conversation(pki.makeServer(), pki.clientContext(), name: name).handshake()
        #expect(outcome.server == nil)
        #expect(outcome.client == nil)
    }

    @Test(arguments: ["other.example", "example", "x.gate.example", "127.0.0.2", "::2", "127.0.0.1.example"])
    func `other names are refused by the client, and the text has both`(name: String) throws {
        let pki = try TestPKI()
        let outcome = try Conversation(pki.makeServer(), pki.clientContext(), name: name).handshake()
        let error = try #require(outcome.client)
        #expect(error.code == .nameMismatch)
        #expect(error.description.contains("gate.example"))
        #expect(error.description.contains("127.0.0.1"))
        #expect(error.description.contains(name.replacing("::2", with: "0:0:0:0:0:0:0:2")))
        #expect(outcome.server != nil)
    }

    @Test func `a common name alone does not name a server`() throws {
        let pki = try TestPKI()
        let own = try pki.authority.issue("gate.example", [], usage: "serverAuth", validity: Validity(days: 1))
        let outcome = try Conversation(pki.makeServer(own), pki.clientContext()).handshake()
        #expect(outcome.client?.code == .nameMismatch)
        #expect(outcome.client?.description.contains("names no server") == true)
    }

    @Test(arguments: ["", "a b", "a\0b", "-a.example", "a..b", "1.2.3.4%x", String(repeating: "a", count: 300)])
    func `what can't be a name is refused before a byte is sent`(name: String) throws {
        let pki = try TestPKI()
        let context = try pki.clientContext()
        let sockets = try SocketPair()
        let error = thrown { () throws(TLSError) in
            try context.connect(descriptor: sockets.near.raw, serverName: name)
        }
        #expect(error?.code == .badName)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "nlgate/1\0\0\0\0\0\0\0\0", "\u{16}\u{3}\u{1}\u{0}\u{6}zzzzzz", "\0\0\0\0\0\0\0\0",
    ])
    func `plain bytes are not TLS`(bytes: String) throws {
        let pki = try TestPKI()
        let sockets = try SocketPair()
        let server = try pki.makeServer().accept(sockets.far)
        _ = try sockets.near.send(Array(bytes.utf8).span)
        #expect(try sockets.far.wait(for: .read, milliseconds: 5000))
        let error = thrown { () throws(TLSError) in
            for _ in 0..<4 { _ = try server.handshake() }
        }
        #expect(error?.code == .notTLS || error?.code == .protocolViolation)
        // The connection stays failed, with the same words.
        #expect(thrown { () throws(TLSError) in try server.handshake() } == error)
        #expect(server.peer == nil)
    }

    @Test func `a peer that closes or resets in the handshake is named`() throws {
        let pki = try TestPKI()
        let talk = try Conversation(pki.makeServer(), pki.clientContext())
        #expect(try talk.client.handshake() == .wantRead)
        talk.sockets.near.shutdown(write: false)
        let error = thrown { () throws(TLSError) in
            while try talk.server.handshake() != .done {}
        }
        #expect(error?.code == .closed || error?.code == .system(Errno(rawValue: 104)))
        #expect(error?.description.contains("client") == true)
    }

    @Test func `writing to a peer that is gone gives an error and no signal`() throws {
        let pki = try TestPKI()
        let talk = try Conversation(pki.makeServer(), pki.clientContext())
        #expect(talk.handshake().server == nil)
        talk.sockets.near.shutdown(write: false)
        let error = thrown { () throws(TLSError) in
            for _ in 0..<1000 { _ = try talk.server.write([UInt8](repeating: 1, count: 16_384).span) }
        }
        let codes: [TLSError.Code?] = [.system(Errno(rawValue: 32)), .system(Errno(rawValue: 104))]
        #expect(codes.contains(error?.code))
    }
}
