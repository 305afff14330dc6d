import Foundation
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// 200,000 changes of routes, to one subscriber and to a hundred, over TLS.
    @Suite struct StormTests {
        private static let changes = 200_000

        /// Routes come and go; a last one stays, so that subscribers know the end.
        private static let storm: [String] = {
            let prefixes = (0..<changes / 2).map { "10.\(20 + ($0 >> 16)).\(($0 >> 8) & 255).\($0 & 255)/32" }
            return prefixes.map { "route add blackhole \($0)" } + prefixes.map { "route del blackhole \($0)" }
        }()
        private static let last = "route add blackhole 203.0.113.0/24"

        @Test func `one subscriber's picture is the kernel's in the end`() async throws {
            let namespace = try NamedNamespace()
            try await OutsideGateway.run(namespace: namespace) { gateway in
                let ip = try await gateway.client()
                var iterator = ip.events([.ipv4Route], snapshot: true).makeAsyncIterator()
                var (routes, events, losses) = (Set<IPPrefix>(), 0, 0)
                var isWhole = false
                let writer = Task.detached { [storm = Self.storm, last = Self.last, name = namespace.name] in
                    let scratch = try Scratch()
                    let path = try scratch.write((storm + [last]).joined(separator: "\n") + "\n", to: "batch")
                    try tool("ip", ["-n", name, "-batch", path])
                }
                while !(isWhole && routes.contains("203.0.113.0/24")) {
                    switch try #require(await iterator.next()).value {
                    case .changed(.route(let route)):
                        events += 1
                        routes.insert(route.prefix)
                    case .removed(.route(let route)):
                        events += 1
                        routes.remove(route.prefix)
                    case .present(.route(let route)): routes.insert(route.prefix)
                    case .snapshotBegins: routes = []
                    case .snapshotEnds: isWhole = true
                    case .lost:
                        losses += 1
                        isWhole = false
                    case .disconnected(let error): Issue.record("\(error)")
                    default: continue
                    }
                }
                try await writer.value
                #expect(events >= Self.changes || losses > 0, "\(events) events, \(losses) losses")
                let shown = try namespace.ip("-j route show table all type blackhole")
                let kernel = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [[String: Any]]
                let left = routes.filter { $0.family == .inet && $0.length != 8 && $0.length != 32 }
                #expect(Set((kernel ?? []).compactMap { $0["dst"] as? String }.compactMap { IPPrefix($0) }) == left)
            }
        }

        @Test func `a hundred subscribers get each change, or are told of the loss`() async throws {
            let namespace = try NamedNamespace()
            // They all come at once from one address.
            let limits = ["--limit", "sessions-per-client=128", "--limit", "unauthenticated-per-address=128"]
            try await OutsideGateway.run(limits, namespace: namespace) { gateway in
                let connect = try gateway.connecting
                let tls = gateway.tls
                let ready = Gate(100)
                let results = Task {
                    // Without all of them nobody need wait any more.
                    defer { ready.open() }
                    return try await withThrowingTaskGroup(of: Subscriber.self) { group in
                        for _ in 0..<100 {
                            group.addTask {
                                try await Subscriber.listen(try await connect(tls), ready, Self.changes / 2)
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                }
                await ready.wait()
                try namespace.ipBatch(Self.storm)
                // The end may be what is lost: it is said again, until all have heard it.
                let end = Task.detached { [name = namespace.name] in
                    for index in 1...600 {
                        try tool(
                            "ip", ["-n", name, "route", "append", "blackhole", "203.0.113.0/24", "metric", "\(index)"])
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                let all = try await results.value
                end.cancel()
                _ = try? await end.value
                #expect(all.count == 100)
                // No events are missing without a word before or after the gap.
                #expect(all.allSatisfy { $0.silentGaps == 0 }, "\(all)")
                #expect(all.allSatisfy { $0.events == Self.changes || $0.losses > 0 }, "\(all)")
                #expect(all.contains { $0.events > 0 })
                // After the loss each asks again, and has what the kernel has.
                let shown = try namespace.ip("-j route show table all type blackhole")
                let kernel = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [[String: Any]] ?? []
                #expect(!kernel.isEmpty)
                for subscriber in all {
                    let routes = try await subscriber.ip.routes(.inet).filter { $0.type == .blackhole }
                    #expect(routes.count == kernel.count)
                    #expect(Set(routes.compactMap(\.priority)) == Set(kernel.compactMap { $0["metric"] as? UInt32 }))
                }
            }
        }
    }
}

/// What a subscriber has heard.
private struct Subscriber: Sendable, CustomStringConvertible {
    let ip: IPRoute
    var events = 0
    var losses = 0
    /// 1 where events are missing of which nothing was told, up to the end.
    var silentGaps = 0

    var description: String { "\(events) events, \(losses) losses, \(silentGaps) silent gaps" }

    /// Counts the events of a storm of so many routes that come and go in turn, until the word that it is over.
    static func listen(_ ip: IPRoute, _ ready: Gate, _ count: Int) async throws -> Subscriber {
        var subscriber = Subscriber(ip: ip)
        var iterator = ip.connection.datagrams().makeAsyncIterator()
        // RTNLGRP_IPV4_ROUTE
        try await ip.connection.join(7)
        ready.pass()
        var expected = 0
        // A loss was told since the last event; events are missing of which nothing was told yet.
        var (wasTold, isOpen) = (false, false)
        var last = 0
        while let item = try await iterator.next() {
            switch item {
            case .datagram(let bytes, group: 7):
                // RTA_TABLE, then RTA_DST, behind headers of 16 and 12 bytes.
                guard bytes.count >= 44, bytes[38] == 1 else { continue }
                let address = bytes[40..<44].reduce(0) { $0 << 8 | Int($1) }
                if address == 203 << 24 | 113 << 8 {
                    // The gap may be told behind this word, if it is at all.
                    if !isOpen || last == 20 { return subscriber.closed(isOpen) }
                    last += 1
                    continue
                }
                let place = address - (10 << 24 | 20 << 16) + (bytes[4] == 25 ? count : 0)
                if place != expected, !wasTold { isOpen = true }
                expected = place + 1
                wasTold = false
                subscriber.events += 1
            case .lost:
                subscriber.losses += 1
                (wasTold, isOpen) = (true, false)
            default: continue
            }
        }
        return subscriber.closed(isOpen)
    }

    private func closed(_ isOpen: Bool) -> Subscriber {
        var subscriber = self
        subscriber.silentGaps = isOpen ? 1 : 0
        return subscriber
    }
}

/// Opens when so many have passed.
private actor Gate {
    private var left: Int
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ count: Int) {
        left = count
    }

    nonisolated func pass() {
        Task { await count(1) }
    }

    nonisolated func open() {
        Task { await count(left) }
    }

    private func count(_ passed: Int) {
        left -= passed
        guard left <= 0 else { return }
        waiter?.resume()
        waiter = nil
    }

    func wait() async {
        guard left > 0 else { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
