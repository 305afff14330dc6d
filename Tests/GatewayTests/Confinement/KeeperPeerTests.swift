import Foundation
import GatewayIPC
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// The keeper distrusts whoever speaks with it: its supervisor is the test, and so are its frontends.
    @Suite struct KeeperPeerTests {
        private let attach = SupervisorMessage.attach(frontend: 1).encode()

        @Test func `malformed control messages end it, and so do descriptors where none belong`() throws {
            let pair = try PacketSocket.pair()
            let wrong: [[UInt8]] = [
                [0], [255, 255], [UInt8](repeating: 0xff, count: 400), [UInt8](repeating: 0, count: 5000),
                ChildMessage.accepted(number: 1).encode(), SupervisorMessage.stop.encode() + [0], attach,
                SupervisorMessage.serve.encode(), SupervisorMessage.opened(connection: 1).encode(),
                // A table that isn't one, a piece out of its turn, a memo with a control character in a name.
                SupervisorMessage.clients(policy: 1, part: TablePart(offset: 0, total: 1, bytes: [1])).encode(),
                SupervisorMessage.clients(policy: 1, part: TablePart(offset: 1, total: 2, bytes: [1])).encode(),
                SupervisorMessage.review(
                    frontend: 1, connection: 1,
                    memo: ClientMemo(fingerprint: [], commonName: "a\nb", trace: []).encode()
                ).encode(),
            ]
            for bytes in wrong {
                let keeper = try LoneHelper.keeper()
                try keeper.control.send(bytes)
                #expect(try keeper.end() == .exited(1), "\(bytes.prefix(8))")
            }
            for (bytes, copies) in [(attach, 2), (attach, 16), (SupervisorMessage.stop.encode(), 1)] {
                let keeper = try LoneHelper.keeper()
                try keeper.control.send(bytes, passing: pair.theirs, copies: Int32(copies))
                #expect(try keeper.end() == .exited(1))
            }
        }

        @Test func `it ends with its supervisor's socket, on stop, and retired when no frontend is left`() throws {
            let orphan = try LoneHelper.keeper()
            orphan.control.descriptor.shutdown(write: false)
            #expect(try orphan.end() == .exited(0))
            let stopped = try LoneHelper.keeper()
            try stopped.send(.stop)
            #expect(try stopped.end() == .exited(0))
            let retired = try LoneHelper.keeper()
            do {
                let link = try retired.link(1)
                try retired.send(.retire)
                try begin(1, link)
                #expect(try retired.child.reap() == nil)
            }
            #expect(try retired.end() == .exited(0))
        }

        private func begin(_ connection: UInt32, _ link: PacketSocket) throws {
            try link.send(KeeperRequest.begin(connection: connection).encode())
            let packet = try #require(try link.receive())
            guard case .nonce(connection: connection, _) = try KeeperReply(packet) else {
                throw ToolFailure(description: "there is no nonce")
            }
        }

        @Test func `what no frontend sends ends its link, is told, and concerns nobody else`() throws {
            let keeper = try LoneHelper.keeper()
            let steady = try keeper.link(1)
            let sign = KeeperRequest.sign(connection: 1, content: [UInt8](repeating: 0x20, count: 256)).encode()
            let wrong: [[UInt8]] = [
                [0], [64], [64, 0, 0, 0, 0], KeeperRequest.begin(connection: 1).encode() + [0], sign + [0],
                [63, 0, 1, 0, 0, 0], [80, 0, 1, 0, 0, 0], [UInt8](repeating: 0xff, count: 6),
                KeeperRequest.judge(connection: 1, transcript: [UInt8](repeating: 0, count: 64 * 1024)).encode() + [0],
            ]
            for (index, bytes) in wrong.enumerated() {
                let number = UInt64(index + 2)
                let link = try keeper.link(number)
                try begin(1, link)
                try link.send(bytes)
                #expect(try link.receive() == nil, "\(bytes.prefix(8))")
                // A packet that doesn't fit is no packet at all.
                if bytes.count <= maximumKeeperPacket + 1 {
                    #expect(try keeper.message() == .misbehaved(frontend: number), "\(bytes.prefix(8))")
                }
                try begin(UInt32(number), steady)
            }
            // Descriptors and credentials: the link is gone, and so are they.
            let before = KernelTruth(keeper.child.pid).descriptorCount
            for copies in 1...3 as ClosedRange<Int32> {
                let link = try keeper.link(100)
                try link.send(KeeperRequest.begin(connection: 1).encode(), passing: steady, copies: copies)
                #expect(try link.receive() == nil)
            }
            try begin(1000, steady)
            #expect(KernelTruth(keeper.child.pid).descriptorCount == before)
        }

        @Test func `who doesn't read its answers loses its link, and others are served`() throws {
            let keeper = try LoneHelper.keeper()
            let steady = try keeper.link(1)
            let stuck = try keeper.link(2)
            var sent: UInt32 = 0
            while sent < 100_000 {
                let packet = KeeperRequest.sign(connection: sent, content: []).encode()
                guard let transfer = try? stuck.descriptor.send(packet.span) else { break }
                sent += 1
                if transfer == .wouldBlock { try begin(sent, steady) }
            }
            #expect(sent < 100_000)
            #expect(try keeper.message() == .misbehaved(frontend: 2))
            try begin(0, steady)
        }

        @Test func `a frontend's new link takes the place of the one before`() throws {
            let keeper = try LoneHelper.keeper()
            let first = try keeper.link(1)
            try begin(1, first)
            let second = try keeper.link(1)
            #expect(try first.receive() == nil)
            // The handshakes of the first one are nobody's.
            try second.send(KeeperRequest.prove(connection: 1, message: [1]).encode())
            let packet = try #require(try second.receive())
            #expect(try KeeperReply(packet) == .refused(connection: 1, reason: KeeperRefusal.notAHandshake))
        }

        @Test func `who was never trusted is revoked when it is asked about`() throws {
            let keeper = try LoneHelper.keeper()
            for trace in [[], [UInt8](repeating: 0xff, count: ClientMemo.traceSize)] as [[UInt8]] {
                let memo = ClientMemo(fingerprint: [], trace: trace).encode()
                try keeper.send(.review(frontend: 5, connection: 6, memo: memo))
                #expect(try keeper.message() == .revoked(frontend: 5, connection: 6))
            }
        }
    }
}

extension KernelTruth {
    /// How many descriptors it has open.
    fileprivate var descriptorCount: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
    }
}
