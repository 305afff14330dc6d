import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Who may write, and what becomes of a write that isn't allowed.
    @Suite struct PolicyTests {
        private func isUp(_ name: String) throws -> Bool { try ip("-o link show \(name)").contains(",UP") }

        @Test func `a write in a session of builtin:read-only is refused by the policy, with its words`() throws {
            try Gateway.run { gateway in
                for url in [Gateway.tls, "unix://\(gateway.unixPath)"] {
                    let session = try gateway.session(url)
                    let write = RouteRequest.setLink(index: 1, up: false, sequence: 4)
                    let silent = try session.answer(to: write, sequence: 4)
                    #expect(silent.code == 1)
                    #expect(silent.text == nil)
                    #expect(try session.setOption(.extendedAcks(true)).code == 0)
                    let answer = try session.answer(to: write, sequence: 4)
                    #expect(answer.code == 1)
                    let text = try #require(answer.text)
                    #expect(text.contains("nlgate: policy does not grant"))
                    #expect(text.contains("NEWLINK") || text.contains("SETLINK"))
                    #expect(text.contains("[denial "))
                    let next = try #require(try session.answer(to: write, sequence: 4).text)
                    #expect(next != text, "every denial has an id of its own")
                    #expect(try isUp("lo"))
                }
            }
        }

        @Test func `builtin:unrestricted writes, for a certificate and for uid 0`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                for (index, url) in [Gateway.tls, "unix://\(gateway.unixPath)"].enumerated() {
                    let session = try gateway.session(url)
                    #expect(session.welcome.isPrivileged)
                    #expect(session.welcome.roles.first?.contains("builtin:unrestricted") == true)
                    #expect(gateway.helpers(.broker).count == 1)
                    let answer = try session.answer(to: veth("nlgv\(index)", sequence: 3), sequence: 3)
                    #expect(answer.code == 0)
                    #expect(try ip("-o link show nlgv\(index)").contains("nlgv\(index)"))
                    #expect(try session.describe().contains("broker privileged"))
                }
                try eventually("the brokers end with their sessions") { gateway.helpers(.broker).isEmpty }
            }
        }

        /// RTM_NEWLINK for a veth pair whose other end the kernel names.
        private func veth(_ name: String, sequence: UInt32) throws -> [UInt8] {
            var writer = MessageWriter()
            writer.append(RouteRequest.interface(0))
            try writer.attribute(3, name)
            try writer.nest(18) { (writer: inout MessageWriter) throws(WireError) in try writer.attribute(1, "veth") }
            return message(RouteRequest.newLink, [.ack, .create, .exclusive], sequence: sequence, writer.bytes)
        }

        @Test func `the kernel's own refusal comes back with its words`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session()
                #expect(try session.setOption(.extendedAcks(true)).code == 0)
                #expect(try session.answer(to: veth("nlgv", sequence: 3), sequence: 3).code == 0)
                #expect(try session.answer(to: veth("nlgv", sequence: 3), sequence: 3).code == 17)
                let route = [
                    2, 32, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0, 8, 0, 1, 0, 192, 0, 2, 1, 8, 0, 5, 0, 203, 0, 113, 1,
                ]
                let answer = try session.answer(
                    to: message(RouteRequest.newRoute, [.ack, .create], sequence: 5, route.map { UInt8($0) }),
                    sequence: 5)
                #expect(answer.code != 0)
                #expect(answer.text?.contains("nlgate") == false, "\(answer)")
            }
        }

        @Test func `the read-only flag gives a reader, which refuses writes`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session(Gateway.tls, readOnly: true)
                #expect(!session.welcome.isPrivileged)
                #expect(gateway.helpers(.broker).isEmpty)
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 4)
                #expect(try session.answer(to: write, sequence: 4).code == 1)
                #expect(try isUp("lo"))
            }
        }

        @Test func `an anonymous client reads under builtin:unrestricted and no more`() throws {
            let options = ["--policy", "builtin:unrestricted", "--insecure-tcp"]
            try Gateway.run(options, listen: ["tcp://127.0.0.1:7001"]) { gateway in
                let session = try gateway.session("tcp://127.0.0.1:7001")
                #expect(!session.welcome.isPrivileged)
                #expect(session.welcome.roles == ["builtin:read-only"])
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 4)
                #expect(try session.answer(to: write, sequence: 4).code == 1)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 5), sequence: 5).messages == 1)
                #expect(try isUp("lo"))
            }
        }

        @Test func `a second message that is forbidden stops the first`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session()
                #expect(try session.setOption(.extendedAcks(true)).code == 0)
                // IFLA_NET_NS_PID: a process of another host can't be named.
                let foreign = message(
                    RouteRequest.newLink, .ack, sequence: 12,
                    RouteRequest.interface(1) + [8, 0, 19, 0, 1, 0, 0, 0])
                try session.send(RouteRequest.setLink(index: 1, up: false, sequence: 11) + foreign)
                let first = try session.answer(sequence: 11)
                #expect(first.code == 125)
                let second = try session.answer(sequence: 12)
                #expect(second.code == 1)
                #expect(second.text?.contains("[denial ") == true)
                #expect(try isUp("lo"))
                // Alone, the first is done.
                let alone = RouteRequest.setLink(index: 1, up: false, sequence: 13)
                #expect(try session.answer(to: alone, sequence: 13).code == 0)
                #expect(try !isUp("lo"))
            }
        }

        @Test func `a malformed message is EINVAL and the session goes on`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session()
                // An attribute that reaches behind the message.
                let attribute = message(
                    RouteRequest.getLink, [], sequence: 6, RouteRequest.interface(1) + [40, 0, 3, 0, 0x61, 0, 0, 0])
                #expect(try session.answer(to: attribute, sequence: 6).code == 22)
                // Bytes behind the last message: the message itself is not sent either.
                let trailing = RouteRequest.link(index: 1, sequence: 7) + [1, 2, 3, 4]
                #expect(try session.answer(to: trailing, sequence: 7).code == 125)
                // A length that reaches behind the datagram: nobody can be answered, or the sender is.
                try session.send(
                    message(RouteRequest.getLink, [], sequence: 8, RouteRequest.interface(1), length: 4000))
                try session.ping()
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 9), sequence: 9).messages == 1)
            }
        }
    }
}
