import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The policy's limits: a session over them waits, loses nothing, and hurts nobody else.
    @Suite struct BrokerLimitTests {
        private func limits(_ change: (inout SessionLimits) -> Void) -> SessionLimits {
            var limits = SessionLimits()
            change(&limits)
            return limits
        }

        @Test func `all that a client over its rate said is answered, once and in order`() throws {
            for limits in [limits { $0.messagesPerSecond = 40 }, limits { $0.bytesPerSecond = 40 * 32 }] {
                try Namespace().enter {
                    let session = try LoneSession(LoneHelper.reader([.of(.readOnly, limits: limits)]))
                    // Three seconds' worth, in packets of several frames.
                    for packet in 0..<12 as Range<UInt32> {
                        try session.socket.send(
                            (0..<10).flatMap { index in
                                RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: packet * 10 + index))
                            })
                    }
                    for sequence in 0..<120 as Range<UInt32> {
                        let (header, payload) = try session.next()
                        #expect(header.kind == .datagram)
                        #expect(try payload.span.u32(at: 8) == sequence)
                    }
                }
            }
        }

        @Test func `a session that must wait keeps no other waiting`() throws {
            try Namespace().enter {
                // One message now and one a second from then on: an hour's worth.
                let slow = SessionGrants.of(.readOnly, limits: limits { $0.messagesPerSecond = 1 })
                let reader = try LoneHelper.reader([slow, .of(.readOnly)])
                let first = try LoneSession(reader, 1, grantSet: 1)
                let many = (0..<3600 as Range<UInt32>).map { RouteRequest.link(index: 1, sequence: $0) }
                // More than one datagram holds would be malformed; they fill four.
                for start in stride(from: 0, to: many.count, by: 900) {
                    try first.say(Array(many[start..<(start + 900)].joined()))
                }
                let second = try LoneSession(reader, 2, grantSet: 2)
                for sequence in 1...500 as ClosedRange<UInt32> {
                    #expect(
                        try second.answer(to: RouteRequest.link(index: 1, sequence: sequence), sequence: sequence)
                            .messages == 1)
                }
                // The first datagram passed, in debt; the others wait.
                #expect(try first.answer(sequence: 899).messages == 1)
                #expect(throws: ToolFailure.self) { try first.next(seconds: 1) }
            }
        }

        @Test func `a client that leaves while it must wait is not waited for`() throws {
            try Namespace().enter {
                let slow = SessionGrants.of(.readOnly, limits: limits { $0.messagesPerSecond = 1 })
                let reader = try LoneHelper.reader([slow])
                for number in 1...20 as ClosedRange<UInt64> {
                    let session = try LoneSession(reader, number)
                    try session.say((0..<900 as Range<UInt32>).flatMap { RouteRequest.link(index: 1, sequence: $0) })
                    try session.say(RouteRequest.link(index: 1, sequence: 5000))
                    session.socket.descriptor.shutdown(write: false)
                    #expect(try reader.message() == .ended(session: number))
                }
            }
        }

        @Test func `requests that are no datagrams count as well`() throws {
            try Namespace().enter {
                let slow = SessionGrants.of(
                    .route(["GETLINK"], groups: ["LINK"]), limits: limits { $0.messagesPerSecond = 1 })
                let session = try LoneSession(LoneHelper.reader([slow]))
                // One datagram of many messages, then a request that waits for the debt.
                try session.say((0..<900 as Range<UInt32>).flatMap { RouteRequest.link(index: 1, sequence: $0) })
                try session.socket.send(RawClient.frame(.join, tag: 3, group: 1))
                #expect(try session.answer(sequence: 899).messages == 1)
                #expect(throws: ToolFailure.self) { try session.next(seconds: 1) }
            }
        }

        @Test func `a regrant lifts a limit for what waits already`() throws {
            try Namespace().enter {
                let slow = SessionGrants.of(.readOnly, limits: limits { $0.messagesPerSecond = 1 })
                let reader = try LoneHelper.reader([slow, .of(.readOnly)])
                let session = try LoneSession(reader)
                try session.say((0..<900 as Range<UInt32>).flatMap { RouteRequest.link(index: 1, sequence: $0) })
                try session.say(RouteRequest.link(index: 1, sequence: 5000))
                #expect(try session.answer(sequence: 899).messages == 1)
                try reader.send(.regrant(session: 1, grantSet: 2, roles: ""))
                #expect(try session.answer(sequence: 5000).messages == 1)
            }
        }

        private static let routes = 40_000

        /// Enough routes for a dump that a broker doesn't read at one go.
        private func addRoutes() throws {
            try ipBatch(
                (0..<Self.routes).map { "route add blackhole 10.0.\($0 >> 8).\($0 & 255)/32" }, in: Scratch())
        }

        private func routeDump(_ sequence: UInt32) -> [UInt8] {
            message(RouteRequest.getRoute, .dump, sequence: sequence, [2] + [UInt8](repeating: 0, count: 11))
        }

        @Test func `one dump more than may run waits until one has ended`() throws {
            try Namespace().enter {
                try addRoutes()
                // Works before: without the limit the kernel refuses the second, which it can't run beside the first.
                let free = try LoneSession(LoneHelper.reader([.of(.readOnly)]))
                try free.socket.send((1...3).flatMap { RawClient.frame(.datagram, routeDump($0)) })
                // Refused at once, while the first still runs.
                #expect(try free.answer(sequence: 2).code == EBUSY)
                let one = SessionGrants.of(.readOnly, limits: limits { $0.dumps = 1 })
                let session = try LoneSession(LoneHelper.reader([one]))
                try session.socket.send((1...3).flatMap { RawClient.frame(.datagram, routeDump($0)) })
                try session.say(RouteRequest.link(index: 1, sequence: 4))
                for sequence in 1...3 as ClosedRange<UInt32> {
                    let answer = try session.answer(sequence: sequence)
                    #expect(answer.code == 0 && answer.messages >= Self.routes, "dump \(sequence)")
                }
                #expect(try session.answer(sequence: 4).messages == 1)
            }
        }

        @Test func `what isn't a dump passes while one runs`() throws {
            try Namespace().enter {
                try addRoutes()
                let one = SessionGrants.of(.readOnly, limits: limits { $0.dumps = 1 })
                let session = try LoneSession(LoneHelper.reader([one]))
                // The dump can't end: its client doesn't read.
                try session.say(routeDump(1))
                try session.say(RouteRequest.link(index: 1, sequence: 2))
                var answers: Set<UInt32> = []
                while answers != [1, 2] {
                    let (_, payload) = try session.next()
                    let type = try payload.span.u16(at: 4)
                    if type == 3 || type == RouteRequest.newLink { answers.insert(try payload.span.u32(at: 8)) }
                    #expect(type != 2)
                }
            }
        }

        @Test func `a dump that the kernel refuses blocks no other`() throws {
            try Namespace().enter {
                let one = SessionGrants.of(.unrestricted, limits: limits { $0.dumps = 1 })
                let session = try LoneSession(LoneHelper.reader([one]))
                #expect(
                    try session.result(.option, OptionRequest(name: 12, value: 1).encode()).code == 0)
                for sequence in 1...20 as ClosedRange<UInt32> {
                    // Strictly checked: a dump of links for an index is refused.
                    let odd = message(
                        RouteRequest.getLink, .dump, sequence: sequence, RouteRequest.interface(7))
                    let answer = try session.answer(to: odd, sequence: sequence)
                    #expect(answer.code == EINVAL)
                }
            }
        }

        @Test func `low bounds of buffers slow a session down and lose nothing of a dump`() throws {
            try Namespace().enter {
                try addRoutes()
                let small = SessionGrants.of(
                    .readOnly,
                    limits: limits {
                        $0.burstBuffer = 1
                        $0.receiveBuffer = 4096
                    })
                let session = try LoneSession(LoneHelper.reader([small]))
                let large = OptionRequest(name: OptionRequest.receiveBuffer, value: 1 << 20)
                #expect(try session.result(.option, large.encode()).code == 0)
                try session.say(routeDump(1))
                try session.say(RouteRequest.link(index: 1, sequence: 2))
                let dump = try session.answer(sequence: 1)
                #expect(dump.code == 0 && dump.messages >= Self.routes)
                #expect(try session.answer(sequence: 2).messages == 1)
            }
        }
    }
}
