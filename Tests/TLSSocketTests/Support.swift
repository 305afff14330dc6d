import ConnectedSockets
import Foundation
import LinuxSys
import Programs
import Testing

@testable import TLSSocket

/// An authority with one certificate for a server and one for a client.
struct TestPKI {
    let caCertificate: [UInt8]
    let authority: CertificateAuthority
    let server: IssuedCertificate
    let client: IssuedCertificate

    static let names = ["gate.example", "127.0.0.1", "::1"]

    /// The CA is valid from ten days ago for ten years.
    init(name: String = "test CA", validity: Validity = Validity(days: 30)) throws {
        let now = currentTime()
        let span = Validity(notBefore: now - 864_000, notAfter: now + 315_360_000)
        let ca = try CertificateAuthority.create(commonName: name, validity: span)
        caCertificate = ca.certificate
        authority = try CertificateAuthority(certificate: ca.certificate, key: ca.key)
        server = try authority.issueServer(names: Self.names, validity: validity)
        client = try authority.issueClient(commonName: "noc-7", validity: validity)
    }

    /// A server whose own chain must lead to this CA, unless it brings a certificate of its own.
    func makeServer(
        _ own: IssuedCertificate? = nil, clientCA: [UInt8]? = nil, crl: [UInt8]? = nil
    ) throws -> TestServer {
        try TestServer(
            own ?? server, authority: own == nil ? caCertificate : nil, clientCA: clientCA ?? caCertificate, crl: crl)
    }

    func clientContext(
        _ own: IssuedCertificate? = nil, ca: [UInt8]? = nil, crl: [UInt8]? = nil
    ) throws -> TLSClientContext {
        let own = own ?? client
        return try TLSClientContext(certificate: own.certificate, key: own.key, ca: ca ?? caCertificate, crl: crl)
    }
}

/// A server's and a client's connection that talk to each other.
struct Conversation {
    let sockets: SocketPair
    let keeper: TestServer
    let server: TLSConnection
    let client: TLSConnection

    init(_ server: TestServer, _ client: TLSClientContext, name: String = "gate.example") throws {
        sockets = try SocketPair()
        keeper = server
        self.server = try server.accept(sockets.far)
        self.client = try client.connect(descriptor: sockets.near.raw, serverName: name)
    }

    /// How the handshake ended on both sides, where nil is success, and what the keeper said of the client's
    /// certificates.
    ///
    /// A client that is done early reads once more, since only that tells whether the server accepts it.
    func handshake() -> (server: TLSError?, client: TLSError?, verdict: Int32?) {
        var server = Outcome.running
        var client = Outcome.running
        for round in 0..<20_000 where server == .running || client == .running {
            // On a busy machine what was sent takes its time.
            if round > 1000 { _ = try? sockets.far.wait(for: .read, milliseconds: 1) }
            if server == .running { server = Outcome { () throws(TLSError) in try keeper.handshake(self.server) } }
            if client == .running { client = Outcome { () throws(TLSError) in try self.client.handshake() } }
            if case .failed = client, server == .running { sockets.near.shutdown(write: false) }
            if case .failed = server, client == .running { continue }
        }
        if case .failed(let error) = server, client == .done { return (error, readError(self.client), keeper.verdict) }
        return (server.error, client.error, keeper.verdict)
    }

    /// The error that reading throws within a bounded number of tries.
    func readError(_ connection: TLSConnection) -> TLSError? {
        var buffer = [UInt8](repeating: 0, count: 100)
        do throws(TLSError) {
            for round in 0..<20_000 {
                if round > 1000 { _ = try? sockets.near.wait(for: .read, milliseconds: 1) }
                guard try connection.read(into: &buffer, count: 100) == .wantRead else { return nil }
            }
            return nil
        } catch { return error }
    }

    private enum Outcome: Equatable {
        case running
        case done
        case failed(TLSError)

        init(_ step: () throws(TLSError) -> TLSProgress) {
            do throws(TLSError) {
                self = try step() == .done ? .done : .running
            } catch { self = .failed(error) }
        }

        var error: TLSError? {
            switch self {
            case .running: TLSError(.library, "the handshake did not end")
            case .done: nil
            case .failed(let error): error
            }
        }
    }
}

/// The error that a call throws.
func thrown<T>(_ body: () throws(TLSError) -> T) -> TLSError? {
    do throws(TLSError) {
        _ = try body()
        return nil
    } catch { return error }
}

/// A folder that goes away with its owner.
final class Scratch {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "nlgate-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path + "/" + name))) }

    /// Runs the `openssl` tool here and gives its output; throws when it fails and `mayFail` is false.
    @discardableResult
    func openssl(_ arguments: [String], input: String = "", mayFail: Bool = false) throws -> String {
        let tool = try FinishedProgram("/usr/bin/env", ["openssl"] + arguments, in: path, input: input)
        guard mayFail || tool.status == 0 else { throw ToolFailure(output: tool.everything) }
        return tool.everything
    }
}

struct ToolFailure: Error { let output: String }
