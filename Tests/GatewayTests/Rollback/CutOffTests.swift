import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// A change that cuts the client off, made over the very link that it cuts, undoes itself.
    @Suite struct CutOffTests {
        private static let url = "tls://10.9.0.1:7000"

        /// The gateway's namespace and the client's, with a veth between them; the client's own address is behind the
        /// other end's, so that the answers need the default route.
        private func run(_ body: (Gateway, _ server: Namespace, _ client: Namespace) throws -> Void) throws {
            let (server, client) = (try Namespace(), try Namespace())
            try client.enter {
                try ip("link add far0 type veth peer name near0")
                try ip("link set near0 netns \(server.path)")
                try ip("address add 10.9.0.2/24 dev far0")
                try ip("address add 192.0.2.9/32 dev lo")
                try ip("link set far0 up")
                try ip("route replace 10.9.0.0/24 dev far0 src 192.0.2.9")
            }
            try Gateway.run(
                ["--policy", "builtin:unrestricted"], listen: ["tls://10.9.0.1:7000"], in: server,
                prepare: {
                    try ip("address add 10.9.0.1/24 dev near0")
                    try ip("link set near0 up")
                    try ip("route add default via 10.9.0.2")
                }
            ) { gateway in try body(gateway, server, client) }
        }

        private struct Cut {
            let what: String
            let change: [UInt8]
            let undo: [[UInt8]]
            /// What `ip` says no more while the client is cut off.
            let question: String
            let answer: String
        }

        private func cuts() throws -> [Cut] {
            // `ip` also says on standard error that it can't ask the other namespace.
            let line = try ip("-o link show near0").split(separator: "\n").first { $0.contains("near0@") }
            let index = try #require(line?.split(separator: ":").first.flatMap { UInt32($0) })
            let route = try defaultRoute(index)
            let (add, delete) = (RouteRequest.newAddress, RouteWrite.delAddress)
            return [
                Cut(
                    what: "the link is taken down", change: RouteRequest.setLink(index: index, up: false, sequence: 9),
                    undo: [RouteRequest.setLink(index: index, up: true, sequence: 1), route],
                    question: "-o link show near0", answer: ",UP"),
                Cut(
                    what: "the address is removed",
                    change: try RouteWrite.address(delete, [10, 9, 0, 1], length: 24, index: index, sequence: 9),
                    undo: [try RouteWrite.address(add, [10, 9, 0, 1], length: 24, index: index, sequence: 1), route],
                    question: "-o address show near0", answer: " 10.9.0.1/24 "),
                Cut(
                    what: "the default route is removed",
                    change: message(RouteWrite.delRoute, .ack, sequence: 9, try defaultRouteBody(index)),
                    undo: [route], question: "route show default", answer: "via 10.9.0.2"),
            ]
        }

        /// RTM_NEWROUTE of the default route.
        private func defaultRoute(_ index: UInt32) throws -> [UInt8] {
            message(RouteRequest.newRoute, [.ack, .create, .replace], sequence: 2, try defaultRouteBody(index))
        }

        private func defaultRouteBody(_ index: UInt32) throws -> [UInt8] {
            var writer = MessageWriter()
            // RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST
            writer.append([2, 0, 0, 0, 254, 3, 0, 1])
            writer.append(UInt32(0))
            try writer.attribute(5, [10, 9, 0, 2])
            try writer.attribute(4, index)
            return writer.bytes
        }

        private func shows(_ cut: Cut, _ server: Namespace) throws -> Bool {
            try server.enter { try ip(cut.question).contains(cut.answer) }
        }

        private func refused(_ gateway: Gateway, _ client: Namespace) -> Bool {
            do {
                _ = try client.enter { try gateway.session(Self.url, timeout: 1) }
                return false
            } catch {
                return error is ConnectError
            }
        }

        private func cutAndComeBack(
            _ number: Int, _ cut: Cut, _ gateway: Gateway, _ server: Namespace, _ client: Namespace
        ) throws {
            #expect(try shows(cut, server), "\(cut.what)")
            let session = try client.enter { try gateway.session(Self.url) }
            let list = try ArmRequest(seconds: 5, datagrams: cut.undo)
            #expect(try session.arm(tag: 7, list).code == 0)
            // Its answer can't come.
            try session.send(cut.change)
            try eventually("\(cut.what)") { try !shows(cut, server) }
            #expect(refused(gateway, client), "\(cut.what)")
            try eventually("\(cut.what), and it is undone") { try shows(cut, server) }
            let route = try server.enter { try ip("route show default") }
            #expect(route.contains("via 10.9.0.2"), "\(cut.what)")
            try eventually("the log has it") {
                gateway.log.split(separator: "\n").count {
                    $0.hasPrefix("nlgate-broker: ") && $0.contains("timeout: list 7, ")
                } == number + 1
            }
        }

        @Test func `and the client can come again`() throws {
            try run { gateway, server, client in
                for (number, cut) in try server.enter(cuts).enumerated() {
                    try cutAndComeBack(number, cut, gateway, server, client)
                    let next = try client.enter { try gateway.session(Self.url) }
                    let answer = try next.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6)
                    #expect(answer.messages == 1)
                }
            }
        }

        @Test func `works before: without a list the client stays cut off`() throws {
            try run { gateway, server, client in
                let session = try client.enter { try gateway.session(Self.url) }
                let cut = try #require(try server.enter(cuts).last)
                try session.send(cut.change)
                try eventually("\(cut.what)") { try !shows(cut, server) }
                usleep(2_000_000)
                #expect(refused(gateway, client))
                #expect(try !shows(cut, server))
            }
        }
    }
}
