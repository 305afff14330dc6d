import Confinement
import Foundation
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// The processes of the gateway distrust each other: what no process of ours sends ends the peer or the session.
    @Suite struct HostileProcessTests {
        /// Packets that no supervisor sends to this helper, all without a descriptor.
        private static let wrong: [[UInt8]] = [
            [], [0], [255, 255], [16], Array(repeating: 0xff, count: 400), Array(repeating: 0, count: 2000),
            ChildMessage.accepted(number: 1).encode(), SupervisorMessage.stop.encode() + [0],
            SupervisorMessage.assign(LoneHelper.assignment(1)).encode(),
            SupervisorMessage.opened(connection: 1).encode(),
            SupervisorMessage.adopt(connection: 1 << 31, uid: 0, gid: 0).encode(),
        ]

        @Test func `the supervisor's reasons are the protocol's`() {
            #expect(SupervisorReason.policy == GoodbyeReason.policy)
            #expect(SupervisorReason.limits == GoodbyeReason.limits)
            #expect(SupervisorReason.revoked == GoodbyeReason.revoked)
            #expect(SupervisorReason.expired == GoodbyeReason.expired)
            #expect(SupervisorReason.internalError == GoodbyeReason.internalError)
        }

        @Test func `malformed control messages end a broker and a frontend`() throws {
            try Namespace().enter {
                for bytes in Self.wrong {
                    for helper in [try LoneHelper.reader(), try LoneHelper.frontend()] {
                        try helper.control.send(bytes)
                        // An empty packet looks like the end of the socket.
                        #expect(try helper.end() == .exited(bytes.isEmpty ? 0 : 1), "\(bytes.prefix(8))")
                    }
                }
            }
        }

        @Test func `descriptors where none belong, and too many, end them too`() throws {
            try Namespace().enter {
                let pair = try PacketSocket.pair()
                let assign = SupervisorMessage.assign(LoneHelper.assignment(1)).encode()
                let adopt = SupervisorMessage.adopt(connection: 1 << 31, uid: 0, gid: 0).encode()
                for (bytes, copies) in [(SupervisorMessage.stop.encode(), 1), (assign, 2), (adopt, 2), (assign, 16)] {
                    for helper in [try LoneHelper.reader(), try LoneHelper.frontend()] {
                        try helper.control.send(bytes, passing: pair.theirs, copies: Int32(copies))
                        #expect(try helper.end() == .exited(1))
                    }
                }
                // The other's verbs, well-formed and with the right number of descriptors.
                let reader = try LoneHelper.reader()
                try reader.control.send(adopt, passing: pair.theirs)
                #expect(try reader.end() == .exited(1))
                let frontend = try LoneHelper.frontend()
                try frontend.control.send(assign, passing: pair.theirs)
                #expect(try frontend.end() == .exited(1))
            }
        }

        @Test func `a helper ends with its supervisor's socket, and on stop`() throws {
            try Namespace().enter {
                for helper in [try LoneHelper.reader(), try LoneHelper.frontend()] {
                    helper.control.descriptor.shutdown(write: false)
                    #expect(try helper.end() == .exited(0))
                }
                for helper in [try LoneHelper.reader(), try LoneHelper.frontend()] {
                    try helper.send(.stop)
                    #expect(try helper.end() == .exited(0))
                }
            }
        }

        @Test func `a write that the policy lets through to a reader is refused by the kernel`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                // What no supervisor does: the grants of builtin:unrestricted, in a process without a capability.
                let session = try reader.session(1, grantSet: 2)
                try session.send(RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
                #expect(try session.kinds() == [.welcome])
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 7)
                try session.send(RawClient.frame(.datagram, write))
                let packet = try #require(try session.receive())
                let answer = Array(packet[FrameHeader.size...])
                let message = try #require(try firstMessage(of: answer))
                #expect(message.header.type == .error && message.header.sequence == 7)
                // Whole, as the kernel echoes it: a refusal of the policy has the header alone.
                #expect(!message.header.flags.contains(.capped))
                #expect(try Acknowledgement(message, in: answer.span).code == EPERM)
            }
        }

        @Test func `bytes that change after they were sent are judged and said as one and the same`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                let session = try reader.session(1)
                try session.send(RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
                #expect(try session.kinds() == [.welcome])
                let read = RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 7))
                let write = RawClient.frame(.datagram, RouteRequest.setLink(index: 1, up: false, sequence: 7))
                for _ in 0..<200 {
                    // The broker sees the bytes only after they have changed.
                    try reader.child.signal(SIGSTOP)
                    try session.send(read, changedTo: write)
                    try reader.child.signal(SIGCONT)
                    let packet = try #require(try session.receive())
                    let answer = Array(packet[FrameHeader.size...])
                    let message = try #require(try firstMessage(of: answer))
                    // Either the link, or the policy's refusal of the write: never the kernel's answer to the write.
                    let isLink = message.header.type.rawValue == RouteRequest.newLink
                    #expect(isLink || message.header.flags.contains(.capped))
                }
            }
        }

        private func firstMessage(of datagram: [UInt8]) throws -> Message? {
            var cursor = MessageCursor(datagram.span)
            return try cursor.next(in: datagram.span)
        }

        @Test func `an assignment that can't be ends the broker`() throws {
            var variants = [LoneHelper.assignment(1), LoneHelper.assignment(1), LoneHelper.assignment(0)]
            variants[0].networkNamespace = 1
            variants[1].grantSet = 77
            variants.append(LoneHelper.assignment(1 << 62))
            try Namespace().enter {
                for assignment in variants {
                    let reader = try LoneHelper.reader()
                    try reader.send(.assign(assignment), passing: PacketSocket.pair().theirs)
                    #expect(try reader.end() == .exited(1), "\(assignment)")
                }
                let reader = try LoneHelper.reader()
                let first = try reader.session(5)
                try reader.send(.assign(LoneHelper.assignment(5)), passing: PacketSocket.pair().theirs)
                #expect(try reader.end() == .exited(1))
                #expect(try first.receive() == nil)
            }
        }

        @Test func `a HELLO that differs from the assignment ends that session and no other`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                let good = try reader.session(1)
                let hellos = [
                    Hello(protocolNumber: 16), Hello(protocolNumber: 0, readOnly: true),
                    Hello(protocolNumber: 0, networkNamespace: "other"),
                ]
                for (index, hello) in hellos.enumerated() {
                    let session = try reader.session(UInt64(index + 2))
                    try session.send(RawClient.frame(.hello, hello.encode()))
                    #expect(try session.receive() == nil)
                    #expect(try reader.message() == .ended(session: UInt64(index + 2)))
                }
                try good.send(RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
                #expect(try good.kinds() == [.welcome])
                try good.send(RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 4)))
                #expect(try good.kinds() == [.datagram])
            }
        }

        @Test func `what a frontend may not send ends the session`() throws {
            let hello = RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
            let half = Array(RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 4)).dropLast(3))
            let unread: [(first: [UInt8], then: [UInt8])] = [
                ([], RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 4))),
                ([], Array(hello.dropLast())), ([], [1, 2, 3]), (hello, hello), (hello, half),
                (hello, RawClient.frame(.ping)), (hello, RawClient.frame(.goodbye)),
                (hello, RawClient.frame(.welcome, Welcome().encode())),
                (hello, [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ]
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                for (index, packets) in unread.enumerated() {
                    let session = try reader.session(UInt64(index + 1))
                    if !packets.first.isEmpty {
                        try session.send(packets.first)
                        #expect(try session.kinds() == [.welcome])
                    }
                    try session.send(packets.then)
                    #expect(try session.kinds() == [.goodbye], "\(packets)")
                    #expect(try session.receive() == nil)
                    #expect(try reader.message() == .ended(session: UInt64(index + 1)))
                }
            }
        }

        @Test func `descriptors and oversized packets on a session's socket end it without a word`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                let pair = try PacketSocket.pair()
                let hello = RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                for number in 1...4 as ClosedRange<UInt64> {
                    let session = try reader.session(number)
                    switch number {
                    case 1: try session.send(hello, passing: pair.theirs)
                    case 2: try session.send(hello, passing: pair.theirs, copies: 16)
                    case 3: try session.send([UInt8](repeating: 0, count: FrameHeader.maximumLength + 1))
                    default: session.descriptor.shutdown(write: true)
                    }
                    #expect(try session.receive() == nil)
                    #expect(try reader.message() == .ended(session: number))
                }
                // Credentials are not delivered unless asked for, and nobody asks.
                let session = try reader.session(9)
                try session.sendWithCredentials(hello)
                #expect(try session.kinds() == [.welcome])
            }
        }

        /// A client of a frontend without a supervisor, up to the frontend's OPEN.
        private func adopt(_ frontend: LoneHelper, _ number: UInt32) throws -> RawClient {
            let address = try SocketAddress(unix: frontend.scratch.path + "/\(number)", abstract: false)
            let listener = try Descriptor.streamSocket(for: address)
            try listener.bind(to: address)
            try listener.listen(backlog: 1)
            let client = try RawClient(address)
            guard let accepted = try listener.accept() else { throw ToolFailure(description: "nobody came") }
            let socket = PacketSocket(Descriptor(owning: accepted.release()))
            try frontend.send(.adopt(connection: number, uid: 5, gid: 6), passing: socket)
            #expect(try frontend.message() == .accepted(number: UInt64(number)))
            try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
            guard case .open(let request) = try frontend.message() else { throw ToolFailure(description: "no OPEN") }
            #expect(request.connection == number)
            #expect(request.transport == .unix)
            return client
        }

        @Test func `a broker that breaks the protocol loses its session, and the client is told`() throws {
            let answers: [[UInt8]] = [
                [1, 2, 3], RawClient.frame(.ping), RawClient.frame(.hello, Hello(protocolNumber: 0).encode()),
                Array(RawClient.frame(.welcome, Welcome().encode()).dropLast()),
                RawClient.frame(.welcome, Welcome().encode()) + [9], [UInt8](repeating: 0, count: 70_000),
            ]
            try Namespace().enter {
                let frontend = try LoneHelper.frontend()
                try frontend.send(.serve)
                for (index, answer) in answers.enumerated() {
                    let number = UInt32(1 << 31) + UInt32(index)
                    let client = try adopt(frontend, number)
                    let pair = try PacketSocket.pair()
                    try frontend.send(.opened(connection: number), passing: pair.theirs)
                    #expect(try frontend.message() == .accepted(number: UInt64(number)))
                    #expect(try pair.ours.kinds() == [.hello])
                    try pair.ours.send(answer)
                    #expect(try client.goodbye()?.code == GoodbyeReason.internalError)
                    #expect(try frontend.message() == .closed(connection: number))
                }
            }
        }

        @Test func `answers for connections that aren't there are passed over, a refusal is passed on`() throws {
            try Namespace().enter {
                let frontend = try LoneHelper.frontend()
                try frontend.send(.opened(connection: 77), passing: PacketSocket.pair().theirs)
                #expect(try frontend.message() == .accepted(number: 77))
                try frontend.send(.refused(connection: 78, reason: 2, text: "no"))
                let client = try adopt(frontend, 1 << 31)
                try frontend.send(.refused(connection: 1 << 31, reason: 2, text: "the limit is reached"))
                let outcome = try client.goodbye()
                #expect(outcome == GatewayProtocol.Outcome(code: GoodbyeReason.limits, text: "the limit is reached"))
            }
        }
    }

    /// A supervisor whose frontend is not ours.
    @Suite struct HostileFrontendTests {
        private let gateway: ReplacedProgram

        init() throws { gateway = try ReplacedProgram("nlgate-frontend") }

        private func daemon(
            _ packets: [[UInt8]], untilComplaint: Bool = false
        ) throws -> (log: String, status: LinuxSys.ExitStatus?) {
            try gateway.script(packets)
            return try gateway.run(["--listen", "unix://DIR/s.sock"], untilComplaint: untilComplaint)
        }

        @Test func `before it is ready, whatever it says stops the start`() throws {
            let open = OpenRequest(
                connection: 1, transport: .tcp, networkNamespace: 0, protocolNumber: 0, readOnly: false,
                local: .unknown, peer: .unknown)
            let packets = [
                [1, 2, 3], ChildMessage.open(open).encode(), ChildMessage.ended(session: 1).encode(),
                ChildMessage.accepted(number: 1).encode(), [UInt8](repeating: 0, count: 2000),
                ChildMessage.ready(report: [UInt8](repeating: 0, count: 256)).encode(),
                ChildMessage.ready(report: [UInt8](repeating: 0xff, count: 256)).encode(),
            ]
            for packet in packets {
                let (log, status) = try daemon([packet])
                #expect(status == .exited(1), "\(packet.prefix(4)): \(log)")
                #expect(!log.contains("listening on"))
            }
        }

        @Test func `it may say in its own words why it can't start, escaped`() throws {
            let (log, status) = try daemon([ChildMessage.failed("no \u{1b}[31mluck").encode()])
            #expect(status == .exited(1))
            #expect(log.contains("no \\x1b[31mluck"), "\(log)")
        }

        @Test func `once it is ready, whatever is not its turn kills it`() throws {
            let ready = try Namespace().enter { try LoneHelper.frontend().ready }
            func open(_ change: (inout OpenRequest) -> Void) -> [UInt8] {
                var request = OpenRequest(
                    connection: 1, transport: .tcp, networkNamespace: 0, protocolNumber: 0, readOnly: false,
                    local: .unknown, peer: .unknown)
                change(&request)
                return ChildMessage.open(request).encode()
            }
            let packets = [
                ready, ChildMessage.failed("late").encode(), ChildMessage.ended(session: 1).encode(),
                ChildMessage.accepted(number: 1).encode(), ChildMessage.sessionClosed(connection: 1).encode(),
                ChildMessage.measured(SessionMeasures(session: 1)).encode(), ChildMessage.measuredAll.encode(),
                // A Unix client that the supervisor never saw, and a namespace that isn't served.
                open { $0.transport = .unix }, open { $0.networkNamespace = 1 },
                [UInt8](repeating: 7, count: 513),
            ]
            for packet in packets {
                let (log, _) = try daemon([ready, packet], untilComplaint: true)
                #expect(log.contains("broke the protocol"), "\(packet.prefix(4)): \(log)")
            }
        }
    }
}
