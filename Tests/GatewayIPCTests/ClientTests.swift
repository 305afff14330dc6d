import Testing

@testable import GatewayIPC

/// What the keeper says of clients, and what it gets back of it.
@Suite struct ClientTests {
    private let memo = ClientMemo(
        fingerprint: [UInt8](repeating: 0xab, count: 32), commonName: "noc-7", issuer: "CN=Ops CA,O=Ähren",
        alternativeNames: [
            AlternativeName(.dns, "noc.example.org"), AlternativeName(.uri, "spiffe://ops/noc"),
            AlternativeName(.email, "noc@example.org"),
        ], trace: (0..<ClientMemo.traceSize).map { UInt8(truncatingIfNeeded: $0) })

    @Test func `a memo comes back as it was, and its length is always the same`() {
        #expect(ClientMemo(memo.encode()) == memo)
        let bare = ClientMemo(fingerprint: [UInt8](repeating: 0, count: 32), trace: [])
        #expect(bare.encode().count == ClientMemo.size && memo.encode().count == ClientMemo.size)
        #expect(ClientMemo(bare.encode())?.alternativeNames == [])
        for bytes in [[], Array(memo.encode().dropLast()), memo.encode() + [0]] { #expect(ClientMemo(bytes) == nil) }
    }

    @Test func `a name that doesn't fit is left out whole, never cut`() {
        var long = memo
        long.commonName = String(repeating: "c", count: 256)
        long.issuer = String(repeating: "i", count: 1025)
        let names = (0..<10).map { AlternativeName(.dns, String(repeating: "\($0)", count: 255)) }
        long.alternativeNames = [AlternativeName(.uri, String(repeating: "u", count: 256))] + names
        let back = ClientMemo(long.encode())
        #expect(back?.commonName == "" && back?.issuer == "")
        #expect(back?.alternativeNames == Array(names.prefix(7)))
        long.commonName = String(repeating: "c", count: 255)
        #expect(ClientMemo(long.encode())?.commonName == long.commonName)
    }

    @Test func `bytes that no keeper wrote are no memo`() throws {
        let bytes = memo.encode()
        let names = 32 + 255 + 1024
        let firstName = try #require(ClientMemo(bytes)?.alternativeNames.first?.text.utf8.count)
        let changes: [(Int, UInt8)] = [
            // Control characters, and what isn't UTF-8, in the common name and the issuer.
            (32, 0x0a), (33, 0x7f), (32, 0xff), (32 + 255, 0x1b), (32 + 255, 0xc0),
            // A kind that isn't, a length of nothing, one past the end, a zero inside a name.
            (names, 4), (names + 1, 0), (names + 1, 255), (names + 3, 0), (names + 2, 0x01),
            // Something behind the last name.
            (names + 2047, 1), (names + 2 + firstName, 9),
        ]
        for (index, value) in changes {
            var wrong = bytes
            wrong[index] = value
            #expect(ClientMemo(wrong) == nil, "\(index) \(value)")
        }
    }

    @Test func `random memos never trap, and what is read is written the same way`() {
        var generator = SystemRandomNumberGenerator()
        let bytes = memo.encode()
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            guard let read = ClientMemo(changed) else { continue }
            if ClientMemo(read.encode()) != read { Issue.record("\(changed)") }
        }
    }

    @Test func `every index has its bit`() throws {
        for index in 0..<UInt16(ClientMapping.mostIndexes) {
            let mapping = ClientMapping(
                frontend: 1, connection: 2, policy: 3, clients: [index], bindings: [4095 - index], words: "w")
            let read = try? ChildMessage(ChildMessage.mapped(mapping).encode())
            if read != .mapped(mapping) { Issue.record("\(index)") }
        }
        let all = Array(0..<UInt16(ClientMapping.mostIndexes))
        let everybody = ClientMapping(
            frontend: 1, connection: 2, policy: 3, clients: all, bindings: all,
            words: String(repeating: "w", count: 400))
        #expect(try ChildMessage(ChildMessage.mapped(everybody).encode()) == .mapped(everybody))
    }
}
