import Foundation
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Warnings of ends that come near: in the log, by doctor and by status, of the same things.
    @Suite struct ExpiryTests {
        private let identities: Identities
        private let now = Clock.unixSeconds()

        init() throws { identities = try Identities() }

        /// A certificate of the server and a revocation list, each as old as this and with so much before it, in minutes.
        private func write(age: Int64, left: Int64) throws {
            let span = Validity(notBefore: now - age * 60, notAfter: now + left * 60)
            let server = try identities.authority.issueServer(names: ["localhost", "127.0.0.1"], validity: span)
            try identities.scratch.write(server.certificate, to: "server.crt", mode: 0o644)
            try identities.scratch.write(server.key, to: "server.key")
            let list = try identities.authority.revocationList(serials: [], number: Int(age), validity: span)
            try identities.scratch.write(list, to: "ca.crl")
        }

        private func warnings(_ gateway: Gateway) -> [String] {
            gateway.log.split(separator: "\n").filter { $0.contains("warning: the ") }.map(String.init)
        }

        private func said(_ gateway: Gateway, _ command: String) throws -> String {
            try result(of: program("nlgate"), [command, "--admin", gateway.scratch.path + "/admin.sock"]).output
        }

        /// Puts other files into force.
        private func reload(_ gateway: Gateway, _ count: Int) throws {
            try gateway.supervisor.child.signal(SIGHUP)
            try eventually("the files are loaded") {
                gateway.log.components(separatedBy: "key and certificates loaded").count == count + 1
            }
        }

        @Test func `in the last third of its time, and in the last thirty days at most`() throws {
            // An hour, nearly all of it left, as programs that issue certificates all the time have it.
            try write(age: 5, left: 55)
            try Gateway.run(["--crl", identities.scratch.path + "/ca.crl"], identities: identities) { gateway in
                try gateway.session(Gateway.tls).ping()
                #expect(warnings(gateway) == [])
                #expect(try !said(gateway, "status").contains("SOON"))
                let calm = try said(gateway, "doctor")
                #expect(calm.contains("  the server's certificate ends at ") && calm.contains(" minutes)"))
                #expect(!calm.contains("nlgate pki"), "\(calm)")

                try write(age: 50, left: 10)
                try reload(gateway, 1)
                try eventually("both warnings") { warnings(gateway).count == 2 }
                #expect(warnings(gateway)[0].contains("the server's certificate ends at "))
                #expect(warnings(gateway)[0].contains("nlgate pki renew"))
                #expect(warnings(gateway)[1].contains("the revocation list ends at "))
                #expect(try said(gateway, "status").components(separatedBy: " SOON ").count == 3)
                let near = try said(gateway, "doctor")
                #expect(near.contains("    get a new one ('nlgate pki renew DIR NAME'"), "\(near)")
                #expect(near.contains("    after its end nobody is admitted"), "\(near)")

                // Years, with a little more than thirty days left, then a little less.
                for (left, count) in [(Int64(31), 2), (29, 4)] {
                    try write(age: 3 * 365 * 1440, left: left * 1440)
                    try reload(gateway, left == 31 ? 2 : 3)
                    try eventually("\(left) days left") { warnings(gateway).count == count }
                    #expect(try said(gateway, "status").components(separatedBy: " SOON ").count == count - 1)
                }
            }
        }
    }
}
