import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Armed lists in a whole gateway, whatever becomes of its processes.
    @Suite struct GatewayRollbackTests {
        private let scratch: Scratch
        private var auditPath: String { scratch.path + "/audit.jsonl" }

        init() throws { scratch = try Scratch() }

        /// A gateway in whose namespace the link `nlg0` is.
        private func run(
            _ options: [String] = ["--policy", "builtin:unrestricted"], _ body: (Gateway) throws -> Void
        ) throws {
            try Gateway.run(options + ["--audit", auditPath], prepare: { try makeLinks("nlg0") }, body)
        }

        private func deletion() throws -> ArmRequest {
            try ArmRequest(seconds: 600, datagrams: [RouteWrite.delete(named: "nlg0")])
        }

        /// A session over TLS with a list that deletes the link.
        private func armed(_ gateway: Gateway) throws -> GatewaySession {
            let session = try gateway.session(Gateway.tls)
            #expect(try session.arm(tag: 7, deletion()).code == 0)
            return session
        }

        private func lines(_ event: String) throws -> [AuditLine] {
            try AuditLine.lines(auditPath).filter { $0.event == event }
        }

        private func reasons() throws -> [String] { try lines("rolled-back").map { $0["reason"] } }

        private func goodbye(_ session: GatewaySession) -> GatewayProtocol.Outcome? {
            do throws(ConnectError) {
                while true { _ = try session.receive(seconds: 60) }
            } catch {
                return if case .goodbye(let outcome) = error { outcome } else { nil }
            }
        }

        @Test func `on timeout: client, log and audit log are told, and the client can come again`() throws {
            try run { gateway in
                let session = try gateway.session(Gateway.tls)
                let list = try ArmRequest(
                    seconds: 1, datagrams: [RouteWrite.delete(named: "nlg0"), RouteWrite.delete(named: "nlg9")])
                #expect(try session.arm(tag: 7, list).code == 0)
                let end = try #require(goodbye(session))
                #expect(end.code == GoodbyeReason.rolledBack)
                #expect(end.text.hasPrefix("list 7 was not confirmed within 1 seconds"))
                #expect(try !linkExists("nlg0"))
                try eventually("the audit log has it") { try lines("session-end").count == 1 }
                let armed = try lines("armed")
                #expect(armed.count == 2)
                for line in armed {
                    #expect(line["operation"] == "DELLINK" && line["class"] == "write" && line["decision"] == "allow")
                    #expect(!line.keys.contains("errno"))
                }
                let sent = try lines("rolled-back")
                #expect(sent.map { $0["reason"] } == (1...2).map { "timeout: list 7, datagram \($0) of 2" })
                #expect(sent.map { $0["errno"] } == ["0", "\(ENODEV)"])
                #expect(sent.map { $0["target"] } == ["dev=nlg0", "dev=nlg9"])
                #expect(gateway.log.contains("timeout: list 7, 2 datagrams: sent, 1 of 2 changes made"))
                try gateway.session(Gateway.tls).ping()
            }
        }

        @Test func `confirmed: nothing is sent, the process dies with its supervisor again, and the audit log says so`()
            throws
        {
            try run { gateway in
                let session = try armed(gateway)
                #expect(try session.confirm(tag: 7).code == 0)
                #expect(try session.confirm(tag: 7).code == ENOENT)
                try session.reset(to: Hello(protocolNumber: 0))
                try eventually("the audit log has it") { try lines("session-end").count == 1 }
                #expect(try lines("confirmed").map { $0["reason"] } == ["list 7, 1 datagram"])
                #expect(try lines("rolled-back").isEmpty)
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `the connection is cut`() throws {
            try run { gateway in
                let client = try RawClient(RawClient.loopback)
                try client.startTLS(gateway.identities)
                try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
                try client.write(RawClient.frame(.arm, tag: 7, deletion().encode()))
                #expect(try client.nextFrame()?.header.kind == .welcome)
                #expect(try client.nextFrame()?.header.kind == .result)
                #expect(try linkExists("nlg0"))
                client.socket.shutdown(write: false)
                try eventually("it is sent") { try reasons() == ["connection: list 7, datagram 1 of 1"] }
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `a client that says goodbye without having confirmed`() throws {
            try run { gateway in
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                try client.write(RawClient.frame(.arm, tag: 7, deletion().encode()))
                #expect(try client.nextFrame()?.header.kind == .result)
                try client.write(RawClient.frame(.goodbye, Outcome(code: 0).encode()))
                try eventually("it is sent") { try reasons() == ["connection: list 7, datagram 1 of 1"] }
            }
        }

        @Test func `kill -9 of the frontend`() throws {
            try run { gateway in
                let session = try armed(gateway)
                let frontend = try #require(gateway.helpers(.frontend).first)
                try ChildProcess(pid: frontend.pid).signal(SIGKILL)
                try eventually("it is sent") { try reasons() == ["connection: list 7, datagram 1 of 1"] }
                #expect(try !linkExists("nlg0"))
                #expect(goodbye(session) == nil)
                try eventually("there is a session again") { (try? gateway.session(Gateway.tls)) != nil }
            }
        }

        @Test func `SIGTERM of the gateway waits for it, and the client hears what became of it`() throws {
            try Namespace().enter {
                try makeLinks("nlg0")
                let options = ["--policy", "builtin:unrestricted", "--audit", auditPath]
                let gateway = try Gateway(Gateway.usual + options, listen: nil)
                try gateway.waitUntilListening()
                let session = try armed(gateway)
                let other = try gateway.session()
                try gateway.supervisor.child.signal(SIGTERM)
                let end = try #require(goodbye(session))
                #expect(end.code == GoodbyeReason.restart)
                #expect(end.text == "the gateway is stopping; list 7, 1 datagram: sent, 1 of 1 changes made")
                #expect(goodbye(other)?.code == GoodbyeReason.restart)
                #expect(try gateway.supervisor.wait() == .exited(0))
                #expect(try reasons() == ["stop: list 7, datagram 1 of 1"])
                #expect(gateway.log.contains("nlgated: 1 armed list is undone before the gateway stops"))
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `kill -9 of the supervisor, and no process is left behind`() throws {
            try Namespace().enter {
                try makeLinks("nlg0")
                let gateway = try Gateway(Gateway.usual + ["--policy", "builtin:unrestricted"], listen: nil)
                try gateway.waitUntilListening()
                _ = try armed(gateway)
                let helpers = gateway.helpers().map(\.pid)
                try gateway.supervisor.child.signal(SIGKILL)
                #expect(try gateway.supervisor.wait() == .signalled(SIGKILL))
                try eventually("it is sent") { try !linkExists("nlg0") }
                try gateway.expectNoProcess(helpers)
                #expect(gateway.log.contains("list 7, 1 datagram: sent, 1 of 1 changes made"))
            }
        }

        @Test func `kill -9 of the supervisor once it is confirmed sends nothing`() throws {
            try Namespace().enter {
                try makeLinks("nlg0")
                let gateway = try Gateway(Gateway.usual + ["--policy", "builtin:unrestricted"], listen: nil)
                try gateway.waitUntilListening()
                let session = try armed(gateway)
                #expect(try session.confirm(tag: 7).code == 0)
                let helpers = gateway.helpers().map(\.pid)
                try gateway.supervisor.child.signal(SIGKILL)
                #expect(try gateway.supervisor.wait() == .signalled(SIGKILL))
                try gateway.expectNoProcess(helpers)
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `kill -9 of the broker loses it, and the gateway goes on`() throws {
            try run { gateway in
                let session = try armed(gateway)
                let broker = try #require(gateway.helpers(.broker).first)
                try ChildProcess(pid: broker.pid).signal(SIGKILL)
                #expect(goodbye(session)?.code == GoodbyeReason.internalError)
                try eventually("the audit log has the end") { try lines("session-end").count == 1 }
                #expect(try lines("armed").count == 1)
                #expect(try lines("rolled-back").isEmpty)
                #expect(try linkExists("nlg0"))
                try gateway.session(Gateway.tls).ping()
            }
        }

        // MARK: reload

        private func policy(_ operations: String) -> String {
            """
            clients: { noc: { common-name: "noc-7" } }
            roles: { noc: { read: { route: [GETLINK] }, write: { route: [\(operations)] }, extra: [self] } }
            bindings: [{ client: noc, roles: [noc] }]
            """
        }

        @Test func `a reload that takes the right away sends it first; one that doesn't, leaves it`() throws {
            let file = try PolicyText(policy("NEWLINK, SETLINK, DELLINK"))
            try run(file.options) { gateway in
                let session = try armed(gateway)
                try file.replace(with: policy("SETLINK, DELLINK"))
                #expect(try gateway.reload().contains("loaded:"))
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 5), sequence: 5).messages == 1)
                #expect(try linkExists("nlg0"))
                try file.replace(with: policy("SETLINK"))
                try gateway.reload()
                let end = try #require(goodbye(session))
                #expect(end.code == GoodbyeReason.rolledBack && end.text.hasPrefix("the policy changed"))
                try eventually("the audit log has it") { try reasons() == ["reload: list 7, datagram 1 of 1"] }
                #expect(try lines("rolled-back")[0]["errno"] == "0")
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `a reload that no longer knows the client sends it first`() throws {
            let file = try PolicyText(policy("SETLINK, DELLINK"))
            try run(file.options) { gateway in
                let session = try armed(gateway)
                try file.replace(with: policy("SETLINK, DELLINK").replacing("noc-7", with: "noc-8"))
                try gateway.reload()
                let end = try #require(goodbye(session))
                #expect(end.code == GoodbyeReason.revoked && end.text.contains("; list 7, 1 datagram: sent, 1 of 1"))
                try eventually("the audit log has it") { try reasons() == ["reload: list 7, datagram 1 of 1"] }
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `a revocation list with the client's certificate sends it first`() throws {
            let identities = try Identities()
            let victim = try identities.authority.issueClient(commonName: "victim", validity: Validity(days: 1))
            let options = ["--policy", "builtin:unrestricted", "--crl", try identities.revoke([], number: 1)]
            try Gateway.run(
                options + ["--audit", auditPath], identities: identities, prepare: { try makeLinks("nlg0", "nlg1") }
            ) { gateway in
                let session = try gateway.session(Gateway.tls, credentials: identities.credentials(victim))
                #expect(try session.arm(tag: 7, deletion()).code == 0)
                let other = try gateway.session(Gateway.tls)
                let list = try ArmRequest(seconds: 600, datagrams: [RouteWrite.delete(named: "nlg1")])
                #expect(try other.arm(tag: 8, list).code == 0)
                try gateway.supervisor.child.signal(SIGHUP)
                try eventually("the reload") { gateway.log.contains("key and certificates loaded") }
                #expect(try linkExists("nlg0"))

                try identities.revoke([serial(victim)], number: 2)
                try gateway.supervisor.child.signal(SIGHUP)
                let end = try #require(goodbye(session))
                #expect(end.code == GoodbyeReason.revoked)
                #expect(end.text.contains("; list 7, 1 datagram: sent, 1 of 1 changes made"), "\(end.text)")
                #expect(try !linkExists("nlg0"))
                try eventually("the audit log has it") { try lines("session-end").count == 1 }
                #expect(try reasons() == ["reload: list 7, datagram 1 of 1"])
                #expect(try linkExists("nlg1"), "another client's list")
                #expect(try other.confirm(tag: 8).code == 0)
            }
        }

        @Test func `a session that asked for reading only arms nothing`() throws {
            try run { gateway in
                let session = try gateway.session(Gateway.tls, readOnly: true)
                #expect(try session.arm(tag: 7, deletion()).code == EPERM)
                try session.ping()
            }
        }
    }
}
