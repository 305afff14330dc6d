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
            try await OutsideGateway.run(["--limit", "sessions-per-client=128"], namespace: namespace) { gateway in
                let identities = gateway.gateway.identities
                let files = try identities.clientFiles()
                let (tls, settings) = (gateway.tls, gateway.settings)
                let ready = Gate(100)
                let results = Task {
                    try await withThrowingTaskGroup(of: (events: Int, losses: Int).self) { group in
                        for _ in 0..<100 {
                            group.addTask {
                                let connection = try await NetlinkConnection(
                                    host: tls, key: files.key, cert: files.certificate, ca: identities.authorityPath,
                                    settings: settings)
                                return try await listen(connection, ready)
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                }
                await ready.wait()
                try namespace.ipBatch(Self.storm + [Self.last])
                // The last event may be the one that is lost: another, once the storm is over.
                for index in 0..<20 {
                    try await Task.sleep(for: .milliseconds(500))
                    try namespace.ip("route replace blackhole 203.0.113.0/24 metric \(index)")
                }
                let all = try await results.value
                #expect(all.count == 100)
                #expect(all.allSatisfy { $0.events > Self.changes || $0.losses > 0 }, "\(all)")
                #expect(all.allSatisfy { $0.events > 0 })
            }
        }
    }
}

/// Counts the events of a connection until the last of a storm.
private func listen(_ connection: NetlinkConnection, _ ready: Gate) async throws -> (events: Int, losses: Int) {
    var iterator = connection.datagrams().makeAsyncIterator()
    // RTNLGRP_IPV4_ROUTE
    try await connection.join(7)
    ready.pass()
    var (events, losses) = (0, 0)
    while let item = try await iterator.next() {
        switch item {
        case .datagram(let bytes, _):
            events += 1
            // RTA_DST stands first, behind headers of 16 and 12 bytes.
            if bytes.count >= 36, bytes[32..<36].elementsEqual([203, 0, 113, 0]) { return (events, losses) }
        case .lost: losses += 1
        case .refused: continue
        }
    }
    return (events, losses)
}

/// Opens when so many have passed.
private actor Gate {
    private var left: Int
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ count: Int) {
        left = count
    }

    nonisolated func pass() {
        Task { await count() }
    }

    private func count() {
        left -= 1
        if left == 0 { waiter?.resume() }
    }

    func wait() async {
        guard left > 0 else { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
