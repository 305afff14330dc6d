import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// What happens when a process of the gateway dies or hangs.
    @Suite struct FaultTests {
        private func expectLost(_ session: GatewaySession) {
            #expect(throws: ConnectError.self) { while true { _ = try session.receive(seconds: 60) } }
        }

        private func kill(_ helper: Helper, _ signal: Int32 = SIGKILL) throws {
            try ChildProcess(pid: helper.pid).signal(signal)
        }

        @Test func `a reader's death ends its sessions with a word, and another takes its place`() throws {
            try Gateway.run(base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let session = try gateway.session(Gateway.tls)
                let reader = try #require(gateway.helpers(.reader).first)
                try kill(reader)
                let error = #expect(throws: ConnectError.self) { try session.receive(seconds: 60) }
                guard case .goodbye(let outcome) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(outcome.code == GoodbyeReason.internalError)
                try eventually("there is a session again") { (try? gateway.session(Gateway.tls)) != nil }
                #expect(gateway.helpers(.reader).count == 1)
                #expect(gateway.helpers(.reader).first != reader)
                #expect(gateway.log.contains("started again"))
            }
        }

        @Test func `sessions on other readers don't notice`() throws {
            try Gateway.run { gateway in
                let sessions = try (0..<4).map { _ in try gateway.session() }
                try kill(try #require(gateway.helpers(.reader).first))
                var alive = 0
                for session in sessions
                where
                    (try? session.answer(
                        to: RouteRequest.link(index: 1, sequence: 2), sequence: 2)) != nil
                {
                    alive += 1
                }
                #expect(alive == 2)
            }
        }

        @Test func `a frontend's death ends its connections, and another takes its place`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let secure = try gateway.session(Gateway.tls)
                let local = try gateway.session()
                #expect(gateway.helpers(.broker).count == 2)
                try kill(try #require(gateway.helpers(.frontend).first))
                expectLost(secure)
                expectLost(local)
                try eventually("the brokers end with their sessions") { gateway.helpers(.broker).isEmpty }
                for url in [Gateway.tls, "unix://\(gateway.unixPath)"] {
                    try eventually("there is a session again") { (try? gateway.session(url)) != nil }
                }
            }
        }

        @Test func `a privileged broker's death ends its session alone`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let first = try gateway.session(Gateway.tls)
                let broker = try #require(gateway.helpers(.broker).first)
                let second = try gateway.session(Gateway.tls)
                try kill(broker)
                expectLost(first)
                try second.ping()
                #expect(try second.answer(to: RouteRequest.link(index: 1, sequence: 2), sequence: 2).messages == 1)
                #expect(try gateway.session(Gateway.tls).welcome.isPrivileged)
                // One death of a session's process is no reason to think of giving up.
                #expect(try !gateway.supervisor.hasEnded())
            }
        }

        @Test func `a process that hangs stops neither the others nor the end`() throws {
            try Gateway.run(base: ["--frontends", "2", "--readers", "2"]) { gateway in
                let held = try (0..<4).map { _ in try gateway.session() }
                try kill(try #require(gateway.helpers(.reader).first), SIGSTOP)
                let working = held.filter { session in
                    (try? session.answer(to: RouteRequest.link(index: 1, sequence: 2), sequence: 2, seconds: 2)) != nil
                }
                #expect(working.count == 2)
                try kill(try #require(gateway.helpers(.frontend).first), SIGSTOP)
                // New connections may be given to the process that hangs; others are served.
                try eventually("somebody is served") { (try? gateway.session(Gateway.tls, timeout: 2)) != nil }
                // stop() demands exit status 0 and that nothing is left, the stopped ones included.
            }
        }

        @Test func `a reader that takes no session is ended and replaced`() throws {
            try Gateway.run(base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let hanging = try #require(gateway.helpers(.reader).first)
                try kill(hanging, SIGSTOP)
                #expect(throws: ConnectError.self) { try gateway.session(timeout: 60) }
                try eventually("a reader serves again") { (try? gateway.session(timeout: 2)) != nil }
                #expect(gateway.helpers(.reader).map(\.pid) != [hanging.pid])
            }
        }

        @Test func `the supervisor's death leaves no process behind`() throws {
            for signal in [SIGKILL, SIGSEGV] {
                let namespace = try Namespace()
                try namespace.enter {
                    let gateway = try Gateway(Gateway.usual + ["--policy", "builtin:unrestricted"], listen: nil)
                    try gateway.waitUntilListening()
                    let session = try gateway.session(Gateway.tls)
                    let reader = try gateway.session(readOnly: true)
                    let helpers = gateway.helpers().map(\.pid)
                    #expect(helpers.count == 5)
                    try gateway.supervisor.child.signal(signal)
                    #expect(try gateway.supervisor.wait() == .signalled(signal))
                    try gateway.expectNoProcess(helpers)
                    expectLost(session)
                    expectLost(reader)
                    // The next one starts at once, although the path of the dead one is still there.
                    let next = try Gateway(Gateway.usual, listen: [Gateway.tls, "unix://\(gateway.unixPath)"])
                    try next.waitUntilListening()
                    _ = try gateway.session()
                    try next.stop()
                }
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `told to stop, it says goodbye to everybody`(signal: Int32) throws {
            try Namespace().enter {
                let gateway = try Gateway(Gateway.usual + ["--policy", "builtin:unrestricted"], listen: nil)
                try gateway.waitUntilListening()
                let sessions = [
                    try gateway.session(Gateway.tls), try gateway.session(), try gateway.session(readOnly: true),
                ]
                let idle = try RawClient(gateway)
                try idle.write(preface)
                let helpers = gateway.helpers().map(\.pid)
                #expect(helpers.count == 6)
                try gateway.supervisor.child.signal(signal)
                for session in sessions {
                    let error = #expect(throws: ConnectError.self) { try session.receive(seconds: 60) }
                    guard case .goodbye(let outcome) = error else {
                        Issue.record("\(String(describing: error))")
                        continue
                    }
                    #expect(outcome.code == GoodbyeReason.restart)
                    #expect(outcome.text.contains("stopping"))
                }
                #expect(try gateway.supervisor.wait() == .exited(0))
                try gateway.expectNoProcess(helpers)
                #expect(!FileManager.default.fileExists(atPath: gateway.unixPath))
            }
        }

        @Test func `a live socket's path is not taken away, a file's neither`() throws {
            try Gateway.run { gateway in
                let second = try Gateway(Gateway.usual, listen: ["unix://\(gateway.unixPath)"])
                #expect(try second.supervisor.wait() == .exited(1))
                #expect(second.log.contains(gateway.unixPath))
                #expect(second.log.contains("in use"))
                let file = try gateway.scratch.write("precious", to: "file")
                let third = try Gateway(Gateway.usual, listen: ["unix://\(file)"])
                #expect(try third.supervisor.wait() == .exited(1))
                #expect(text(ofFile: file) == "precious")
                try gateway.session().ping()
            }
        }

        @Test func `a gateway whose processes die all the time gives up, so that somebody notices`() throws {
            try Namespace().enter {
                let gateway = try Gateway(Gateway.usual, listen: nil)
                try gateway.waitUntilListening()
                try eventually("it gives up", seconds: 120) {
                    for helper in gateway.helpers(.reader) { try? kill(helper) }
                    return try gateway.supervisor.hasEnded()
                }
                #expect(gateway.supervisor.status == .exited(1))
                #expect(gateway.log.contains("giving up"))
                try gateway.expectNoProcess([])
            }
        }
    }
}
