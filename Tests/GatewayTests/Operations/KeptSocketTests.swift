import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Listening sockets that stay with a service manager while the daemon starts anew.
    @Suite struct KeptSocketTests {
        private static let urls = ["tls://127.0.0.1:7000", "tls://[::1]:7000", "unix://DIR/s.sock"]

        private func expectServed(_ client: RunningTool, _ url: String) throws {
            let status = try client.wait()
            #expect(status == .exited(0) && client.log.contains("\"ifname\":\"lo\""), "\(url): \(client.log)")
        }

        /// Clients that have connected and wait: nobody can accept them.
        private func waiting(_ store: SocketStore) throws -> [RunningTool] {
            let clients = try Self.urls.map { try store.client($0) }
            try eventually("each is connected") {
                // Netid, state, how many wait, …
                let lines = try tool("ss", ["-Hlntx"]).split(separator: "\n").map { $0.split(separator: " ") }
                let queues = lines.filter { line in
                    line.count > 4 && line[2] == "1"
                        && [":7000", store.scratch.path + "/s.sock"].contains { line[4].hasSuffix($0) }
                }
                return queues.count == clients.count
            }
            for client in clients { #expect(try !client.hasEnded(), "\(client.log)") }
            return clients
        }

        @Test(arguments: [SIGTERM, SIGKILL])
        func `who connects while the daemon is away waits, and is served by the next one`(signal: Int32) throws {
            try Namespace().enter {
                let store = try SocketStore()
                try store.start(Self.urls[0], Self.urls[1], Self.urls[2])
                #expect(store.names == ["kept-tls-1", "kept-tls-2", "kept-unix-1"])
                let path = store.scratch.path + "/s.sock"
                let session = try RawClient(SocketAddress(unix: path, abstract: false))
                try session.write(
                    preface + RawClient.frame(.hello, Hello(protocolNumber: 0, clientName: "live").encode()))
                #expect(try session.nextFrame()?.header.kind == .welcome)
                for _ in 0..<2 {
                    try store.end(signal)
                    let clients = try waiting(store)
                    try store.start(Self.urls[0], Self.urls[1], Self.urls[2])
                    for (client, url) in zip(clients, Self.urls) { try expectServed(client, url) }
                    #expect(store.names == ["kept-tls-1", "kept-tls-2", "kept-unix-1"])
                    #expect(!store.told.contains("FDSTOREREMOVE"))
                }
                let goodbye = try session.goodbye()
                if signal == SIGTERM { #expect(goodbye?.code == GoodbyeReason.restart) }

                // A stop: the manager closes them, and nobody waits. What is left of it is no hindrance.
                try store.end(signal)
                store.forgetAll()
                for url in Self.urls {
                    let refused = try store.result(url)
                    #expect(refused.status == .exited(3) && refused.output.contains("refused"), "\(refused.output)")
                }
                try store.start(Self.urls[0], Self.urls[1], Self.urls[2])
                for url in Self.urls { try expectServed(store.client(url), url) }
                try store.end()
            }
        }

        @Test func `what the configuration does not want any more is closed, whoever has a copy`() throws {
            try Namespace().enter {
                let store = try SocketStore()
                try store.start(Self.urls[0], Self.urls[2])
                let copies = store.kept.map(\.socket)
                try store.end()
                try store.start(Self.urls[1])
                #expect(store.names == ["kept-tls-2"])
                for name in ["kept-tls-1", "kept-unix-1"] {
                    #expect(store.told.contains("FDSTOREREMOVE=1\nFDNAME=\(name)\n"), "\(store.told)")
                    #expect(store.log.contains("the kept socket \(name), "), "\(store.log)")
                }
                let refused = try store.result(Self.urls[0])
                #expect(refused.status == .exited(3) && refused.output.contains("refused"), "\(refused.output)")
                #expect(try store.result(Self.urls[2]).status == .exited(3))
                #expect(!FileManager.default.fileExists(atPath: store.scratch.path + "/s.sock"))
                try expectServed(store.client(Self.urls[1]), Self.urls[1])
                try store.end()
                // The address is free, although there is a copy still.
                #expect(copies.count == 2)
                try store.start(Self.urls[0], Self.urls[1], Self.urls[2])
                for url in Self.urls { try expectServed(store.client(url), url) }
                try store.end()
            }
        }

        @Test func `a Unix socket whose path is gone, or another one's, or of another mode, is not used`() throws {
            try Namespace().enter {
                let store = try SocketStore()
                let (url, path) = (Self.urls[2], store.scratch.path + "/s.sock")
                try store.start(url)
                let changes: [(wanted: String, change: () throws -> Void)] = [
                    (url, { try FileManager.default.removeItem(atPath: path) }),
                    (
                        url,
                        {
                            // Another dead socket of that name.
                            try FileManager.default.removeItem(atPath: path)
                            let address = try SocketAddress(unix: path, abstract: false)
                            try Descriptor.streamSocket(for: address).bind(to: address)
                        }
                    ),
                    (url + "?mode=0660", {}),
                ]
                for (wanted, change) in changes {
                    try store.end()
                    let before = try #require(store.kept.first)
                    let inode = try FileStatus(of: before.socket.descriptor).inode
                    try change()
                    try store.start(wanted)
                    #expect(store.log.contains("the kept socket \(before.name), \(path), is not wanted"))
                    let after = try #require(store.kept.first)
                    #expect(try store.kept.count == 1 && FileStatus(of: after.socket.descriptor).inode != inode)
                    try expectServed(store.client(url), url)
                }
                #expect(try FileStatus(ofPath: path).permissions == 0o660)
                try store.end()
                // Somebody else's file stays, and the daemon says so.
                try FileManager.default.removeItem(atPath: path)
                try store.scratch.write("mine", to: "s.sock")
                #expect(throws: ToolFailure.self) { try store.start(url) }
                #expect(store.log.contains("Address already in use"), "\(store.log)")
                #expect(text(ofFile: path) == "mine")
            }
        }

        @Test func `sockets that do not listen, or elsewhere, are closed, and the daemon starts`() throws {
            let elsewhere = try Namespace().enter {
                let socket = try Descriptor.streamSocket(for: RawClient.loopback)
                try socket.bind(to: RawClient.loopback)
                try socket.listen(backlog: 1)
                return PacketSocket(socket)
            }
            try Namespace().enter {
                let store = try SocketStore()
                store.keep(try elsewhere.descriptor.duplicate(), as: "kept-tls-1")
                store.keep(try Descriptor.streamSocket(for: RawClient.loopback), as: "kept-tls-2")
                store.keep(try Descriptor.open("/dev/null", flags: O_RDONLY), as: "kept-unix-3")
                // Of the right address, but for another scheme.
                let other = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7001)
                let plain = try Descriptor.streamSocket(for: other)
                try plain.setOption(level: SOL_SOCKET, SO_REUSEADDR, 1)
                try plain.bind(to: other)
                try plain.listen(backlog: 1)
                store.keep(plain, as: "kept-tcp-1")
                try store.start(Self.urls[0], "tls://127.0.0.1:7001")
                #expect(store.names == ["kept-tls-3", "kept-tls-4"])
                try expectServed(store.client(Self.urls[0]), Self.urls[0])
                try expectServed(store.client("tls://127.0.0.1:7001"), "port 7001")
                try store.end()
            }
        }

        @Test func `a manager that does not listen changes nothing`() throws {
            try Namespace().enter {
                let store = try SocketStore()
                try store.start(Self.urls[0])
                try store.end()
                store.forgetAll()
                // From here on there is no room for what it says.
                let address = try SocketAddress(unix: store.scratch.path + "/notify", abstract: false)
                let filler = try Descriptor.datagramSocket(for: address)
                _ = try filler.connect(to: address)
                while try filler.send([1, 2, 3].span) != .wouldBlock {}
                try store.start(Self.urls[0], Self.urls[2], isHeard: false)
                for url in [Self.urls[0], Self.urls[2]] { try expectServed(store.client(url), url) }
                try store.end()
                #expect(!FileManager.default.fileExists(atPath: store.scratch.path + "/s.sock"))
                let refused = try store.result(Self.urls[0])
                #expect(refused.output.contains("refused"), "\(refused.output)")
            }
        }
    }
}
