import Foundation
import Glibc
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// What a service manager such as systemd gives the daemon, and is told by it.
    @Suite struct ServiceManagerTests {
        /// Makes sockets from 3 on, says so in the environment, and becomes the daemon.
        private static let launcher = """
            import os, socket, sys
            specs, log = sys.argv[1], sys.argv[2:]
            made = []
            for spec in filter(None, specs.split(",")):
                name, where = spec.split("=", 1)
                if name.startswith("unix") or where.startswith("/"):
                    s = socket.socket(socket.AF_UNIX)
                    s.bind(where)
                else:
                    s = socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET)
                    s.bind((where, 7000))
                if not name.startswith("idle-"):
                    s.listen()
                made.append((name.removeprefix("idle-"), s))
            kept = [(name, os.dup(s.fileno())) for name, s in made]
            kept = [(name, os.dup2(fd, 40 + i)) for i, (name, fd) in enumerate(kept)]
            for i, (name, fd) in enumerate(kept):
                os.dup2(fd, 3 + i)
            pid = str(os.getpid() + int(os.environ.get("OFF", "0")))
            env = {"LISTEN_PID": pid, "LISTEN_FDS": str(len(kept)), "LISTEN_FDNAMES": ":".join(n for n, _ in kept),
                   "WATCHDOG_PID": pid, "WATCHDOG_USEC": "2000000", "NOTIFY_SOCKET": os.environ["TO"],
                   "SECRET": "is not handed on"}
            os.execve(log[0], log, env)
            """

        private final class Managed {
            let scratch: Scratch
            let daemon: RunningTool
            let notifications: Descriptor
            private(set) var told = ""

            init(_ sockets: String, _ options: [String] = [], off: Int = 0) throws {
                scratch = try Scratch()
                let directory = scratch.path
                let address = try SocketAddress(unix: directory + "/notify", abstract: false)
                notifications = try Descriptor.datagramSocket(for: address)
                try notifications.bind(to: address)
                let identities = try Identities.shared.get()
                let words = ["--admin", "none", "--frontends", "1", "--readers", "2", "--uid-base", "1100000"]
                daemon = try RunningTool(
                    try #require(toolPath("env")),
                    ["TO=\(directory)/notify", "OFF=\(off)", try #require(toolPath("python3")), "-c", launcher]
                        + [sockets.replacing("DIR", with: directory), try program("nlgated")]
                        + identities.daemonOptions + words + options,
                    log: directory + "/log")
            }

            /// Everything that was said until now.
            func listen() throws -> String {
                var buffer = [UInt8](repeating: 0, count: 4096)
                while case .bytes(let count) = try notifications.receive(into: &buffer, count: 4096) {
                    told += String(decoding: buffer[..<count], as: UTF8.self) + "\n--\n"
                }
                return told
            }

            func stop() throws {
                try daemon.child.signal(SIGTERM)
                let status = try daemon.wait()
                #expect(status == .exited(0), "\(daemon.log)")
            }
        }

        @Test func `sockets are taken over, readiness, reload, signs of life and the end are told`() throws {
            try Namespace().enter {
                let managed = try Managed("tls=127.0.0.1,tls=::1,unix=DIR/s.sock")
                try eventually("READY") { try managed.listen().contains("READY=1\nSTATUS=serving") }
                let early = try managed.listen()
                #expect(!early.contains("RELOADING") && !early.contains("STOPPING"))
                let identities = try Identities.shared.get()
                let files = try Scratch()
                let client = [
                    "--key", try files.write(identities.client.key, to: "client.key"),
                    "--cert", try files.write(identities.client.certificate, to: "client.crt"),
                    "--ca", identities.authorityPath,
                ]
                for url in ["tls://127.0.0.1:7000", "tls://[::1]:7000", "unix://\(managed.scratch.path)/s.sock"] {
                    let words = ["link", "--json", "-H", url] + (url.hasPrefix("tls") ? client : [])
                    let shown = try result(of: program("nlgate"), words)
                    #expect(
                        shown.status == .exited(0) && shown.output.contains("\"ifname\":\"lo\""),
                        "\(url): \(shown.output)")
                }
                try eventually("WATCHDOG, more than once") {
                    try managed.listen().components(separatedBy: "WATCHDOG=1").count > 2
                }
                let environment = text(ofFile: "/proc/\(managed.daemon.child.pid)/environ")
                #expect(environment == "SWIFT_BACKTRACE=enable=no\0")
                try managed.daemon.child.signal(SIGHUP)
                try eventually("the reload's end") {
                    let parts = try managed.listen().components(separatedBy: "RELOADING=1\nMONOTONIC_USEC=")
                    return parts.count == 2 && parts[1].contains("READY=1")
                }
                // Whoever waits for the end of a reload may count on all of it.
                #expect(managed.daemon.log.contains("policy builtin:read-only loaded"), "\(managed.daemon.log)")
                #expect(managed.daemon.log.contains("key and certificates loaded"))
                try managed.stop()
                #expect(try managed.listen().contains("STOPPING=1"))
                #expect(FileManager.default.fileExists(atPath: managed.scratch.path + "/s.sock"), "it isn't ours")
            }
        }

        @Test(arguments: [
            ("http=127.0.0.1", "FileDescriptorName= has to be tls"), ("tcp=127.0.0.1", "--insecure-tcp"),
            ("unix=DIR/a,tls=DIR/b", "is bound to"), ("idle-tls=127.0.0.1", "(tls): "),
            ("kept-http-1=127.0.0.1", "is called kept-http-1"), ("kept-tls=127.0.0.1", "is called kept-tls"),
            ("kept-tls-01=127.0.0.1", "is called kept-tls-01"),
        ])
        func `a socket of another kind stops the start`(sockets: String, text: String) throws {
            try Namespace().enter {
                let managed = try Managed(sockets)
                let status = try managed.daemon.wait()
                #expect(status == .exited(text == "--insecure-tcp" ? 2 : 1))
                #expect(managed.daemon.log.contains(text), "\(managed.daemon.log)")
                let told = try managed.listen()
                #expect(!told.contains("READY"))
            }
        }

        @Test func `sockets for another process are not touched`() throws {
            try Namespace().enter {
                let managed = try Managed("tls=127.0.0.1", off: 1)
                let status = try managed.daemon.wait()
                #expect(status == .exited(2))
                #expect(managed.daemon.log.contains("at least one --listen URL is needed"), "\(managed.daemon.log)")
            }
        }
    }
}
