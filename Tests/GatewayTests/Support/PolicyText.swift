import Foundation
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket

/// A policy file that a gateway is started with.
final class PolicyText {
    let scratch: Scratch
    let path: String

    /// Clients, roles and bindings below `policy: 1`.
    init(_ text: String) throws {
        scratch = try Scratch()
        path = scratch.path + "/policy.yaml"
        try replace(with: text)
    }

    /// Puts another text in the file's place, as an editor does.
    func replace(with text: String) throws {
        let new = try scratch.write("policy: 1\n" + text + "\n", to: "new.yaml")
        guard rename(new, path) == 0 else { throw Errno.last }
    }

    var options: [String] { ["--policy", path] }
}

extension Gateway {
    /// Runs a gateway with this policy.
    static func run(
        policy: PolicyText, _ options: [String] = [], listen: [String]? = nil, base: [String] = usual,
        _ body: (Gateway) throws -> Void
    ) throws {
        try run(policy.options + options, listen: listen, base: base, body)
    }

    /// What a daemon says that ends by itself with exit status 1, before it listens.
    static func failure(_ options: [String], status: Int32 = 1) throws -> String {
        let scratch = try Scratch()
        return try Namespace().enter {
            let tool = try RunningTool(
                program("nlgated"),
                [
                    "--listen", "unix://\(scratch.path)/s.sock", "--admin", "none", "--frontends", "1", "--readers", "1",
                    "--uid-base", "\(LoneHelper.uid)",
                ] + options, log: scratch.path + "/log")
            let ended = try tool.wait()
            guard ended == .exited(status), !tool.log.contains("listening on") else {
                throw ToolFailure(description: "\(ended): \(tool.log)")
            }
            return tool.log
        }
    }

    /// A session over TLS with a certificate made for the occasion.
    func session(
        commonName: String, names: [ClientName] = [], _ protocolNumber: UInt32 = 0, netns: String? = nil
    ) throws -> GatewaySession {
        let own = try identities.authority.issueClient(
            commonName: commonName, names: names, validity: Validity(days: 1))
        return try session(Gateway.tls, protocolNumber, netns: netns, credentials: identities.credentials(own))
    }

    /// SIGHUP, and what is said about it: the line that tells whether a policy was loaded.
    @discardableResult
    func reload() throws -> String {
        let before = verdicts.count
        try supervisor.child.signal(SIGHUP)
        try eventually("the policy is loaded, or isn't") { verdicts.count > before }
        return verdicts.last ?? ""
    }

    /// The lines that tell whether a policy was loaded.
    var verdicts: [String] {
        log.split(separator: "\n").filter { $0.hasPrefix("nlgated: policy ") && $0.contains("loaded") }.map(String.init)
    }

    /// The answer of the admin socket to a verb, line by line; none when it closes without a word.
    func admin(_ verb: UInt8, passing descriptor: Int32 = -1) throws -> [String] {
        let address = try SocketAddress(unix: scratch.path + "/admin.sock", abstract: false)
        let socket = try Descriptor.streamSocket(for: address)
        _ = try socket.connect(to: address)
        let request = Array("nlga".utf8) + [1, 0, verb, 0]
        _ = try socket.send(request.span, passing: descriptor)
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while try socket.wait(for: .read, milliseconds: 60_000) {
            guard case .bytes(let count) = try receive(socket, &buffer) else {
                return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            }
            text += buffer[..<count]
        }
        throw ToolFailure(description: "the admin socket doesn't answer")
    }

    /// A reset is an end like any other.
    private func receive(_ socket: borrowing Descriptor, _ buffer: inout [UInt8]) throws(Errno) -> Transfer {
        do throws(Errno) {
            return try socket.receive(into: &buffer, count: buffer.count)
        } catch {
            guard error.rawValue == ECONNRESET else { throw error }
            return .closed
        }
    }
}

/// SHA-256 of a certificate, as a policy writes it.
func fingerprint(_ certificate: IssuedCertificate) throws -> String {
    let scratch = try Scratch()
    let path = try scratch.write(certificate.certificate, to: "client.crt")
    let output = try tool("openssl", ["x509", "-noout", "-fingerprint", "-sha256", "-in", path])
    let digits = output.split(separator: "=").last.map(String.init) ?? ""
    return "sha256:" + digits.replacing(":", with: "").lowercased().filter { !$0.isWhitespace }
}
