import GatewayProtocol
import TLSSocket

/// What a client that is somebody else's program needs, as files.
struct ToolFiles {
    /// What WELCOME says of the usual client.
    static let wanted = "CN=noc-7 sha256:"

    let certificate: String
    let key: String
    let authority: String
    /// Preface and HELLO.
    let hello: String
    private let output: String

    init(_ gateway: Gateway) throws {
        let own = gateway.identities.client
        certificate = try gateway.scratch.write(own.certificate, to: "own.crt")
        key = try gateway.scratch.write(own.key, to: "own.key")
        authority = gateway.identities.authorityPath
        let bytes = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
        hello = try gateway.scratch.write(bytes, to: "hello")
        output = gateway.scratch.path + "/output"
    }

    /// What a program prints that passes HELLO on; its input ends when the answer is there or time is up.
    func converse(_ command: String) throws -> String {
        let wait = "for i in $(seq 200); do grep -qa '\(Self.wanted)' \(output) && break; sleep 0.1; done"
        let script = "(cat \(hello); \(wait)) | timeout 30 \(command) >\(output) 2>&1; cat \(output)"
        return try result(of: "/bin/sh", ["-c", script]).output
    }
}
