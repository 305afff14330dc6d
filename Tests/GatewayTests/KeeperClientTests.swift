import Foundation
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// Handshakes that are unusual, or that never were.
    @Suite struct KeeperClientTests {
        /// What the tool prints when it says HELLO over a connection with these options.
        private func sayHello(_ gateway: Gateway, _ options: String) throws -> String {
            let files = try ToolFiles(gateway)
            return try files.converse(
                "openssl s_client -quiet -no_ign_eof -connect 127.0.0.1:7000 -cert \(files.certificate) "
                    + "-key \(files.key) -CAfile \(files.authority) \(options)")
        }

        @Test func `a client that is asked for another key share is verified as well`() throws {
            try Gateway.run { gateway in
                // The gateway doesn't know P-521, for which this client has made its key.
                let retried = try sayHello(gateway, "-groups P-521:P-384 -msg")
                #expect(retried.components(separatedBy: "ClientHello").count > 2, "\(retried)")
                #expect(retried.contains(ToolFiles.wanted), "\(retried)")
            }
        }

        @Test(arguments: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
        func `every cipher suite leads to a verified client`(suite: String) throws {
            try Gateway.run { gateway in
                let output = try sayHello(gateway, "-ciphersuites \(suite)")
                #expect(output.contains(ToolFiles.wanted), "\(output)")
            }
        }

        /// Answers nobody: what the tool prints when the gateway refuses it.
        private func refusal(_ gateway: Gateway, _ options: [String]) throws -> String {
            let words =
                ["s_client", "-connect", "127.0.0.1:7000", "-CAfile", gateway.identities.authorityPath] + options
            return try result(of: toolPath("timeout") ?? "timeout", ["10", "openssl"] + words).output
        }

        @Test func `older versions, no certificate, tickets and keys shared before lead nowhere`() throws {
            try Gateway.run { gateway in
                let files = try ToolFiles(gateway)
                let own = ["-cert", files.certificate, "-key", files.key]
                #expect(try refusal(gateway, own + ["-tls1_2"]).contains("alert protocol version"))
                #expect(try refusal(gateway, ["-ign_eof"]).contains("certificate required"))
                let key = ["-psk_identity", "x", "-psk", "0123456789abcdef", "-ign_eof"]
                #expect(try refusal(gateway, key).contains("certificate required"))
                let session = gateway.scratch.path + "/session"
                let said = try files.converse(
                    "openssl s_client -no_ign_eof -msg -connect 127.0.0.1:7000 -cert \(files.certificate) "
                        + "-key \(files.key) -CAfile \(files.authority) -sess_out \(session)")
                #expect(said.contains(ToolFiles.wanted))
                #expect(!said.contains("NewSessionTicket"))
                #expect(!FileManager.default.fileExists(atPath: session))
            }
        }

        @Test func `a frontend can't open a session for a client that never was there`() throws {
            let ready = try Namespace().enter { try LoneHelper.frontend().ready }
            let options = try ["--listen", Gateway.tls] + Identities.shared.get().daemonOptions
            let gateway = try ReplacedProgram("nlgate-frontend")
            for connection in [0, 1, 7, UInt32.max] as [UInt32] {
                let open = OpenRequest(
                    connection: connection, transport: .tls, networkNamespace: 0, protocolNumber: 0, readOnly: true,
                    local: .unknown, peer: .unknown)
                try gateway.script([ready, ChildMessage.open(open).encode()])
                let (log, _) = try gateway.run(options, untilComplaint: true)
                #expect(log.contains("broke the protocol"), "\(log)")
                #expect(!log.contains("session-start"), "\(log)")
            }
        }
    }
}
