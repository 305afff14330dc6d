import TLSHandshake
import Testing

/// What a server signs, and what only looks like it.
@Suite struct SignedContentTests {
    private let spaces = [UInt8](repeating: 0x20, count: 64)
    private let server = Array("TLS 1.3, server CertificateVerify".utf8)
    private func hash(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 + 1) } }

    @Test func `a well-formed content gives its hash`() {
        for count in [32, 48] {
            let content = spaces + server + [0] + hash(count)
            #expect(SignedContent.transcriptHash(ofServerContent: content) == hash(count))
            #expect(SignedContent.bytes(.server, transcriptHash: hash(count)) == content)
        }
    }

    @Test func `every other length of the hash is refused`() {
        for count in 0...80 where count != 32 && count != 48 {
            let content = spaces + server + [0] + hash(count)
            #expect(SignedContent.transcriptHash(ofServerContent: content) == nil, "\(count)")
        }
    }

    @Test func `a change of any byte before the hash is refused`() {
        let content = spaces + server + [0] + hash(32)
        for index in 0..<(content.count - 32) {
            for bit in 0..<8 {
                var changed = content
                changed[index] ^= 1 << UInt8(bit)
                #expect(SignedContent.transcriptHash(ofServerContent: changed) == nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func `the client's context, a bare hash and a wrong number of spaces are refused`() {
        let client = Array("TLS 1.3, client CertificateVerify".utf8)
        let wrong: [[UInt8]] = [
            spaces + client + [0] + hash(32), hash(32), hash(48), [], spaces,
            spaces.dropLast() + server + [0] + hash(32), spaces + [0x20] + server + [0] + hash(32),
            spaces.dropLast() + server + [0] + hash(33), spaces + [0x20] + server + [0] + hash(31),
            spaces + server + hash(33), spaces + server + [1] + hash(32),
        ]
        for content in wrong { #expect(SignedContent.transcriptHash(ofServerContent: content) == nil) }
    }
}
