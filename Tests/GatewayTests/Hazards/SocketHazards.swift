import CHostile
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// What a netlink socket can do besides talking to its kernel, and what is heard on it.
    @Suite struct SocketHazards {
        /// Protocols that a gateway never carries, of those that this kernel has.
        private static let refused: [UInt32] = [1, 2, 3, 5, 7, 8, 9, 10, 11, 13, 14, 15, 17, 18, 19, 20, 21, 22, 31]

        @Test func `59: other protocols reach other programs, forge events and act as the broker`() throws {
            let opened = Self.refused.filter { (try? LocalSocket(protocolNumber: $0)) != nil }
            #expect(opened.count >= 5, "\(opened)")
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                for number in Self.refused + [32, 255, 65_536 + 16] {
                    let client = try RawClient(gateway)
                    try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: number).encode()))
                    let outcome = try client.goodbye()
                    #expect(outcome != nil, "protocol \(number)")
                }
                #expect(gateway.helpers(.broker).isEmpty)
            }
        }

        @Test func `59: lookups in the routing table ask for nothing at all`() throws {
            let plain = message(1, [], sequence: 4, Bytes.zeros(40))
            try Namespace().enter {
                let socket = try Descriptor.netlink(protocolNumber: 10)
                try socket.bindNetlink()
                _ = try socket.send(plain.span)
                var buffer = [UInt8](repeating: 0, count: 4096)
                #expect(try socket.receiveNetlink(into: &buffer, count: buffer.count) != nil)
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let refusal = try gateway.refusal { try gateway.session(nil, 10) }
                #expect(refusal.code == GoodbyeReason.policy)
            }
        }

        /// Sends bytes to the socket of NETLINK_ROUTE with this port id.
        private static func forge(_ bytes: [UInt8], for portID: UInt32) throws {
            // SAFETY: the function reads as many bytes as it is told.
            let result = unsafe hostile_netlink_to(0, portID, bytes, bytes.count)
            try #require(result == 0)
        }

        @Test func `33 and 53: any program of the host may pretend to be the kernel`() throws {
            let forged = message(RouteRequest.newLink, [], sequence: 7, RouteRequest.interface(77))
            try Namespace().enter {
                let victim = try Descriptor.netlink(protocolNumber: 0)
                try victim.bindNetlink()
                try Self.forge(forged, for: victim.netlinkPortID())
                var buffer = [UInt8](repeating: 0, count: 4096)
                let received = try #require(try victim.receiveNetlink(into: &buffer, count: buffer.count))
                #expect(received.sender != 0 && received.length == forged.count)
            }
            try Gateway.run { gateway in
                let session = try gateway.session()
                try Self.forge(forged, for: session.welcome.portID)
                // The forged message would come first; the kernel's answer does.
                let answer = try session.answer(to: RouteRequest.link(index: 1, sequence: 7), sequence: 7)
                #expect(answer.messages == 1 && Array(answer.bytes[20..<24]) == [1, 0, 0, 0])
            }
        }

        @Test func `33: whoever may name an address talks to other programs`() throws {
            let greeting = message(RouteRequest.newLink, [], sequence: 7, RouteRequest.interface(77))
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let victim = try Descriptor.netlink(protocolNumber: 0)
                try victim.bindNetlink()
                let port = try victim.netlinkPortID()
                // Neither the header's port id nor the frame's group is an address.
                var addressed = greeting
                addressed.replaceSubrange(12..<16, with: Bytes.little(port))
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                try client.write(RawClient.frame(.datagram, addressed))
                try client.write(RawClient.frame(.ping, tag: 9))
                while let (header, _) = try client.nextFrame(), header.kind != .pong {}
                var buffer = [UInt8](repeating: 0, count: 4096)
                #expect(try victim.receiveNetlink(into: &buffer, count: buffer.count) == nil)
            }
        }

        @Test func `55: groups of multicast routes need the capability`() throws {
            try Namespace().enter { try LocalSocket(protocolNumber: 0).setOption(1, 30) }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let reader = try gateway.session(readOnly: true)
                #expect(try reader.setMembership(group: 30, joined: true).code == 1)
                #expect(try reader.setMembership(group: 1, joined: true).code == 0)
            }
        }

        @Test func `60: options of the socket widen what it hears and costs`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session()
                // Membership by option, RX_RING, TX_RING, LISTEN_ALL_NSID, LIST_MEMBERSHIPS and what is unknown.
                for number in [1, 2, 6, 7, 8, 9, 13, 200] as [UInt32] {
                    #expect(try session.setOption(OptionRequest(name: number, value: 1)).code != 0, "\(number)")
                }
                try session.ping()
            }
        }
    }
}
