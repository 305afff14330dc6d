import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import RemoteNetlink
import Synchronization
import Testing

extension GatewayTests {
    /// A gateway beside a program.
    @Suite struct ServeTests {
        /// The daemon's options with ids that nobody else uses.
        private func options(_ listen: [String]) throws -> GatewayServer.Options {
            let identities = try Identities.shared.get()
            var options = GatewayServer.Options(
                listen: listen, key: identities.keyPath, certificate: identities.certificatePath,
                authority: identities.authorityPath)
            options.arguments = [
                "--frontends", "1", "--readers", "1", "--uid-base", "\(1_000_000 + Int(getpid()) * 8)",
            ]
            options.executable = try program("nlgated")
            return options
        }

        private func client(_ url: String) async throws -> IPRoute {
            let identities = try Identities.shared.get()
            let files = try identities.clientFiles()
            return try await IPRoute(
                host: url, key: files.key, cert: files.certificate, ca: identities.authorityPath)
        }

        @Test func `it serves the namespace of the thread that started it, and stops with its object`() async throws {
            let scratch = try Scratch()
            let namespace = try LocalConnectionTests.furnished()
            let log = Lines()
            var server: GatewayServer? = try namespace.enter {
                try GatewayServer(options(["unix://\(scratch.path)/s.sock"])) { log.add($0) }
            }
            try await server?.ready()
            let pid = try #require(server?.pid)
            #expect(server?.executable.hasSuffix("/nlgated") == true)
            let ip = try await client("unix://\(scratch.path)/s.sock")
            #expect(try await ip.links().contains { $0.name == "nlgbr" })
            let children = helpers(of: pid)
            #expect(children.count >= 2)
            server = nil
            try eventually("everything has ended") { !isRunning(pid) && children.allSatisfy { !isRunning($0) } }
            #expect(log.all.contains { $0.contains("listening on") })
            let error = await #expect(throws: NetlinkError.self) { try await ip.links() }
            guard case .connection(.goodbye(let outcome)) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(outcome.code == GoodbyeReason.restart)
        }

        @Test func `stop waits for its end`() async throws {
            let port = try freePort()
            let server = try GatewayServer(options(["tls://127.0.0.1:\(port)"])) { _ in }
            try await server.ready()
            #expect(try await client("tls://127.0.0.1:\(port)").links().isEmpty == false)
            await server.stop()
            #expect(!isRunning(server.pid))
            #expect(await server.wait() == .exited(0))
            await server.stop()
        }

        @Test func `serve() is what the manual says`() async throws {
            let port = try freePort()
            let identities = try Identities.shared.get()
            let server = try await IPRoute().serve(
                "tls://127.0.0.1:\(port)", key: identities.keyPath, cert: identities.certificatePath,
                ca: identities.authorityPath, executable: try program("nlgated"))
            #expect(try await client("tls://127.0.0.1:\(port)").links().isEmpty == false)
            await server.stop()
        }

        @Test func `what can't start says why`() async throws {
            var nowhere = try options(["unix://@x"])
            nowhere.executable = "/nonexistent/nlgated"
            #expect(throws: GatewayServerError.notFound(["/nonexistent/nlgated"])) { try GatewayServer(nowhere) }
            nowhere.executable = "/etc/passwd"
            #expect(throws: GatewayServerError.system("/etc/passwd", Errno(rawValue: EACCES))) {
                try GatewayServer(nowhere)
            }
            var wrong = try options(["tls://127.0.0.1:\(try freePort())"])
            wrong.key = "/nonexistent/key"
            let server = try GatewayServer(wrong) { _ in }
            let error = await #expect(throws: GatewayServerError.self) { try await server.ready() }
            guard case .ended(.exited(1)?, let log) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(log.contains { $0.contains("/nonexistent/key") })
            await server.stop()
        }

        @Test func `it goes when the program is killed`() throws {
            // A program of its own: this one can't be killed.
            let scratch = try Scratch()
            let command = [
                "exec 3<>/dev/null; mkfifo \(scratch.path)/f; (sleep 600) >\(scratch.path)/f &",
                "echo $! >\(scratch.path)/pid; exec \(try program("nlgated")) --stop-on-eof --admin none",
                "--frontends 1 --readers 1 --uid-base \(1_000_000 + Int(getpid()) * 8)",
                "--listen unix://\(scratch.path)/s.sock <\(scratch.path)/f",
            ].joined(separator: " ").replacing("; (", with: "; (")
            let shell = try RunningTool("/bin/sh", ["-c", command], log: scratch.path + "/log")
            try eventually("it listens") { text(ofFile: scratch.path + "/log").contains("listening on") }
            #expect(try !shell.hasEnded())
            let holder = try #require(Int32(text(ofFile: scratch.path + "/pid").trimmingCharacters(in: .newlines)))
            kill(holder, SIGKILL)
            #expect(try shell.wait() == .exited(0))
            #expect(helpers(of: shell.child.pid).isEmpty)
        }

        /// Processes that a supervisor started.
        private func helpers(of pid: Int32) -> [Int32] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.compactMap { Int32($0) }.filter { other in
                text(ofFile: "/proc/\(other)/cmdline").split(separator: "\0").contains("supervisor=\(pid)")
            }
        }
    }
}

/// Lines of a log.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
