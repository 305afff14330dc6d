import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// A policy that changes under live sessions.
    @Suite struct ReloadTests {
        private let link = RouteRequest.link(index: 1, sequence: 5)
        private let addresses = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 6)

        /// Uid 0 with this role, and beside it noc-7 with one that never changes.
        private func text(_ role: String, bindings: String = "") -> String {
            """
            clients: { root: { uid: 0 }, noc: { common-name: "noc-7" } }
            roles:
              steady: { read: { route: [GETLINK] } }
              role: { \(role) }
            bindings:
              - { client: noc, roles: [steady] }
              \(bindings.isEmpty ? "- { client: root, roles: [role] }" : bindings)
            """
        }

        private func code(_ session: GatewaySession, _ request: [UInt8], _ sequence: UInt32) throws -> Int32 {
            try session.answer(to: request, sequence: sequence).code
        }

        @Test func `a bad file changes nothing and says where it is bad`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                for (bad, place) in [
                    ("clients: [", ":"), (text("read: { route: [GETLNK] }"), ":5:"),
                    (
                        text("read: { route: [GETLINK] }") + "\ntests: [{ client: root, allow: \"route DELLINK\" }]",
                        ":9:"
                    ),
                ] {
                    try policy.replace(with: bad)
                    let verdict = try gateway.reload()
                    #expect(verdict.contains("not loaded") && verdict.contains("stays in force"), "\(verdict)")
                    #expect(gateway.log.contains(policy.path + place), "\(gateway.log)")
                    #expect(try session.answer(to: link, sequence: 5).messages == 1)
                    #expect(try gateway.session().welcome.roles == ["role"])
                }
                try FileManager.default.removeItem(atPath: policy.path)
                #expect(try gateway.reload().contains("No such file or directory; the one before stays in force"))
                try gateway.session().ping()
            }
        }

        @Test func `a right is gone, or there, from the next message on`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK, GETADDR] }"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                #expect(try code(session, addresses, 6) == 0)
                try policy.replace(with: text("read: { route: [GETLINK] }"))
                #expect(try gateway.reload().contains(" loaded: 2 clients, 2 roles, 2 bindings"))
                #expect(try code(session, addresses, 6) == 1)
                #expect(try session.answer(to: link, sequence: 5).messages == 1)
                try policy.replace(with: text("read: { route: [GETLINK, GETADDR] }"))
                try gateway.reload()
                #expect(try code(session, addresses, 6) == 0)
                // The same file again, and a change that doesn't concern the client.
                try gateway.reload()
                try policy.replace(with: text("read: { route: [GETLINK, GETADDR] }") + "\nnever: { interfaces: [x] }")
                try gateway.reload()
                #expect(try code(session, addresses, 6) == 0)
                #expect(try session.describe().contains { $0.contains("role") })
            }
        }

        @Test func `groups that are lost are left`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }, listen: { route: [LINK] }"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session(groups: [1])
                #expect(session.welcome.groups == [1])
                try ip("link set lo mtu 3000")
                #expect(try session.nextEvent().group == 1)
                try policy.replace(with: text("read: { route: [GETLINK] }"))
                try gateway.reload()
                // The broker has taken it over when it answers.
                #expect(try session.answer(to: link, sequence: 5).messages == 1)
                try ip("link set lo mtu 3001")
                #expect(throws: ConnectError.timedOut(seconds: 1)) { try session.nextEvent(seconds: 1) }
                #expect(try session.setMembership(group: 1, joined: true).code == 1)
            }
        }

        @Test func `a client that is gone from the policy is told and let go, others are not`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }"))
            try Gateway.run(policy: policy) { gateway in
                let gone = try gateway.session()
                let stays = try gateway.session(Gateway.tls)
                try policy.replace(
                    with: text("read: { route: [GETLINK] }", bindings: "- { client: noc, roles: [role] }"))
                try gateway.reload()
                let error = #expect(throws: ConnectError.self) { try gone.receive(seconds: 60) }
                guard case .goodbye(let outcome) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(outcome.code == GoodbyeReason.revoked)
                #expect(outcome.text == "the policy no longer knows this client")
                #expect(try gateway.refusal { try gateway.session() }.code == GoodbyeReason.policy)
                #expect(try stays.answer(to: link, sequence: 5).messages == 1)
            }
        }

        @Test func `a write that is granted to a session on a reader waits for the next session`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }"))
            let up = RouteRequest.setLink(index: 1, up: true, sequence: 4)
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                #expect(!session.welcome.isPrivileged)
                try policy.replace(
                    with: text("read: { route: [GETLINK, GETADDR] }, write: { route: [SETLINK, NEWLINK] }"))
                try gateway.reload()
                // The read is there, the write isn't.
                #expect(try code(session, addresses, 6) == 0)
                #expect(try code(session, up, 4) == 1)
                let next = try gateway.session()
                #expect(next.welcome.isPrivileged)
                #expect(try code(next, up, 4) == 0)
            }
        }

        @Test func `a privileged session that loses its writes stays where it is, with fewer grants`() throws {
            let writing = "read: { route: [GETLINK] }, write: { route: [SETLINK, NEWLINK] }"
            let policy = try PolicyText(text(writing))
            let up = RouteRequest.setLink(index: 1, up: true, sequence: 4)
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                let broker = gateway.helpers(.broker)
                #expect(broker.count == 1)
                #expect(try code(session, up, 4) == 0)
                try policy.replace(with: text("read: { route: [GETLINK] }"))
                try gateway.reload()
                #expect(try code(session, up, 4) == 1)
                #expect(try session.answer(to: link, sequence: 5).messages == 1)
                #expect(gateway.helpers(.broker) == broker)
                #expect(try !gateway.session().welcome.isPrivileged)
            }
        }

        @Test func `limits of a new policy hold for the next session`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }"))
            try Gateway.run(policy: policy) { gateway in
                let held = try (0..<2).map { _ in try gateway.session() }
                try policy.replace(with: text("read: { route: [GETLINK] }, limits: { sessions: 2 }"))
                try gateway.reload()
                #expect(try gateway.refusal { try gateway.session() }.text.contains("limit of 2 sessions"))
                for session in held { #expect(try session.answer(to: link, sequence: 5).messages == 1) }
            }
        }

        @Test func `a request that is being answered is answered to its end`() throws {
            let policy = try PolicyText(text("read: { route: [GETROUTE] }"))
            let scratch = try Scratch()
            let routes = (0..<20_000).map { "route add 10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)/32 dev lo" }
            try Gateway.run(policy: policy) { gateway in
                try ipBatch(routes, in: scratch)
                let session = try gateway.session()
                let dump = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 9)
                try session.send(dump)
                try policy.replace(with: text("read: { route: [GETLINK] }"))
                try gateway.reload()
                let answer = try session.answer(sequence: 9)
                #expect(answer.code == 0)
                #expect(answer.messages >= 20_000)
                #expect(try code(session, dump, 9) == 1)
            }
        }

        @Test func `a thousand reloads leave nothing behind`() throws {
            let policy = try PolicyText(text("read: { route: [GETLINK] }"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                try gateway.reload()
                // A keeper and a compiler come and go with each reload.
                func isCalm() -> Bool {
                    gateway.helpers(.keeper).count == 1 && gateway.helpers(.compiler).isEmpty
                        && gateway.log.contains("key and certificates loaded")
                }
                try eventually("the first reload is over") { isCalm() }
                let descriptors = try settled { try KernelTruth(gateway.pid).descriptors().count }
                func others() -> [Helper] { gateway.helpers().filter { $0.kind != .keeper } }
                let helpers = others()
                for round in 0..<1000 {
                    if round % 100 == 0 {
                        let rights = round % 200 == 0 ? "[GETLINK, GETADDR]" : "[GETLINK]"
                        try policy.replace(with: text("read: { route: \(rights) }"))
                    }
                    try gateway.supervisor.child.signal(SIGHUP)
                    usleep(1000)
                }
                #expect(try gateway.admin(2).first?.hasPrefix("ok ") == true)
                // One at a time, and those that ask meanwhile get the next one together.
                #expect(gateway.verdicts.count < 500)
                #expect(gateway.verdicts.allSatisfy { !$0.contains("not loaded") }, "\(gateway.log)")
                try eventually("the last compiler and the last keeper but one have ended") {
                    isCalm() && others() == helpers
                }
                // Those of a process that has just ended are closed a moment later.
                try eventually("the descriptors are those of before") {
                    try KernelTruth(gateway.pid).descriptors().count == descriptors
                }
                #expect(try session.answer(to: link, sequence: 5).messages == 1)
            }
        }
    }
}
