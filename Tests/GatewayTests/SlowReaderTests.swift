import Foundation
import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// A client that asks for events and never reads them.
    @Suite struct SlowReaderTests {
        /// Routes that are added and deleted again: two events each.
        private func flood(_ count: Int) throws {
            let prefixes = (0..<count).map { "blackhole 10.\(($0 >> 16) & 255).\(($0 >> 8) & 255).\($0 & 255)/32" }
            try ipBatch(prefixes.map { "route add \($0)" } + prefixes.map { "route del \($0)" }, in: Scratch())
        }

        private func resident(_ gateway: Gateway) throws -> Int {
            try (gateway.helpers(.reader) + gateway.helpers(.frontend)).reduce(0) { sum, helper in
                sum + (try #require(Gateway.status("VmRSS", of: helper.pid)))
            }
        }

        @Test func `it hurts only itself, costs bounded memory, and is told of its loss`() throws {
            let options = ["--limit", "burst-buffer=2097152"]
            try Gateway.run(options, base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let slow = try RawClient(gateway, greeting: Hello(protocolNumber: 0, groups: [7]))
                let other = try gateway.session(Gateway.tls)
                try flood(1000)
                let before = try resident(gateway)
                for _ in 0..<3 {
                    try flood(25_000)
                    // Others are served by the same reader and the same frontend all the while.
                    let answer = try other.answer(to: RouteRequest.link(index: 1, sequence: 2), sequence: 2)
                    #expect(answer.messages == 1)
                    #expect(try gateway.session().welcome.portID != 0)
                }
                // 150,000 events are more than 10 MiB; one session may hold 2 MiB and a few packets.
                #expect(try resident(gateway) - before < 8192, "KiB more than before")
                #expect(gateway.helpers(.reader).count == 1)
                // The operator sees what waits for it.
                let lines = try gateway.admin(5).filter { $0.contains("\"type\":\"session\"") }
                #expect(lines.contains { $0.contains("\"queued_bytes\":") && !$0.contains("\"queued_bytes\":0}") })
                #expect(try sawOverrun(slow))
                #expect(try gateway.admin(5).contains { $0.contains(/"overruns":[1-9]/) })
                // It is not lost for that.
                try slow.write(RawClient.frame(.ping, tag: 4))
                var kind = FrameKind.datagram
                while kind != .pong { kind = try #require(try slow.nextFrame()).header.kind }
            }
        }

        private func sawOverrun(_ client: RawClient) throws -> Bool {
            // Then there are only PINGs any more, without end.
            let deadline = Date(timeIntervalSinceNow: 120)
            while Date() < deadline, let (header, _) = try client.nextFrame() {
                if header.kind == .overrun { return true }
                #expect(header.kind == .datagram || header.kind == .ping)
            }
            return false
        }

        @Test func `a reader of events gets all of them in order, or an OVERRUN`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls, groups: [7])
                try flood(2000)
                try ip("route add blackhole 192.0.2.1/32")
                var events = 0
                var lost = false
                var isOver = false
                let deadline = Date(timeIntervalSinceNow: 120)
                while !isOver {
                    try #require(Date() < deadline, "neither the last event nor OVERRUN; \(events) events")
                    switch try session.receive(seconds: 60) {
                    case .datagram(let datagram, 7):
                        events += 1
                        // RTA_DST of the marker.
                        isOver = try session.withBytes(of: datagram) { (bytes) throws in
                            let content = try bytes.bytes(0..<bytes.count)
                            return content.count >= 40
                                && content.indices.dropLast(3).contains {
                                    Array(content[$0..<($0 + 4)]) == [192, 0, 2, 1]
                                }
                        }
                    case .overrun: (lost, isOver) = (true, true)
                    default: continue
                    }
                }
                #expect(lost || events == 4001)
            }
        }
    }
}
