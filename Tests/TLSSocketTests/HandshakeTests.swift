import LinuxSys
import Testing

@testable import TLSSocket

@Suite struct HandshakeTests {
    @Test func `both sides agree and see each other's certificate`() throws {
        let pki = try TestPKI()
        let talk = try Conversation(pki.serverContext(), pki.clientContext())
        #expect(talk.server.peer == nil)
        let outcome = talk.handshake()
        #expect(outcome.server == nil)
        #expect(outcome.client == nil)
        let client = try #require(talk.server.peer)
        #expect(client.commonName == "noc-7")
        #expect(client.issuer == "CN=test CA")
        #expect(client.fingerprint.count == 32)
        #expect(client.serial.utf8.count == 32)
        let server = try #require(talk.client.peer)
        #expect(server.dnsNames == ["gate.example"])
        #expect(server.fingerprint != client.fingerprint)
    }
}
