import ConnectedSockets
import LinuxSys
import Testing

@testable import TLSSocket

@Suite struct TransferTests {
    private let talk: Conversation

    init() throws {
        let pki = try TestPKI()
        talk = try Conversation(pki.makeServer(), pki.clientContext())
        let outcome = talk.handshake()
        try #require(outcome.server == nil && outcome.client == nil)
    }

    @Test func `20 MB arrive unchanged, over full sockets and from a buffer that moves`() throws {
        var state: UInt64 = 88
        let block = (0..<1_000_003).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let sent = Array(repeatElement(block, count: 20).joined())
        var received = [UInt8]()
        received.reserveCapacity(sent.count)
        var buffer = [UInt8](repeating: 0, count: 30_000)
        var offset = 0
        var blocked = 0
        while received.count < sent.count {
            var isFull = false
            while offset < sent.count && !isFull {
                // A copy each time: the bytes are the same, their place is not.
                let piece = Array(sent[offset..<min(offset + 40_000, sent.count)])
                switch try talk.server.write(piece.span) {
                case .bytes(let count): offset += count
                default: (blocked, isFull) = (blocked + 1, true)
                }
            }
            while case .bytes(let count) = try talk.client.read(into: &buffer, at: 5000, count: 25_000) {
                received += buffer[5000..<5000 + count]
            }
        }
        #expect(received == sent)
        #expect(blocked > 0)
    }

    @Test func `bytes that wait inside are announced`() throws {
        #expect(!talk.server.hasPendingInput)
        #expect(try talk.client.write([1, 2, 3, 4].span) == .bytes(4))
        #expect(try talk.sockets.far.wait(for: .read, milliseconds: 5000))
        var buffer = [UInt8](repeating: 9, count: 4)
        #expect(try talk.server.read(into: &buffer, at: 1, count: 3) == .bytes(3))
        #expect(buffer == [9, 1, 2, 3])
        #expect(talk.server.hasPendingInput)
        // The socket itself has nothing any more.
        #expect(try !talk.sockets.far.wait(for: .read, milliseconds: 0))
        #expect(try talk.server.read(into: &buffer, count: 4) == .bytes(1))
        #expect(!talk.server.hasPendingInput)
        #expect(try talk.server.read(into: &buffer, count: 4) == .wantRead)
    }

    @Test func `an end that was announced differs from a cut`() throws {
        var buffer = [UInt8](repeating: 0, count: 10)
        _ = try talk.client.write([7].span)
        talk.client.closeNotify()
        talk.sockets.near.shutdown(write: false)
        #expect(try talk.sockets.far.wait(for: .read, milliseconds: 5000))
        #expect(try talk.server.read(into: &buffer, count: 10) == .bytes(1))
        #expect(try talk.server.read(into: &buffer, count: 10) == .closed(cut: false))
        #expect(try talk.server.read(into: &buffer, count: 10) == .closed(cut: false))
    }

    @Test func `a cut is told as such`() throws {
        var buffer = [UInt8](repeating: 0, count: 10)
        _ = try talk.client.write([7].span)
        talk.sockets.near.shutdown(write: false)
        #expect(try talk.sockets.far.wait(for: .read, milliseconds: 5000))
        #expect(try talk.server.read(into: &buffer, count: 10) == .bytes(1))
        #expect(try talk.server.read(into: &buffer, count: 10) == .closed(cut: true))
    }

    @Test func `one side may still send after the other has ended`() throws {
        var buffer = [UInt8](repeating: 0, count: 10)
        talk.client.closeNotify()
        #expect(try talk.sockets.far.wait(for: .read, milliseconds: 5000))
        #expect(try talk.server.read(into: &buffer, count: 10) == .closed(cut: false))
        #expect(try talk.server.write([1, 2].span) == .bytes(2))
        #expect(try talk.sockets.near.wait(for: .read, milliseconds: 5000))
        #expect(try talk.client.read(into: &buffer, count: 10) == .bytes(2))
    }

    @Test func `a foreign byte in the stream ends the connection`() throws {
        _ = try talk.sockets.near.send([23, 3, 3, 0, 20].span)
        _ = try talk.sockets.near.send([UInt8](repeating: 5, count: 20).span)
        #expect(try talk.sockets.far.wait(for: .read, milliseconds: 5000))
        var buffer = [UInt8](repeating: 0, count: 10)
        let error = thrown { () throws(TLSError) in
            for _ in 0..<3 { _ = try talk.server.read(into: &buffer, count: 10) }
        }
        #expect(error?.code == .protocolViolation)
        #expect(thrown { () throws(TLSError) in try talk.server.write([1].span) } == error)
        #expect(talk.server.peer == nil)
    }

    @Test func `nothing is moved by empty calls`() throws {
        var buffer = [UInt8]()
        #expect(try talk.server.read(into: &buffer, count: 0) == .bytes(0))
        #expect(try talk.server.write(buffer.span) == .bytes(0))
    }
}
