import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

/// Bytes that nobody chose, and what must be true of whatever comes of them.
@Suite struct DialectFuzzTests {
    /// What a client's bytes led to, however they were cut.
    private struct Outcome: Equatable {
        var datagrams: [[UInt8]] = []
        var error: ProtocolError?
        var farewell: [UInt8] = []
    }

    @Test func `first bytes: no trap, and what is decided stays`() {
        var generator = SeededNumbers(seed: 0x6669_7273)
        var decided: [String: Int] = [:]
        for _ in 0..<20_000 {
            var bytes =
                [preface, request(18, sequence: 1), control(protocolNumber: 16, wide: true)].randomElement(
                    using: &generator) ?? []
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                bytes[Int.random(in: 0..<8, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            var known: String?
            for count in 0...bytes.count {
                let outcome: String?
                do throws(ProtocolError) {
                    outcome = try Dialect(firstBytes: 0..<count, of: bytes.span).map { "\($0)" }
                } catch {
                    outcome = "\(error)"
                }
                if let known { #expect(outcome == known) }
                known = known ?? outcome
            }
            decided[known ?? "nothing", default: 0] += 1
        }
        #expect(decided.count == 4 && decided["nothing"] == nil, "\(decided)")
    }

    @Test func `control messages: one changed byte, and only what is one gets a session`() {
        var generator = SeededNumbers(seed: 0x636f_6e74)
        var opened = 0
        for _ in 0..<20_000 {
            let wide = Bool.random(using: &generator)
            let before = control(protocolNumber: UInt8.random(in: 0...40, using: &generator), wide: wide)
            var bytes = before
            let place = Int.random(in: 0..<28, using: &generator)
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
            var client = MessageClient(.control)
            var hello: Hello?
            let error = failure { () throws(ProtocolError) in hello = try client.say(bytes).hello }
            let isOne =
                bytes[..<6] == before[..<6] && bytes[16] == 6 && bytes[22] == 1 && bytes[23] == 0
                && (bytes[20] == 6 || bytes[20] == 8) && bytes[21] == 0 && bytes[24] < 32 && bytes[25] == 0
                && (bytes[20] == 6 || (bytes[26] == 0 && bytes[27] == 0))
            #expect((hello != nil) == isOne && (error == .badControl) == !isOne, "\(bytes)")
            if isOne { #expect(hello?.protocolNumber == UInt32(bytes[24])) }
            opened += isOne ? 1 : 0
        }
        #expect((2000...18_000).contains(opened))
    }

    private func stream(_ generator: inout SeededNumbers) -> [UInt8] {
        var bytes: [UInt8] = []
        for sequence in 0..<UInt32.random(in: 1...6, using: &generator) {
            let type = [16, 17, 18, 20, 21, 24, 28, 3, 400].randomElement(using: &generator) ?? 16
            let size = [0, 1, 15, 16, 17, 60, 3000, 65_504, 65_505].randomElement(using: &generator) ?? 0
            bytes += request(UInt16(type), sequence: sequence, payload: size)
        }
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            bytes[Int.random(in: 0..<min(bytes.count, 100), using: &generator)] = UInt8.random(
                in: 0...255, using: &generator)
        }
        return bytes
    }

    private func outcome(_ bytes: [UInt8], cut: (inout SeededNumbers) -> Int, wide: Bool) throws -> Outcome {
        var client = try MessageClient(.control, session: true, wide: wide, limit: 65_536)
        var generator = SeededNumbers(seed: UInt64(bytes.count))
        var outcome = Outcome()
        var start = 0
        while start < bytes.count, outcome.error == nil {
            let end = min(bytes.count, start + max(1, cut(&generator)))
            let part = Array(bytes[start..<end])
            outcome.error = failure { () throws(ProtocolError) in try client.say(part) }
            start = end
        }
        outcome.datagrams = try whole(client.forwarded)
        outcome.farewell = client.connection.farewell(GoodbyeReason.protocolError)
        return outcome
    }

    private func whole(_ frames: [UInt8]) throws -> [[UInt8]] {
        var cursor = FrameCursor(0..<frames.count)
        var reassembler = Reassembler(limit: DatagramLimit.toBroker)
        var list: [[UInt8]] = []
        while let (header, payload) = try cursor.next(in: frames.span) {
            if let whole = try reassembler.add(header, payload, of: frames.span) { list.append(whole) }
        }
        return list
    }

    @Test func `however a stream is cut, the same datagrams, the same error, the same last word`() throws {
        var generator = SeededNumbers(seed: 0x6375_7473)
        var errors = 0
        for _ in 0..<150 {
            let bytes = stream(&generator)
            let wide = Bool.random(using: &generator)
            let joined = try outcome(bytes, cut: { _ in 65_536 }, wide: wide)
            let odd = try outcome(bytes, cut: { Int.random(in: 1...5000, using: &$0) }, wide: wide)
            #expect(joined == odd)
            if bytes.count < 4000 { #expect(try outcome(bytes, cut: { _ in 1 }, wide: wide) == joined) }
            errors += joined.error == nil ? 0 : 1
        }
        #expect((10...140).contains(errors), "\(errors)")
    }

    @Test func `what is made narrower lost nothing but zeros, and is what it was made for`() throws {
        var generator = SeededNumbers(seed: 0x7769_6465)
        var changed = 0
        for _ in 0..<5000 {
            let type = [16, 17, 19, 20, 21, 24, 25, 28, 29, 32, 36].randomElement(using: &generator) ?? 16
            let fixed =
                Int.random(in: 0...9, using: &generator) == 0 ? 5 : [16: 16, 17: 16, 19: 16, 20: 8, 21: 8][type] ?? 12
            var body = [[2, 10, 0].randomElement(using: &generator) ?? 0] + generator.bytes(fixed - 1...fixed - 1)
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let length = [8, 12, 16, 16, 16].randomElement(using: &generator) ?? 16
                let known = Int.random(in: 0...length - 4, using: &generator)
                let attribute = UInt8.random(in: 0...8, using: &generator)
                body += [UInt8(length), 0, attribute, 0] + generator.bytes(known...known)
                body += [UInt8](repeating: 0, count: length - 4 - known)
            }
            let said = message(MessageHeader(type: MessageType(rawValue: UInt16(type)), sequence: 1), body)
            let length = Int(try MessageHeader(from: said.span).length)
            var client = try MessageClient(.control, session: true, wide: true)
            let list = try datagrams(in: client.say(said).frames)
            let meant = try #require(list.first).bytes
            if meant == Array(said[..<length]) { continue }
            changed += 1
            let header = try MessageHeader(from: meant.span)
            #expect(Int(header.length) == meant.count && meant.count <= said.count)
            let kept = [said, meant].map { $0.dropFirst(16).filter { $0 != 0 }.sorted() }
            // Lengths differ, all else that isn't zero is there.
            #expect(kept[1].count >= kept[0].count - 5 && kept[1].count <= kept[0].count)
            var again = try MessageClient(.control, session: true, wide: true)
            #expect(try datagrams(in: again.say(meant).frames).map(\.bytes) == [meant])
        }
        #expect((300...4500).contains(changed), "\(changed)")
    }
}
