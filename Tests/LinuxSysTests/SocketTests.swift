import Glibc
import LinuxSys
import Testing

@Suite struct SocketTests {
    @Test func `an address comes back as text and bytes`() throws {
        let vectors = [
            (SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 80), "127.0.0.1:80"),
            (SocketAddress(kind: .ipv6, bytes: [UInt8](repeating: 0, count: 15) + [1], port: 7000), "[::1]:7000"),
            (
                SocketAddress(
                    kind: .ipv6, bytes: [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [4], port: 1, zone: 3),
                "[fe80::4%3]:1"
            ),
            (try SocketAddress(unix: "/run/a.sock", abstract: false), "/run/a.sock"),
            (try SocketAddress(unix: "name", abstract: true), "@name"),
            (SocketAddress(kind: .unix, bytes: []), "unnamed"),
        ]
        for (address, text) in vectors { #expect(address.description == text) }
    }

    @Test func `a Unix name has a limit`() throws {
        let path = String(repeating: "a", count: 107)
        #expect(try SocketAddress(unix: path, abstract: false).bytes.count == 107)
        #expect(try SocketAddress(unix: path, abstract: true).bytes.count == 108)
        for (name, abstract) in [(path + "a", false), (path + "a", true), ("", false), ("", true)] {
            #expect(throws: Errno(rawValue: ENAMETOOLONG)) { try SocketAddress(unix: name, abstract: abstract) }
        }
    }

    @Test func `numeric hosts resolve without a resolver, others say why not`() throws {
        let both = try SocketAddress.resolve(host: "::1", port: 7000, numericOnly: true)
        #expect(both == [SocketAddress(kind: .ipv6, bytes: [UInt8](repeating: 0, count: 15) + [1], port: 7000)])
        let error = #expect(throws: ResolveError.self) {
            try SocketAddress.resolve(host: "not-a-number", port: 1, numericOnly: true)
        }
        #expect(error?.description.hasPrefix("not-a-number: ") == true)
        let zone = try SocketAddress.resolve(host: "fe80::1%lo", port: 1, numericOnly: true)
        #expect(zone.first?.zone == 1)
    }

    @Test func `a stream over loopback, both ends and their options`() throws {
        let any = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])
        let listener = try Descriptor.streamSocket(for: any)
        try listener.bind(to: any)
        try listener.listen(backlog: 1)
        let isEmpty = try listener.accept() == nil
        #expect(isEmpty)
        let address = try listener.localAddress()
        #expect(address.port != 0)
        let client = try Descriptor.streamSocket(for: address)
        _ = try client.connect(to: address)
        #expect(try listener.wait(for: .read, milliseconds: 60_000))
        guard let accepted = try listener.accept() else { throw Errno(rawValue: ETIMEDOUT) }
        let peer = accepted.peer
        #expect(try peer == client.localAddress())
        #expect(try client.peerAddress() == address)
        #expect(try client.pendingError() == nil)
        let server = Descriptor(owning: accepted.release())
        try server.setOption(level: 6, 1, 1)
        #expect(try server.option(level: 6, 1) == 1)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(try server.receive(into: &buffer, count: 8) == .wouldBlock)
        #expect(try client.send([1, 2, 3].span) == .bytes(3))
        #expect(try server.wait(for: .read, milliseconds: 60_000))
        #expect(try server.receive(into: &buffer, at: 2, count: 6) == .bytes(3))
        #expect(buffer == [0, 0, 1, 2, 3, 0, 0, 0])
        client.shutdown(write: true)
        #expect(try server.wait(for: .read, milliseconds: 60_000))
        #expect(try server.receive(into: &buffer, count: 8) == .closed)
    }

    @Test func `nobody listening is ECONNREFUSED`() throws {
        let any = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])
        let bound = try Descriptor.streamSocket(for: any)
        try bound.bind(to: any)
        let client = try Descriptor.streamSocket(for: any)
        do throws(Errno) {
            if try !client.connect(to: bound.localAddress()) {
                _ = try client.wait(for: .write, milliseconds: 60_000)
                #expect(try client.pendingError()?.rawValue == ECONNREFUSED)
            } else {
                Issue.record("connected to nobody")
            }
        } catch {
            #expect(error.rawValue == ECONNREFUSED)
        }
    }

    @Test func `a Unix peer is who it is`() throws {
        let name = "nlgate-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let address = try SocketAddress(unix: name, abstract: true)
        let listener = try Descriptor.streamSocket(for: address)
        try listener.bind(to: address)
        try listener.listen(backlog: 1)
        let client = try Descriptor.streamSocket(for: address)
        #expect(try client.connect(to: address))
        let peer = try client.peerCredentials()
        #expect(peer.pid == getpid())
        #expect(peer.uid == getuid())
        #expect(peer.gid == getgid())
    }

    @Test func `epoll tells tokens and readiness, and forgets what was removed`() throws {
        let pair = try Descriptor.packetPair()
        var epoll = try Epoll()
        var events: [Event] = []
        try epoll.add(pair.ours.raw, .read, token: UInt64.max)
        try epoll.wait(milliseconds: 0, into: &events)
        #expect(events.isEmpty)
        _ = try pair.theirs.send([1].span)
        try epoll.wait(milliseconds: 60_000, into: &events)
        #expect(events.count == 1)
        #expect(events.first?.token == UInt64.max)
        #expect(events.first?.readiness.contains(.read) == true)
        try epoll.modify(pair.ours.raw, .write, token: 5)
        try epoll.wait(milliseconds: 60_000, into: &events)
        #expect(events.first?.token == 5)
        #expect(events.first?.readiness == .write)
        epoll.remove(pair.ours.raw)
        try epoll.wait(milliseconds: 0, into: &events)
        #expect(events.isEmpty)
    }

    @Test func `a netlink socket has a port id, and the kernel is sender 0`() throws {
        let socket = try Descriptor.netlink(protocolNumber: 0)
        try socket.bindNetlink()
        #expect(try socket.netlinkPortID() != 0)
        var buffer = [UInt8](repeating: 0, count: 64)
        #expect(try socket.receiveNetlink(into: &buffer, count: 64) == nil)
        // RTM_GETLINK of an interface that isn't there: NLMSG_ERROR. Cut to 20 bytes, its length is still told.
        let request: [UInt8] =
            [32, 0, 0, 0, 18, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 255, 255, 255, 127]
            + [UInt8](repeating: 0, count: 8)
        _ = try socket.send(request.span)
        #expect(try socket.wait(for: .read, milliseconds: 60_000))
        let datagram = try #require(try socket.receiveNetlink(into: &buffer, at: 4, count: 20))
        #expect(datagram.sender == 0)
        #expect(datagram.group == 0)
        #expect(datagram.length == 52)
        #expect(Array(buffer[8..<10]) == [2, 0])
    }

    @Test func `random bytes, clocks, the kernel's name`() {
        #expect(randomBytes(32).count == 32)
        #expect(randomBytes(32) != randomBytes(32))
        #expect(randomBytes(0).isEmpty)
        let before = Clock.monotonicMilliseconds()
        #expect(Clock.monotonicMilliseconds() >= before)
        #expect(Clock.unixSeconds() > 1_700_000_000)
        #expect(kernelRelease().first?.isNumber == true)
        #expect(userIDs("root")?.uid == 0)
        #expect(userIDs("no-such-user-here") == nil)
    }
}
