import ConnectedSockets
import LinuxSys
import TLSHandshake
import TLSSocket

/// A CA with a server and two clients.
struct World {
    let authority: [UInt8]
    let server: IssuedCertificate
    let alice: IssuedCertificate
    let bob: IssuedCertificate
    let key: ServerKey
    let clients: ClientVerifier

    init() throws {
        let validity = Validity(days: 2)
        let made = try CertificateAuthority.create(commonName: "test CA", validity: validity)
        let ca = try CertificateAuthority(certificate: made.certificate, key: made.key)
        authority = made.certificate
        server = try ca.issueServer(names: ["gate.example"], validity: validity)
        alice = try ca.issueClient(commonName: "alice", validity: validity)
        bob = try ca.issueClient(commonName: "bob", validity: validity)
        key = try ServerKey(certificate: server.certificate, key: server.key, authority: authority)
        clients = try ClientVerifier(clientCA: authority, crl: nil)
    }
}

/// What a frontend saw of one handshake of a real client.
final class Recording: HandshakeKeeper {
    let nonce: [UInt8]
    private let key: ServerKey
    private(set) var content: [UInt8] = []
    private(set) var transcript: [UInt8] = []
    private(set) var proof: [UInt8] = []

    /// Records a whole handshake; with `server` it is one with another server of the same CA.
    init(_ world: World, _ client: IssuedCertificate, nonce: UInt8 = 1, server: IssuedCertificate? = nil) throws {
        let own = server ?? world.server
        self.nonce = [UInt8](repeating: nonce, count: 32)
        key = try ServerKey(certificate: own.certificate, key: own.key, authority: world.authority)
        let sockets = try SocketPair()
        let context = try TLSClientContext(
            certificate: client.certificate, key: client.key, ca: world.authority, crl: nil)
        let near = try context.connect(descriptor: sockets.near.raw, serverName: "gate.example")
        let far = try TLSServerContext(certificate: own.certificate).accept(
            descriptor: sockets.far.raw, keeper: self, number: 1)
        for round in 0..<20_000 {
            // On a busy machine what was sent takes its time.
            if round > 1000 { _ = try? sockets.far.wait(for: .read, milliseconds: 1) }
            let (one, other) = (try near.handshake(), try far.handshake())
            if one == .done, other == .done { break }
        }
        proof = far.takeProof() ?? []
    }

    func nonce(for connection: UInt32) -> [UInt8]? { nonce }

    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]? {
        self.content = content
        return key.sign(content)
    }

    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32 {
        self.transcript = transcript
        return 0
    }
}
