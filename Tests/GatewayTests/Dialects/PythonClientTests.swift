import Foundation
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// `Tests/python/nlgate_client.py`, which was written from docs/protocol.md alone.
    @Suite(.enabled(if: !Python.clients.isEmpty, "there is no Python 3.8 or later"))
    struct PythonClientTests {
        private static let urls = ["unix://DIR/s.sock", "tls://127.0.0.1:7000", "tcp://127.0.0.1:7001"]

        private func run(_ python: String, _ command: String, _ url: String, _ gateway: Gateway) throws -> String {
            let identities = gateway.identities
            let script = OldClient.root.path() + "Tests/python/nlgate_client.py"
            let said = try result(
                of: python,
                [
                    script, command, url.replacing("DIR", with: gateway.scratch.path),
                    "--cert", gateway.scratch.write(identities.client.certificate, to: "client.crt"),
                    "--key", gateway.scratch.write(identities.client.key, to: "client.key"),
                    "--ca", identities.authorityPath,
                ])
            guard said.status == .exited(0) else { throw ToolFailure(description: "\(url): \(said.output)") }
            return said.output
        }

        private func links(_ json: String, _ keys: [String]) throws -> [[String]] {
            let list = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
            return list.map { link in keys.map { "\(link[$0] ?? "-")" } }
        }

        @Test(arguments: Python.clients)
        func `the same links as ip shows`(python: String) throws {
            try Gateway.run(["--insecure-tcp"], listen: Self.urls, prepare: { try ip("link add nlgA type veth") }) {
                gateway in
                let keys = ["ifindex", "ifname", "address", "mtu", "txqlen"]
                let real = try links(ip("-j link"), keys)
                for url in Self.urls { #expect(try links(run(python, "links", url, gateway), keys) == real, "\(url)") }
            }
        }

        @Test(arguments: Python.clients, ["builtin:read-only", "builtin:unrestricted"])
        func `every part of the protocol`(python: String, policy: String) throws {
            try Gateway.run(["--insecure-tcp", "--policy", policy], listen: Self.urls) { gateway in
                for url in Self.urls {
                    let said = try run(python, "selftest", url, gateway)
                    #expect(said.contains("answered as docs/protocol.md says"), "\(url): \(said)")
                }
            }
        }
    }
}
