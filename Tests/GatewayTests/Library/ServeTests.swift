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

        @Test func `it outlives the thread that started it`() async throws {
            let scratch = try Scratch()
            let url = "unix://\(scratch.path)/s.sock"
            let options = try options([url])
            let made = Mutex<GatewayServer?>(nil)
            let thread = Thread { made.withLock { $0 = try? GatewayServer(options) { _ in } } }
            thread.start()
            try eventually("the thread is over") { thread.isFinished }
            let server = try #require(made.withLock { $0.take() })
            try await server.ready()
            for _ in 0..<2 {
                #expect(try await client(url).links().isEmpty == false)
                try await Task.sleep(for: .milliseconds(100))
            }
            await server.stop()
        }

        /// A program of its own that serves; this one can't be killed.
        private func start(_ executable: String? = nil, _ environment: [String] = []) throws -> ServingProgram {
            try ServingProgram(try program("serve-program"), environment, executable)
        }

        @Test func `it ends with its program, however that ends, and has nothing of the program's open`() throws {
            for signal in [SIGKILL, SIGTERM] {
                let running = try start()
                let pid = try running.gateway()
                let processes = [pid] + helpers(of: pid)
                #expect(processes.count >= 3)
                for process in processes {
                    let folder = "/proc/\(process)/fd"
                    let open = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
                        try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + name)
                    }
                    #expect(!open.isEmpty && !open.contains { $0.contains(running.scratch.path) }, "\(open)")
                }
                try running.tool.child.signal(signal)
                #expect(try running.tool.wait() == .signalled(signal))
                try eventually("every process has ended") { processes.allSatisfy { !isRunning($0) } }
            }
        }

        @Test func `the daemon's file is the one named, else the variable's, else beside the program`() throws {
            let scratch = try Scratch()
            let real = try program("nlgated")
            let (named, variable) = (scratch.path + "/named", scratch.path + "/variable")
            for path in [named, variable] {
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: real)
            }
            for (executable, environment, expected) in [
                (named, ["NLGATE_NLGATED=\(variable)"], named), (nil, ["NLGATE_NLGATED=\(variable)"], variable),
                (nil, [], real), (nil, ["NLGATE_NLGATED="], real),
            ] {
                let running = try start(executable, environment)
                _ = try running.gateway()
                #expect(running.tool.log.contains(" \(expected)\n"), "\(running.tool.log)")
            }
            let nowhere = try start(nil, ["NLGATE_NLGATED=/nonexistent/nlgated"])
            #expect(try nowhere.tool.wait() == .exited(1))
            #expect(nowhere.tool.log.contains("error there is no nlgated at /nonexistent/nlgated; name it"))
            // A program that has none beside it; where one is installed, that one is found.
            let lone = scratch.path + "/lone-program"
            try FileManager.default.copyItem(atPath: try program("serve-program"), toPath: lone)
            let other = try ServingProgram(lone, [], nil)
            if FileManager.default.fileExists(atPath: "/usr/sbin/nlgated") {
                _ = try other.gateway()
                #expect(other.tool.log.contains(" /usr/sbin/nlgated\n"))
            } else {
                #expect(try other.tool.wait() == .exited(1))
                #expect(other.tool.log.contains("there is no nlgated at \(scratch.path)/nlgated, /usr/sbin/nlgated;"))
            }
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

/// A program that serves, with the gateway that it started.
private final class ServingProgram {
    let scratch: Scratch
    let tool: RunningTool

    init(_ path: String, _ environment: [String], _ executable: String?) throws {
        scratch = try Scratch()
        let identities = try Identities.shared.get()
        let words = [
            "unix://\(scratch.path)/s.sock", identities.keyPath, identities.certificatePath, identities.authorityPath,
        ]
        tool = try RunningTool(
            "/usr/bin/env", environment + [path] + words + (executable.map { [$0] } ?? []),
            log: scratch.path + "/log")
    }

    deinit {
        try? tool.child.signal(SIGKILL)
        _ = try? tool.wait()
    }

    /// Process id of the daemon, as soon as it listens.
    func gateway() throws -> Int32 {
        try eventually("it serves, or says why not") {
            try tool.log.contains("serving ") || tool.hasEnded()
        }
        let line = try #require(tool.log.split(separator: "\n").first { $0.hasPrefix("serving ") }, "\(tool.log)")
        return try #require(Int32(line.split(separator: " ")[1]))
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
