import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// `nlgate tunnel`: bytes from a local socket to TLS and back.
    @Suite struct TunnelTests {
        private func files(_ gateway: Gateway) throws -> [String] {
            let identities = gateway.identities
            let scratch = gateway.scratch
            return [
                "--cert", try scratch.write(identities.client.certificate, to: "client.crt"),
                "--key", try scratch.write(identities.client.key, to: "client.key"),
                "--ca", identities.authorityPath,
            ]
        }

        /// Starts a tunnel on `DIR/t.sock`, or where `listen` says.
        private func start(
            _ gateway: Gateway, listen: String? = nil, host: String = Gateway.tls, _ more: [String] = []
        ) throws -> RunningTool {
            let tunnel = try RunningTool(
                program("nlgate"),
                ["tunnel", "--listen", listen ?? "unix://" + path(gateway), "-H", host] + files(gateway) + more,
                log: gateway.scratch.path + "/tunnel-\(UUID().uuidString)")
            try eventually("the tunnel listens") {
                if try tunnel.hasEnded() { throw ToolFailure(description: "the tunnel ended: \(tunnel.log)") }
                return tunnel.log.contains("listening on")
            }
            return tunnel
        }

        private func path(_ gateway: Gateway) -> String { gateway.scratch.path + "/t.sock" }

        private func address(_ gateway: Gateway) throws -> SocketAddress {
            try SocketAddress(unix: path(gateway), abstract: false)
        }

        private func stop(_ tunnel: RunningTool, _ signal: Int32 = SIGTERM) throws {
            try tunnel.child.signal(signal)
            #expect(try tunnel.wait() == .exited(0), "\(tunnel.log)")
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `native, raw and control clients at once, under the tunnel's certificate`(signal: Int32) throws {
            try Gateway.run { gateway in
                let tunnel = try start(gateway)
                let status = try FileStatus(ofPath: path(gateway))
                #expect(status.kind == .socket && status.permissions == 0o600)
                let native = try gateway.session("unix://" + path(gateway))
                #expect(native.welcome.identity.contains("CN=noc-7"))
                let link = MessageStreamClient.request(RouteRequest.link(index: 1, sequence: 4))
                let raw = try MessageStreamClient(address(gateway))
                let control = try MessageStreamClient(address(gateway))
                try raw.raw.write(link)
                try control.raw.write(MessageStreamClient.control(0) + link)
                #expect(try control.next()?.bytes == MessageStreamClient.yes)
                for client in [raw, control] { #expect(try client.answer(4).types == [RouteRequest.newLink]) }
                for _ in 0..<20 { try native.ping() }
                try stop(tunnel, signal)
                #expect(throws: Errno.self) { try FileStatus(ofPath: path(gateway)) }
                try raw.raw.waitForEnd()
            }
        }

        @Test func `large dumps with a slow reader, and a half-closed client`() throws {
            func prepare() throws {
                try ipBatch(
                    (0..<20_000).map { "route add blackhole 10.\($0 >> 8 & 255).\($0 & 255).0/24" }, in: Scratch())
            }
            try Gateway.run(prepare: prepare) { gateway in
                let tunnel = try start(gateway)
                let slow = try MessageStreamClient(address(gateway))
                let dump = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 1)
                try slow.raw.write(MessageStreamClient.request(dump))
                let closed = try MessageStreamClient(address(gateway))
                try closed.raw.write(MessageStreamClient.request(dump))
                closed.raw.endOutput()
                #expect(try closed.answer(1).types.count >= 20_000)
                #expect(try slow.answer(1).types.count >= 20_000)
                // A tunnel holds a few reads of each client, not what it hasn't read.
                #expect(try #require(Gateway.status("VmHWM", of: tunnel.child.pid)) < 64 * 1024)
                try stop(tunnel)
            }
        }

        @Test func `a gateway that isn't there, or doesn't want the certificate, ends the client, not the tunnel`()
            throws
        {
            try Gateway.run { gateway in
                let nowhere = try start(gateway, host: "tls://127.0.0.1:7009")
                for _ in 0..<3 { try RawClient(address(gateway)).waitForEnd() }
                #expect(nowhere.log.contains("can't connect to 127.0.0.1:7009"), "\(nowhere.log)")
                try stop(nowhere)
                let misnamed = try start(gateway, host: "tls://127.0.0.2:7000")
                try RawClient(address(gateway)).waitForEnd()
                #expect(misnamed.log.split(separator: "\n").count >= 2, "\(misnamed.log)")
                try stop(misnamed)
            }
        }

        @Test func `other users are turned away`() throws {
            let python = try #require(toolPath("python3"), "python3 is needed to become another user")
            try Gateway.run { gateway in
                let tunnel = try start(gateway)
                // The path would keep them out already.
                try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path(gateway))
                let script =
                    "import os,socket,sys; os.setuid(int(sys.argv[2])); s=socket.socket(socket.AF_UNIX); "
                    + "s.connect(sys.argv[1]); sys.exit(len(s.recv(10)) != 0)"
                let other = try result(of: python, ["-c", script, path(gateway), "65534"])
                #expect(other.status == .exited(0) || other.output.contains("reset"), "\(other.output)")
                try eventually("the tunnel says so") { tunnel.log.contains("uid 65534 was turned away") }
                try gateway.session("unix://" + path(gateway)).ping()
                try stop(tunnel)
            }
        }

        @Test func `a TCP port only when it is asked for, and on this host only`() throws {
            try Gateway.run { gateway in
                let tunnel = try start(gateway, listen: "tcp://127.0.0.1:7011", ["--insecure-tcp"])
                try gateway.session("tcp://127.0.0.1:7011").ping()
                try stop(tunnel)
                for words in [
                    ["--listen", "tcp://127.0.0.1:7011"], ["--listen", "tcp://0.0.0.0:7011", "--insecure-tcp"],
                    ["--listen", "tls://127.0.0.1:7011"], ["--listen", "unix:///tmp/x?mode=0666"],
                ] {
                    let refused = try result(
                        of: program("nlgate"), ["tunnel", "-H", Gateway.tls] + words + files(gateway))
                    #expect(refused.status == .exited(2), "\(words): \(refused.output)")
                }
                for host in ["unix:///tmp/x", "tls://127.0.0.1:7000/blue"] {
                    let refused = try result(
                        of: program("nlgate"), ["tunnel", "--listen", "unix:///tmp/x", "-H", host] + files(gateway))
                    #expect(refused.status == .exited(2), "\(host): \(refused.output)")
                }
            }
        }

        @Test func `what isn't a dead socket stays, and the help says what there is`() throws {
            try Gateway.run { gateway in
                let file = try gateway.scratch.write("kept", to: "file")
                for place in [file, gateway.scratch.path + "/nowhere/t.sock"] {
                    let refused = try result(
                        of: program("nlgate"),
                        ["tunnel", "--listen", "unix://" + place, "-H", Gateway.tls] + files(gateway))
                    #expect(refused.status == .exited(3) && refused.output.contains(place), "\(refused.output)")
                }
                #expect(text(ofFile: file) == "kept")
                let help = try result(of: program("nlgate"), ["tunnel", "--help"])
                #expect(
                    help.status == .exited(0) && help.output.contains("--listen") && help.output.contains("TLS 1.3"))
                let nobody = try result(
                    of: program("nlgate"), ["tunnel", "--listen", "unix:///tmp/x"] + files(gateway))
                #expect(nobody.status == .exited(2), "\(nobody.output)")
            }
        }

        @Test func `a path that somebody else has by now is left to him`() throws {
            try Gateway.run { gateway in
                let first = try start(gateway)
                try FileManager.default.removeItem(atPath: path(gateway))
                let second = try start(gateway)
                try stop(first)
                try gateway.session("unix://" + path(gateway)).ping()
                try stop(second)
            }
        }

        @Test func `a dead socket's path is taken over, a live one's is not`() throws {
            try Gateway.run { gateway in
                let first = try start(gateway)
                let second = try result(
                    of: program("nlgate"),
                    ["tunnel", "--listen", "unix://" + path(gateway), "-H", Gateway.tls] + files(gateway))
                #expect(second.status == .exited(3) && second.output.contains("in use"), "\(second.output)")
                try first.child.signal(SIGKILL)
                _ = try first.wait()
                let third = try start(gateway)
                try gateway.session("unix://" + path(gateway)).ping()
                try stop(third)
            }
        }
    }
}
