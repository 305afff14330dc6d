import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// CAP_NET_ADMIN is in effect only inside single calls.
    @Suite struct CapabilityTests {
        private func run(prepare: () throws -> Void = {}, _ body: (Gateway, GatewaySession, KernelTruth) throws -> Void)
            throws
        {
            let options = ["--policy", "builtin:unrestricted"]
            try Gateway.run(options, base: ["--frontends", "1", "--readers", "1"], prepare: prepare) { gateway in
                let session = try gateway.session()
                #expect(session.welcome.isPrivileged)
                try body(gateway, session, gateway.only(.broker))
            }
        }

        /// What is in effect, seen so many times.
        private func samples(_ count: Int, of broker: KernelTruth) throws -> Set<UInt64> {
            Set(try (0..<count).map { _ in try broker.capabilities("CapEff") })
        }

        /// Asleep, and not woken for a while: nothing that was on its way is still being moved.
        private func isAtRest(_ process: KernelTruth) throws -> Bool {
            let before = try process.status("voluntary_ctxt_switches")
            usleep(200_000)
            let isAsleep = try process.status("State").hasPrefix("S")
            return try isAsleep && process.status("voluntary_ctxt_switches") == before
        }

        @Test func `nothing is in effect while a privileged broker is idle`() throws {
            try run { _, session, broker in
                let idle = try samples(500, of: broker)
                #expect(idle == [0])
                let up = RouteRequest.setLink(index: 1, up: true, sequence: 2)
                #expect(try session.answer(to: up, sequence: 2).code == 0)
                #expect(try samples(500, of: broker) == [0])
            }
        }

        @Test func `nor during a long dump that the client reads slowly`() throws {
            func prepare() throws {
                try ipBatch(
                    (0..<200_000).map { "route add blackhole 10.\($0 >> 16).\(($0 >> 8) & 255).\($0 & 255)/32" },
                    in: Scratch())
            }
            try run(prepare: prepare) { _, session, broker in
                try session.send(message(RouteRequest.getRoute, .dump, [2] + [UInt8](repeating: 0, count: 11)))
                var answer = KernelAnswer(sequence: 1)
                var seen: Set<UInt64> = []
                while !answer.isComplete {
                    guard case .datagram(let datagram, _) = try session.receive(seconds: 60) else { continue }
                    try session.withBytes(of: datagram) { (bytes) throws in try answer.take(bytes) }
                    // The request was said before its first answer came.
                    if answer.messages < 100_000 { seen.formUnion(try samples(2, of: broker)) }
                }
                #expect(answer.messages >= 200_000)
                #expect(seen == [0])
                #expect(try broker.status("Seccomp") == "2")
            }
        }

        @Test func `nor while a dump that needs the capability waits for its client`() throws {
            func prepare() throws {
                let template = "tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel"
                let more = String(repeating: " tmpl proto ah mode transport", count: 3)
                try ipBatch(
                    (0..<8000).map { number in
                        "xfrm policy add src 10.0.0.0/24 dst 10.1.\(number >> 8).\(number & 255)/32 dir out \(template)\(more)"
                    }, in: Scratch())
            }
            let options = ["--policy", "builtin:unrestricted", "--limit", "burst-buffer=2097152"]
            try Gateway.run(options, base: ["--frontends", "1", "--readers", "1"], prepare: prepare) { gateway in
                // NETLINK_XFRM; XFRM_MSG_GETPOLICY, as ip sends it
                let session = try gateway.session(nil, 6)
                let broker = try gateway.only(.broker)
                try session.send(message(21, .dump))
                var answer = KernelAnswer(sequence: 1)
                var isFirst = true
                while !answer.isComplete {
                    guard case .datagram(let datagram, _) = try session.receive(seconds: 60) else { continue }
                    try session.withBytes(of: datagram) { (bytes) throws in try answer.take(bytes) }
                    guard isFirst else { continue }
                    isFirst = false
                    // The buffers on the way hold less than the 3.5 MB of this dump: it waits for us.
                    let frontend = try gateway.only(.frontend)
                    try eventually("the broker waits") { try isAtRest(broker) && isAtRest(frontend) }
                    #expect(try samples(500, of: broker) == [0])
                }
                #expect(answer.messages == 8000)
                #expect(answer.code == 0)
                #expect(try samples(50, of: broker) == [0])
            }
        }

        @Test func `a flood of requests raises nothing else, and nothing stays`() throws {
            try run { _, session, broker in
                var seen: Set<UInt64> = []
                for round in UInt32(0)..<40 {
                    for number in 0..<50 {
                        try session.send(RouteRequest.setLink(index: 1, up: number % 2 == 0, sequence: 1))
                        seen.formUnion(try samples(1, of: broker))
                    }
                    let sequence = 100 + round
                    #expect(
                        try session.answer(to: RouteRequest.link(index: 1, sequence: sequence), sequence: sequence).code
                            == 0)
                    #expect(try samples(5, of: broker) == [0])
                }
                #expect(seen.isSubset(of: [0, netAdmin]))
            }
        }

        @Test func `a call that fails leaves nothing in effect`() throws {
            try run { _, session, broker in
                // The smallest send buffer: a datagram of 20 KiB is EMSGSIZE from send() itself.
                #expect(try session.setOption(OptionRequest(name: OptionRequest.sendBuffer, value: 1)).code == 0)
                var datagram: [UInt8] = []
                while datagram.count < 20_000 { datagram += RouteRequest.setLink(index: 1, up: true, sequence: 9) }
                try session.send(datagram, tag: 77)
                var outcome: GatewayProtocol.Outcome?
                while outcome == nil {
                    if case .result(77, let result) = try session.receive(seconds: 60) { outcome = result }
                }
                // EMSGSIZE
                #expect(outcome?.code == 90)
                #expect(try samples(200, of: broker) == [0])
                // A group that the kernel doesn't have, an option that it refuses, a message that it refuses.
                #expect(try session.setMembership(group: 10_000, joined: false).code != 0)
                #expect(try samples(50, of: broker) == [0])
                let refused = message(RouteRequest.newRoute, .ack, sequence: 5, [UInt8](repeating: 0, count: 12))
                #expect(try session.answer(to: refused, sequence: 5).code != 0)
                #expect(try samples(50, of: broker) == [0])
            }
        }

        @Test func `a reader that serves has nothing to put into effect`() throws {
            try Gateway.run(base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let session = try gateway.session(Gateway.tls)
                let reader = try gateway.only(.reader)
                for sequence in UInt32(1)..<20 {
                    try session.send(RouteRequest.dump(RouteRequest.getLink, header: 16, sequence: sequence))
                    for set in ["CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"] {
                        #expect(try reader.capabilities(set) == 0, "\(set)")
                    }
                }
                #expect(try session.answer(sequence: 19).messages > 0)
            }
        }
    }
}
