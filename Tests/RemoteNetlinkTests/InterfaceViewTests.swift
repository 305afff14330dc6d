import NetlinkFamilies
import NetlinkWire
import Testing

@testable import RemoteNetlink

/// The view of interfaces, fed with events.
@Suite struct InterfaceViewTests {
    private func link(_ index: Int, master: UInt32? = nil) -> Link {
        var link = Link(index: UInt32(index), name: ByteString("l\(index)"))
        link.flags = .up
        link.master = master
        return link
    }

    private func route(_ number: Int, through index: Int) -> Route {
        let address = IPAddress(10, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255))
        var route = Route(to: IPPrefix(address))
        route.outputIndex = UInt32(index)
        route.scope = .link
        return route
    }

    /// Were an event's cost to grow with what is there, this would take hours.
    @Test(.timeLimit(.minutes(3))) func `5,000 interfaces and 100,000 routes, and as many events`() throws {
        let (links, routes) = (5_000, 100_000)
        var view = InterfaceView()
        func take(_ event: NetworkEvent) { _ = view.take(DetailedEvent(event: event)) }
        take(.snapshotBegins)
        for index in 1...links { take(.present(.link(link(index, master: index > 10 ? UInt32(index % 10 + 1) : nil)))) }
        for number in 0..<routes { take(.present(.route(route(number, through: number % links + 1)))) }
        #expect(!view.isCurrent)
        take(.snapshotEnds)
        #expect(view.isCurrent)
        #expect(view.interface("l7")?.ports.count == links / 10 - 1)
        #expect(view.interface("l4999")?.routes.count == routes / links)
        // One interface has a fifth of all; its routes come and go.
        for number in 0..<20_000 { take(.changed(.route(route(routes + number, through: 1)))) }
        for number in 0..<20_000 { take(.removed(.route(route(routes + number, through: 1)))) }
        for index in 1...links {
            take(.changed(.link(link(index))))
            take(.changed(.address(Address("10.0.0.1/8", index: UInt32(index)))))
        }
        #expect(view.interface("l7")?.ports == [])
        for index in 1...links {
            take(.removed(.address(Address("10.0.0.1/8", index: UInt32(index)))))
            if index > 2 { take(.removed(.link(link(index)))) }
        }
        // With its last address an interface loses its IPv4 routes.
        #expect(view.interfaces.map(\.name) == ["l1", "l2"])
        #expect(view.interfaces.allSatisfy { $0.routes.isEmpty && $0.addresses.isEmpty })
    }

    @Test func `a snapshot takes the place of what was known, once it is whole`() {
        var view = InterfaceView()
        func take(_ event: NetworkEvent) -> Bool { view.take(DetailedEvent(event: event)) }
        #expect(!take(.snapshotBegins))
        #expect(!take(.present(.link(link(1)))))
        #expect(take(.snapshotEnds))
        #expect(!take(.lost))
        #expect(!view.isCurrent)
        #expect(!take(.snapshotBegins))
        #expect(!take(.present(.link(link(2)))))
        #expect(view.interfaces.map(\.name) == ["l1"])
        #expect(take(.snapshotEnds))
        #expect(view.interfaces.map(\.name) == ["l2"])
        #expect(view.isCurrent)
    }

    @Test func `a name that moves to another interface is that one's`() {
        var view = InterfaceView()
        func take(_ event: NetworkEvent) { _ = view.take(DetailedEvent(event: event)) }
        var (first, second) = (link(1), link(2))
        for link in [first, second] { take(.changed(.link(link))) }
        first.name = "old"
        take(.changed(.link(first)))
        second.name = "l1"
        take(.changed(.link(second)))
        #expect(view.interface("l1")?.index == 2)
        #expect(view.interface("old")?.index == 1)
        #expect(view.interface("l2") == nil)
        take(.removed(.link(second)))
        #expect(view.interface("l1") == nil)
    }
}
