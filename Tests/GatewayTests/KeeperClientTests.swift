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
            let own = gateway.identities.client
            let certificate = try gateway.scratch.write(own.certificate, to: "own.crt")
            let key = try gateway.scratch.write(own.key, to: "own.key")
            let hello = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
            let file = try gateway.scratch.write(hello, to: "hello")
            let command =
                "(cat \(file); sleep 2) | timeout 4 openssl s_client -quiet -connect 127.0.0.1:7000 -cert \(certificate) "
                + "-key \(key) -CAfile \(gateway.identities.authorityPath) \(options) 2>&1"
            return try result(of: "/bin/sh", ["-c", command]).output
        }

        @Test func `a client that is asked for another key share is verified as well`() throws {
            try Gateway.run { gateway in
                // The gateway doesn't know P-521, for which this client has made its key.
                let retried = try sayHello(gateway, "-groups P-521:P-384 -msg")
                #expect(retried.components(separatedBy: "ClientHello").count > 2, "\(retried)")
                #expect(retried.contains("CN=noc-7 sha256:"), "\(retried)")
            }
        }

        @Test(arguments: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
        func `every cipher suite leads to a verified client`(suite: String) throws {
            try Gateway.run { gateway in
                let output = try sayHello(gateway, "-ciphersuites \(suite)")
                #expect(output.contains("CN=noc-7 sha256:"), "\(output)")
            }
        }

        @Test func `a frontend can't open a session for a client that never was there`() throws {
            let ready = try Namespace().enter { try LoneHelper.frontend().ready }
            let identities = try Identities.shared.get()
            for connection in [0, 1, 7, UInt32.max] as [UInt32] {
                let open = OpenRequest(
                    connection: connection, transport: .tls, networkNamespace: 0, protocolNumber: 0, readOnly: true,
                    local: .unknown, peer: .unknown)
                let log = try hostileFrontend([ready, ChildMessage.open(open).encode()], identities.daemonOptions)
                #expect(log.contains("broke the protocol"), "\(log)")
                #expect(!log.contains("session-start"), "\(log)")
            }
        }

        /// What the supervisor logs while its frontend says this.
        private func hostileFrontend(_ packets: [[UInt8]], _ options: [String]) throws -> String {
            let scratch = try Scratch()
            for (from, to) in [
                ("nlgated", "nlgated"), ("nlgate-broker", "nlgate-broker"), ("hostile-helper", "nlgate-frontend"),
                ("nlgate-keeper", "nlgate-keeper"), ("nlgate-policyc", "nlgate-policyc"),
            ] {
                try FileManager.default.copyItem(atPath: program(from), toPath: scratch.path + "/" + to)
            }
            let lines = packets.map { $0.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined() + "\n" }
            try scratch.write(lines.joined(), to: "script")
            return try Namespace().enter {
                let tool = try RunningTool(
                    scratch.path + "/nlgated",
                    options + [
                        "--listen", "tls://127.0.0.1:7000", "--admin", "none", "--frontends", "1", "--readers", "1",
                        "--uid-base", "\(LoneHelper.uid)",
                    ], log: scratch.path + "/log")
                try eventually("the supervisor ends, or complains") {
                    try tool.hasEnded() || tool.log.contains("broke the protocol")
                }
                if try !tool.hasEnded() {
                    try tool.child.signal(SIGTERM)
                    _ = try tool.wait()
                }
                return tool.log
            }
        }
    }
}
