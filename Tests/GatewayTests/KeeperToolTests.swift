import Foundation
import GatewayProtocol
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// Clients of other TLS libraries, which know nothing of nonces.
    @Suite struct KeeperToolTests {
        private static let go = Result {
            guard let path = toolPath("go") else { throw ToolFailure(description: "go is not installed") }
            let scratch = try Scratch()
            let built = try result(
                of: toolPath("env") ?? "env",
                [
                    "CGO_ENABLED=0", "GO111MODULE=off", "GOCACHE=\(scratch.path)/cache", "PATH=/usr/bin:/bin", path,
                    "build", "-o", scratch.path + "/client", OldClient.root.path() + "Tests/GoClient/main.go",
                ])
            guard built.status == .exited(0) else { throw ToolFailure(description: built.output) }
            return scratch
        }

        @Test(arguments: ServerKeyKind.allCases)
        func `clients of OpenSSL, Go, GnuTLS and Python are verified, whatever the server's key`(
            kind: ServerKeyKind
        ) throws {
            let go = try Self.go.get().path + "/client"
            try Gateway.run(identities: Identities(serverKey: kind)) { gateway in
                let files = try ToolFiles(gateway)
                let openssl = try files.converse(
                    "openssl s_client -quiet -connect 127.0.0.1:7000 -cert \(files.certificate) -key \(files.key) "
                        + "-CAfile \(files.authority) -verify_return_error -no_ign_eof")
                #expect(openssl.contains(ToolFiles.wanted), "\(openssl)")
                let gnutls = try files.converse(
                    "gnutls-cli --x509certfile=\(files.certificate) --x509keyfile=\(files.key) "
                        + "--x509cafile=\(files.authority) -p 7000 127.0.0.1")
                #expect(gnutls.contains(ToolFiles.wanted), "\(gnutls)")
                let goes = try result(
                    of: go, ["127.0.0.1:7000", files.certificate, files.key, files.authority, files.hello])
                #expect(goes.output.contains(ToolFiles.wanted), "\(goes.output)")
                let python = try tool(
                    "python3",
                    [
                        OldClient.root.path() + "Tests/python/nlgate_client.py", "links", Gateway.tls, "--cert",
                        files.certificate, "--key", files.key, "--ca", files.authority,
                    ])
                #expect(python.contains("\"lo\""), "\(python)")
            }
        }
    }
}
