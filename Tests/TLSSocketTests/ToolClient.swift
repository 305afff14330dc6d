import Foundation
import LinuxSys
import Testing

@testable import TLSSocket

/// One run of `openssl s_client` against a server of ours.
struct ToolClient {
    /// Why the server's side failed; nil when it got to the end.
    var serverError: TLSError?
    /// What the keeper said of the tool's certificates; nil when it has shown none.
    var verdict: Int32?
    /// What the server read.
    var received = [UInt8]()
    /// All that the tool printed.
    var output = ""

    /// Runs the tool; after the handshake its standard input gets the steps one by one, each after the server has read
    /// what the one before made.
    init(_ arguments: [String], _ server: TestServer, scratch: Scratch, steps: [String] = ["hello\n"]) throws {
        let any = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])
        let listener = try Descriptor.streamSocket(for: any)
        try listener.bind(to: any)
        try listener.listen(backlog: 1)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl", "s_client", "-connect", "\(try listener.localAddress())"] + arguments
        process.currentDirectoryURL = URL(filePath: scratch.path)
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        defer { process.waitUntilExit() }
        guard try listener.wait(for: .read, milliseconds: 10_000), let accepted = try listener.accept() else {
            throw ToolFailure(output: "the tool does not connect")
        }
        let socket = Descriptor(owning: accepted.release())
        let connection = try server.accept(socket)
        do throws(TLSError) {
            while try server.handshake(connection) != .done { _ = try? socket.wait(for: .read, milliseconds: 10_000) }
            _ = try connection.write(Array("welcome\n".utf8).span)
            for step in steps {
                try? input.fileHandleForWriting.write(contentsOf: Data(step.utf8))
                _ = try? socket.wait(for: .read, milliseconds: 10_000)
                try readAll(connection)
            }
            connection.closeNotify()
        } catch { serverError = error }
        verdict = server.verdict
        try? input.fileHandleForWriting.close()
        socket.shutdown(write: true)
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    private mutating func readAll(_ connection: TLSConnection) throws(TLSError) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case .bytes(let count) = try connection.read(into: &buffer, count: 4096) {
            received += buffer.prefix(count)
        }
    }
}

/// A root and a row of CAs below it, each signed by the one before, without a limit on their number.
struct TestChain {
    let root: CertificateAuthority
    let authorities: [CertificateAuthority]
    let rootPEM: [UInt8]
    /// The intermediate certificates, the lowest first.
    let intermediates: [UInt8]

    init(length: Int) throws {
        let root = try Self.make("root", issuer: nil)
        var list = [CertificateAuthority]()
        for index in 0..<length { list.append(try Self.make("level \(index)", issuer: list.last ?? root)) }
        self.root = root
        authorities = list
        rootPEM = try root.certificate.pem()
        var text = [UInt8]()
        for authority in list.reversed() { text += try authority.certificate.pem() }
        intermediates = text
    }

    /// A client of the lowest CA, with its chain.
    func client() throws -> IssuedCertificate {
        let issuer = authorities.last ?? root
        let made = try issuer.issueClient(commonName: "deep", validity: Validity(days: 1))
        return IssuedCertificate(certificate: made.certificate + intermediates, key: made.key)
    }

    private static func make(_ name: String, issuer: CertificateAuthority?) throws -> CertificateAuthority {
        let key = try CertificateBuilder.newKey()
        let builder = try CertificateBuilder(commonName: name, validity: Validity(days: 10), key: key)
        let signer = issuer?.certificate ?? builder.certificate
        try builder.setIssuer(signer)
        // basicConstraints, subjectKeyIdentifier
        try builder.add(87, "critical,CA:TRUE", issuer: signer)
        try builder.add(82, "hash", issuer: signer)
        let made = try builder.finish(signedBy: issuer?.key ?? key, ownKey: key)
        return try CertificateAuthority(certificate: made.certificate, key: made.key)
    }
}
