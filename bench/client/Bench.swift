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

    private let clock = ContinuousClock()
    private let beginning = ContinuousClock().now

    private func seconds() -> Double {
        let (seconds, attoseconds) = (clock.now - beginning).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
