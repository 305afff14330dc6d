import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink

struct Bench {
    let url: GatewayURL
    let credentials: Credentials

    /// Best time of several dumps of all IPv4 routes over one session, each message walked attribute by attribute or
    /// decoded to a value.
    func dump(times: Int, decode: Bool) throws {
        let client = try NetlinkClient(url, credentials, protocolNumber: 0)
        var best = Double.infinity
        for _ in 0..<times {
            var messages = 0
            var sum = 0
            let start = seconds()
            try client.request(try RouteRequest.dump(family: .inet)) { (message, bytes) throws(WireError) in
                messages += 1
                if decode {
                    sum &+= Int(try Route(message, in: bytes).priority ?? 0)
                } else {
                    sum &+= try walk(message, bytes)
                }
            }
            best = min(best, seconds() - start)
            writeStandardError("\(messages) messages, checksum \(sum)")
        }
        print(best)
    }

    private func walk(_ message: Message, _ bytes: Span<UInt8>) throws(WireError) -> Int {
        var sum = 0
        var cursor = AttributeCursor((message.payload.lowerBound + 12)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            if attribute.payload.count == 4 { sum &+= Int(try attribute.u32(in: bytes)) }
        }
        return sum
    }

    /// Median time of one RTM_GETLINK of the loopback interface, one after the other.
    func roundTrips(_ count: Int) throws {
        let client = try NetlinkClient(url, credentials, protocolNumber: 0)
        let request = try LinkRequest.get(index: 1)
        var times: [Double] = []
        for _ in 0..<count {
            let start = seconds()
            try client.request(request) { (_, _) throws(WireError) in }
            times.append(seconds() - start)
        }
        times.sort()
        print(times[count / 2])
    }

    /// Prints the sizes of one round trip on the wire, frames included: request and answer, in bytes.
    func sizes() throws {
        let client = try NetlinkClient(url, credentials, protocolNumber: 0)
        let request = try LinkRequest.get(index: 1)
        var answer = FrameHeader.size
        try client.request(request) { (message, _) throws(WireError) in answer += aligned(Int(message.header.length)) }
        print(FrameHeader.size + MessageHeader.size + request.payload.count, answer)
    }

    /// Opens so many sessions, says "ready" and waits for a line.
    func idle(_ count: Int) throws {
        var sessions: [GatewaySession] = []
        for _ in 0..<count {
            sessions.append(
                try GatewaySession(url, credentials, Hello(protocolNumber: 0, readOnly: true), timeout: 60))
        }
        print("ready")
        fflush(nil)
        _ = readLine()
        print(sessions.count)
    }

    /// Most memory that this process had in use while all IPv4 routes streamed by as values, in KiB; more than it had
    /// before is what the stream costs.
    func stream() async throws {
        let ip = try await IPRoute(url, credentials: credentials)
        let before = try memory("VmRSS")
        var routes = 0
        for try await _ in ip.routeStream(.inet) { routes += 1 }
        writeStandardError("\(routes) routes")
        print(before, try memory("VmHWM"))
    }

    private func memory(_ field: String) throws -> Int {
        let status = try Descriptor.open("/proc/self/status", flags: O_RDONLY).readAll(limit: 1 << 16)
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// Subscribes so many times to IPv4 routes, says "ready", and counts until a route to 203.0.113.0/24 was heard of by
    /// all: events in all, losses that were told, and subscribers that missed events without a word.
    func storm(_ subscribers: Int, of changes: Int) async throws {
        let results = try await withThrowingTaskGroup(of: Listener.self) { group in
            for _ in 0..<subscribers {
                let connection = try await NetlinkConnection(url, credentials: credentials)
                let datagrams = connection.datagrams()
                // RTNLGRP_IPV4_ROUTE
                try await connection.join(7)
                group.addTask { try await Listener.listen(datagrams, changes / 2) }
            }
            print("ready")
            fflush(nil)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let whole = results.count { $0.events == changes && $0.losses == 0 }
        print(
            results.reduce(0) { $0 + $1.events }, results.reduce(0) { $0 + $1.losses }, whole,
            results.count { $0.isMissingSilently })
    }

    private let clock = ContinuousClock()
    private let beginning = ContinuousClock().now

    private func seconds() -> Double {
        let (seconds, attoseconds) = (clock.now - beginning).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
