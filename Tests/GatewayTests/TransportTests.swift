import GatewayProtocol
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The ways in.
    @Suite struct TransportTests {
        private func expectLinks(_ session: GatewaySession) throws {
            let answer = try session.answer(to: RouteRequest.dump(RouteRequest.getLink, header: 16), sequence: 1)
            #expect(try answer.types().allSatisfy { $0 == RouteRequest.newLink })
            #expect(answer.messages > 0)
        }

        @Test func `tls and a Unix path, each with its identity`() throws {
            try Gateway.run { gateway in
                let tls = try gateway.session(Gateway.tls)
                try expectLinks(tls)
                #expect(tls.welcome.identity.contains("CN=noc-7"))
                #expect(tls.welcome.roles == ["builtin:read-only"])
                #expect(!tls.welcome.isPrivileged)
                let local = try gateway.session()
                try expectLinks(local)
                #expect(local.welcome.identity == "uid=0 gid=0")
                #expect(local.welcome.portID != 0)
                #expect(!local.welcome.kernelRelease.isEmpty)
                #expect(local.welcome.serverVersion == "0.1.0")
            }
        }

        @Test func `ssl is another word for tls`() throws {
            try Gateway.run(listen: ["ssl://127.0.0.1:7000"]) { gateway in
                try expectLinks(gateway.session("ssl://127.0.0.1:7000"))
            }
        }

        @Test func `an abstract Unix name`() throws {
            try Gateway.run(listen: ["unix://@nlgate-test"]) { gateway in
                try expectLinks(gateway.session("unix://@nlgate-test"))
            }
        }

        @Test func `plain TCP when it is asked for, and then anonymous`() throws {
            try Gateway.run(["--insecure-tcp"], listen: ["tcp://127.0.0.1:7001"]) { gateway in
                let session = try gateway.session("tcp://127.0.0.1:7001")
                try expectLinks(session)
                #expect(session.welcome.identity == "anonymous")
                #expect(gateway.log.contains("--insecure-tcp"))
            }
        }

        @Test func `IPv6 and IPv4, several listeners at once`() throws {
            let urls = ["tls://[::1]:7000", "tls://127.0.0.1:7000", "tls://127.0.0.1:7002", "unix://DIR/a.sock"]
            try Gateway.run(listen: urls) { gateway in
                for url in urls {
                    try expectLinks(gateway.session(url.replacing("DIR", with: gateway.scratch.path)))
                }
            }
        }

        @Test func `the wildcards of both families side by side`() throws {
            try Gateway.run(listen: ["tls://[::]:7000", "tls://0.0.0.0:7000"]) { gateway in
                try expectLinks(gateway.session("tls://[::1]:7000"))
                try expectLinks(gateway.session("tls://127.0.0.1:7000"))
            }
        }

        @Test func `a link-local address with its zone`() throws {
            func prepare() throws {
                try ip("link add nlgA type veth peer name nlgB")
                try ip("link set nlgA up")
                try ip("link set nlgB up")
                for end in ["nlgA 4", "nlgB 5"].map({ $0.split(separator: " ") }) {
                    try ip("addr add fe80::\(end[1])/64 dev \(end[0]) nodad")
                }
            }
            let url = "tcp://[fe80::4%nlgA]:7003"
            try Gateway.run(["--insecure-tcp"], listen: [url], prepare: prepare) { gateway in
                #expect(gateway.log.contains("fe80::4%"))
                try expectLinks(gateway.session(url))
            }
        }

        @Test func `the reader's protocols, and no other`() throws {
            try Gateway.run { gateway in
                #expect(try gateway.session(nil, 16).welcome.portID != 0)
                let outcome = try gateway.refusal { try gateway.session(nil, 9) }
                #expect(outcome.code == GoodbyeReason.policy)
                #expect(outcome.text.contains("netlink protocol 9"))
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `PING, DESCRIBE and what they tell`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls)
                for _ in 0..<20 { try session.ping() }
                let lines = try session.describe()
                #expect(lines.contains { $0.contains("CN=noc-7") })
                #expect(lines.contains("broker reader"))
                #expect(lines.contains { $0.contains("route") && $0.contains("GETLINK") }, "\(lines)")
            }
        }
    }
}
