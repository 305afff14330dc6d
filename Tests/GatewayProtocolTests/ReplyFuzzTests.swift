import Foundation
import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

/// Whatever comes from the kernel in whatever order, the client gets each message once.
@Suite struct ReplyFuzzTests {
    /// What was put in, told by the number behind the 24 bytes that may be rewritten.
    private struct Sent {
        var replies: [UInt32] = []
        var known: [UInt32] = []
        var others: [UInt32] = []
    }

    private static let mark = 24

    private func number(_ bytes: Span<UInt8>, _ message: Message) throws -> UInt32 {
        try bytes.u32(at: message.offset + Self.mark)
    }

    private func datagram(
        _ count: Int, type: UInt16, sequence: UInt32, flags: MessageFlags, from first: UInt32, _ payload: Int
    ) -> [UInt8] {
        (0..<count).flatMap { index in
            var body = [UInt8](repeating: 0, count: 8)
            for shift in 0..<4 as Range<UInt32> {
                body.append(UInt8(truncatingIfNeeded: (first + UInt32(index)) >> (8 * shift)))
            }
            body += [UInt8](repeating: 7, count: payload)
            let header = MessageHeader(
                type: MessageType(rawValue: type), flags: flags, sequence: sequence, portID: MessageClient.portID)
            return message(header, body)
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `each message once, replies in their order, none cut`(seed: UInt64) throws {
        var generator = SeededNumbers(seed: 0x7265_706c + seed)
        let dialect = seed % 3 == 0 ? Dialect.raw : .control
        var client = try MessageClient(dialect, session: true, wide: seed % 3 == 1, isLocal: seed % 2 == 0)
        var (now, next, sequence): (UInt64, UInt32, UInt32) = (10_000, 1, 100)
        var sent = Sent()
        var output: [UInt8] = []
        for _ in 0..<300 {
            now += [0, 0, 1, 10, 120, 700].randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                sequence += 1
                _ = try client.say(request(18, sequence: sequence))
            case 1:
                let type = UInt16([16, 24, 28, 32].randomElement(using: &generator) ?? 16)
                let count = Int.random(in: 1...20, using: &generator)
                let payload = 4 * Int.random(in: 0...200, using: &generator)
                let bytes = datagram(count, type: type, sequence: sequence, flags: .multi, from: next, payload)
                try client.hear(frame(.datagram, bytes), now: now)
                sent.replies += next..<(next + UInt32(count))
                next += UInt32(count)
            case 2:
                let type: UInt16 = Bool.random(using: &generator) ? 2 : 3
                let of = Bool.random(using: &generator) ? sequence : sequence - 1
                let bytes = datagram(1, type: type, sequence: of, flags: type == 3 ? .multi : [], from: next, 8)
                try client.hear(frame(.datagram, bytes), now: now)
                sent.replies.append(next)
                next += 1
            default:
                let type = UInt16([16, 20, 24, 32, 36, 64].randomElement(using: &generator) ?? 16)
                let bytes = datagram(1, type: type, sequence: 5, flags: [], from: next, 40)
                try client.hear(frame(.datagram, group: 1, bytes), now: now)
                if [16, 20, 24, 36].contains(type) { sent.known.append(next) } else { sent.others.append(next) }
                next += 1
            }
            output += client.take()
        }
        // The end of the last dump, which lets go what is kept for its next part.
        try client.hear(
            frame(.datagram, datagram(1, type: 3, sequence: sequence, flags: .multi, from: next, 8)), now: now)
        sent.replies.append(next)
        while let time = client.wakeAt {
            #expect(time > now && time <= now + 2000)
            now = time
            client.wait(until: now)
        }
        output += client.take()
        let numbers = try messages(in: output).filter { $0.header.type != .noop }.map { try number(output.span, $0) }
        #expect(numbers.count == sent.replies.count + sent.known.count + sent.others.count)
        let (known, others) = (Set(sent.known), Set(sent.others))
        #expect(numbers.filter { known.contains($0) } == sent.known)
        #expect(numbers.filter { others.contains($0) } == sent.others)
        #expect(numbers.filter { !known.contains($0) && !others.contains($0) } == sent.replies)
    }

    @Test func `a queue that is never empty keeps nothing that it has given away`() throws {
        var client = try MessageClient(.control, session: true)
        _ = try client.say(request(18, sequence: 1))
        let before = try residentKilobytes()
        var written = 0
        let one = frame(.datagram, group: 1, datagram(1, type: 20, sequence: 0, flags: [], from: 1, 16_000))
        for step in 0..<4000 as Range<UInt64> {
            // No answer ever comes, so each waits its half second, and there is always one that waits.
            try client.hear(one, now: 10_000 + 150 * step)
            written += client.take().count
            #expect(client.wakeAt != nil || step < 8)
        }
        #expect(written > 50 << 20)
        #expect(try residentKilobytes() - before < 32 << 10)
    }

    private func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1]))
    }
}
