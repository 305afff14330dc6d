import Foundation
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The policy through the admin socket.
    @Suite struct AdminTests {
        private static func policyText(_ operations: String) -> String {
            """
            clients: { root: { uid: 0 } }
            roles: { r: { read: { route: \(operations) } } }
            bindings: [{ client: root, roles: [r] }]
            """
        }

        private let policy: PolicyText
        private let other: PolicyText
        private let addresses = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 6)

        init() throws {
            policy = try PolicyText(AdminTests.policyText("[GETLINK]"))
            other = try PolicyText(AdminTests.policyText("[GETLINK, GETADDR]"))
        }

        @Test func `the configured policy is read again, and what is wrong with it is answered`() throws {
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                try policy.replace(with: AdminTests.policyText("[GETLINK, GETADDR]"))
                #expect(
                    try gateway.admin(2) == ["ok policy \(policy.path) loaded: 1 client, 1 role, 1 binding"])
                #expect(try session.answer(to: addresses, sequence: 6).code == 0)
                try policy.replace(with: AdminTests.policyText("[GETLNK]"))
                let answer = try gateway.admin(2)
                #expect(answer.first == "error policy \(policy.path) not loaded: it has errors")
                #expect(answer.dropFirst().contains { $0.hasPrefix("\(policy.path):3:") && $0.contains("GETLINK") })
                #expect(try session.answer(to: addresses, sequence: 6).code == 0)
            }
        }

        @Test func `a file that is handed over holds until the next reload`() throws {
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session()
                #expect(try session.answer(to: addresses, sequence: 6).code == 1)
                let file = try Descriptor.open(other.path, flags: O_RDONLY)
                // Its offset is the caller's and means nothing.
                #expect(try file.readAll(limit: 4096).count > 10)
                let answer = try gateway.admin(3, passing: file.raw)
                #expect(answer == ["ok policy \(other.path) loaded: 1 client, 1 role, 1 binding"])
                #expect(try session.answer(to: addresses, sequence: 6).code == 0)
                #expect(try gateway.admin(4).contains("policy: \(other.path)"))
                try gateway.reload()
                #expect(try session.answer(to: addresses, sequence: 6).code == 1)
                #expect(try gateway.admin(4).contains("policy: \(policy.path)"))
            }
        }

        @Test func `what others could have written is not taken from a descriptor either`() throws {
            let scratch = try Scratch()
            let content = text(ofFile: other.path)
            let foreign = try scratch.write(content, to: "foreign", mode: 0o644)
            try tool("chown", ["61111", foreign])
            let open = try scratch.write(content, to: "open", mode: 0o666)
            let bad = try scratch.write("policy: 2\n", to: "bad")
            try Gateway.run(policy: policy) { gateway in
                for (path, reason) in [
                    (foreign, "belongs to uid 61111"), (open, "'chmod go-w' first"), (scratch.path, "is a directory"),
                    ("/dev/null", "not a regular file"), (bad, "it has errors"),
                ] {
                    let file = try Descriptor.open(path, flags: O_RDONLY)
                    let answer = try gateway.admin(3, passing: file.raw)
                    #expect(answer.first?.hasPrefix("error ") == true, "\(answer)")
                    #expect(answer.first?.contains(reason) == true, "\(answer)")
                }
                let socket = try PacketSocket.pair()
                let answer = try gateway.admin(3, passing: socket.ours.descriptor.raw)
                #expect(answer.first?.contains("not a regular file") == true, "\(answer)")
                // A descriptor that can't be read itself says nothing of the file: that is opened anew.
                let writing = try Descriptor.open(other.path, flags: O_WRONLY)
                #expect(try gateway.admin(3, passing: writing.raw).first?.hasPrefix("ok ") == true)
            }
        }

        @Test func `the policy in force is told, with its warnings`() throws {
            let warned = try PolicyText(AdminTests.policyText("[GETLINK]") + "\nnever: { interfaces: [x] }")
            try warned.replace(
                with: """
                    clients: { root: { uid: 0 } }
                    roles: { r: { read: { route: [GETLINK] } }, nobodys: { read: { route: [GETLINK] } } }
                    bindings: [{ client: root, roles: [r], netns: [elsewhere] }]
                    """)
            try Gateway.run(policy: warned) { gateway in
                let status = try gateway.admin(4)
                #expect(status.prefix(2) == ["ok the policy in force", "policy: \(warned.path)"])
                #expect(status.contains("holds: 1 client, 1 role, 1 binding"))
                #expect(status.contains("audit: standard error"))
                #expect(status.contains("warnings: 2"))
                #expect(status.contains { $0.contains("elsewhere, which isn't served") })
                #expect(status.contains { $0.contains("nobodys") })
                #expect(status.contains { $0.hasPrefix("loaded: 2") && $0.hasSuffix("Z") })
            }
        }

        @Test func `what is no request is closed without a word`() throws {
            try Gateway.run(policy: policy) { gateway in
                let file = try Descriptor.open(other.path, flags: O_RDONLY)
                let descriptors = try KernelTruth(gateway.pid).descriptors().count
                for _ in 0..<50 {
                    #expect(try gateway.admin(0) == [])
                    #expect(try gateway.admin(6) == [])
                    #expect(try gateway.admin(3) == [])
                    for verb in [1, 2, 4, 5] as [UInt8] { #expect(try gateway.admin(verb, passing: file.raw) == []) }
                }
                #expect(try gateway.admin(4).contains("policy: \(policy.path)"))
                try eventually("nothing is left") {
                    try KernelTruth(gateway.pid).descriptors().count == descriptors
                }
            }
        }

        @Test func `those who wait don't keep others waiting, and may leave`() throws {
            try Gateway.run(policy: policy) { gateway in
                let address = try SocketAddress(unix: gateway.scratch.path + "/admin.sock", abstract: false)
                for _ in 0..<40 {
                    let socket = try Descriptor.streamSocket(for: address)
                    // The daemon may be slower than its queue is long.
                    guard (try? socket.connect(to: address)) != nil else { continue }
                    _ = try socket.send((Array("nlga".utf8) + [1, 0, 2, 0]).span)
                }
                try gateway.session().ping()
                try eventually("there is room for another") { (try? gateway.admin(2).first?.hasPrefix("ok ")) == true }
            }
        }
    }
}
