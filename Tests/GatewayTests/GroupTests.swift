import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Multicast groups: RTNLGRP_LINK is 1, RTNLGRP_IPV4_ROUTE 7; RTNLGRP_NSID 28 is not for readers.
    @Suite struct GroupTests {
        /// Every event up to the one of `marker`'s route, which the test adds last.
        private func eventsUntilMarker(_ session: GatewaySession, _ marker: String) throws -> [UInt16] {
            try ip("route add blackhole \(marker)")
            defer { _ = try? ip("route del blackhole \(marker)") }
            var types: [UInt16] = []
            while types.last != RouteRequest.newRoute { types.append(try session.nextEvent().type) }
            return types
        }

        @Test func `events come after JOIN and stop after LEAVE`() throws {
            try Gateway.run(prepare: { try ip("link add nlgA type veth peer name nlgB") }) { gateway in
                let session = try gateway.session(Gateway.tls, groups: [7])
                #expect(session.welcome.groups == [7])
                #expect(try session.setMembership(group: 1, joined: true) == Outcome(code: 0))
                try ip("link set nlgA up")
                let first = try session.nextEvent()
                #expect(first.type == RouteRequest.newLink)
                #expect(first.group == 1)
                #expect(try session.setMembership(group: 1, joined: false) == Outcome(code: 0))
                _ = try eventsUntilMarker(session, "192.0.2.1/32")
                try ip("link set nlgA down")
                // The group of routes still tells; nothing of the link may come before it.
                let types = try eventsUntilMarker(session, "192.0.2.2/32")
                #expect(!types.contains(RouteRequest.newLink))
            }
        }

        @Test func `a group that isn't granted is refused with a text, or left out of WELCOME, or refuses HELLO`()
            throws
        {
            try Gateway.run { gateway in
                let session = try gateway.session(groups: [1, 31])
                let outcome = try session.setMembership(group: 31, joined: true)
                #expect(outcome.code == 0 || outcome.code == 1)
                let unknown = try session.setMembership(group: 4000, joined: true)
                #expect(unknown.code == 1)
                #expect(unknown.text.contains("group"), "\(unknown.text)")
                #expect(try gateway.session(groups: [1, 4000]).welcome.groups == [1])
                let refusal = try gateway.refusal { try gateway.session(groups: [1, 4000], strictGroups: true) }
                #expect(refusal.code == GoodbyeReason.policy)
                #expect(!refusal.text.isEmpty)
                #expect(try gateway.session(groups: [1, 7], strictGroups: true).welcome.groups == [1, 7])
                #expect(try session.setMembership(group: 0, joined: true).code != 0)
                try session.ping()
            }
        }

        @Test func `events that come while something else is answered are not lost`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls, groups: [7])
                for index in 0..<20 {
                    try ip("route add blackhole 192.0.2.\(index)/32")
                    try session.ping()
                    #expect(try session.setOption(.extendedAcks(index.isMultiple(of: 2))).code == 0)
                    #expect(try !session.describe().isEmpty)
                }
                for _ in 0..<20 { #expect(try session.nextEvent().type == RouteRequest.newRoute) }
            }
        }

        @Test func `200 sessions, each with its own replies and its own events`() throws {
            let count = 200
            try Gateway.run(["--limit", "sessions-per-client=1000"]) { gateway in
                var sessions: [GatewaySession] = []
                for index in 0..<count {
                    let url = index % 4 == 0 ? Gateway.tls : nil
                    sessions.append(try gateway.session(url, groups: index.isMultiple(of: 2) ? [7] : []))
                }
                #expect(Set(sessions.map(\.welcome.portID)).count == count)
                // Every second one asks for an interface that is there, the others for one that isn't.
                for (index, session) in sessions.enumerated() {
                    try session.send(
                        RouteRequest.link(index: index.isMultiple(of: 2) ? 1 : 99, sequence: UInt32(1000 + index)))
                }
                try ip("route add blackhole 192.0.2.9/32")
                for (index, session) in sessions.enumerated() {
                    let isEven = index.isMultiple(of: 2)
                    try expectOnlyOwn(session, UInt32(1000 + index), code: isEven ? 0 : 19, events: isEven ? 1 : 0)
                }
            }
        }

        /// The reply has the session's own sequence number and port id, and only a member hears the event.
        private func expectOnlyOwn(_ session: GatewaySession, _ sequence: UInt32, code: Int32, events: Int) throws {
            var answer = KernelAnswer(sequence: sequence)
            var heard = 0
            while !answer.isComplete || heard < events {
                guard case .datagram(let datagram, let group) = try session.receive(seconds: 60) else { continue }
                try session.withBytes(of: datagram) { (bytes) throws in
                    if group != 0 {
                        heard += 1
                        #expect(group == 7)
                    } else {
                        #expect(try bytes.u32(at: 8) == sequence)
                        #expect(try bytes.u32(at: 12) == session.welcome.portID)
                        try answer.take(bytes)
                    }
                }
            }
            #expect(answer.code == code)
            // Nothing else is on its way: the answer to the next request comes first.
            try session.send(RouteRequest.link(index: 1, sequence: 5))
            guard case .datagram(let datagram, 0) = try session.receive(seconds: 60) else {
                Issue.record("something else came first")
                return
            }
            #expect(try session.withBytes(of: datagram) { (bytes) throws in try bytes.u32(at: 8) } == 5)
        }
    }

    /// Options of the kernel socket.
    @Suite struct OptionTests {
        @Test(arguments: [1, 3, 4, 5, 10, 11, 12] as [UInt32])
        func `an option of the list is set and unset, others and odd values are refused`(number: UInt32) throws {
            try Gateway.run { gateway in
                let session = try gateway.session()
                let isListed = number != 1
                for value in [1, 0] as [UInt32] {
                    let outcome = try session.setOption(OptionRequest(name: number, value: value))
                    #expect((outcome.code == 0) == isListed, "\(outcome)")
                    #expect(outcome.text.isEmpty == isListed)
                }
                #expect(try session.setOption(OptionRequest(name: number, value: 2)).code != 0)
                #expect(try session.setOption(OptionRequest(name: 99, value: 1)).code == 92)
                #expect(
                    try session.setOption(OptionRequest(name: OptionRequest.receiveBuffer, value: 1 << 20)).code == 0)
                #expect(try session.setOption(OptionRequest(name: OptionRequest.sendBuffer, value: 1 << 20)).code == 0)
                try session.ping()
            }
        }

        @Test func `strict checking is the client's choice, and off until then`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session()
                // 20 bytes: too short for strict checking.
                let request = RouteRequest.dump(RouteRequest.getLink, header: 4)
                #expect(try session.answer(to: request, sequence: 1).code == 0)
                #expect(try session.setOption(OptionRequest(name: 12, value: 1)).code == 0)
                #expect(try session.answer(to: request, sequence: 1).code == 22)
            }
        }

        @Test func `the kernel's extended acknowledgements arrive when they are asked for`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session()
                // RTM_GETROUTE for a table that isn't there, with strict checking.
                #expect(try session.setOption(OptionRequest(name: 12, value: 1)).code == 0)
                let request = message(RouteRequest.getRoute, .dump, [2, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0])
                let plain = try session.answer(to: request, sequence: 1)
                #expect(plain.code != 0)
                #expect(plain.text == nil)
                #expect(try session.setOption(.extendedAcks(true)).code == 0)
                let local = try LocalSocket(protocolNumber: 0)
                try local.setOption(12, 1)
                try local.setOption(11, 1)
                let told = try session.answer(to: request, sequence: 1)
                #expect(told.text?.isEmpty == false)
                #expect(try told == local.answer(to: request, sequence: 1))
            }
        }
    }
}
