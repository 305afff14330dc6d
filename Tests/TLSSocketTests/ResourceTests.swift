import ConnectedSockets
import Foundation
import LinuxSys
import Testing

@testable import TLSSocket

/// Memory and descriptors, each in a process of its own.
@Suite struct ResourceTests {
    @Test func `thousands of handshakes, good and bad, leave no memory behind`() async {
        await #expect(processExitsWith: .success) {
            let pki = try TestPKI()
            let stranger = try TestPKI()
            let list = try pki.authority.revocationList(serials: [], number: 1, validity: Validity(days: 1))
            let server = try pki.makeServer(crl: list)
            let good = try pki.clientContext()
            let bad = try stranger.clientContext(ca: pki.caCertificate)
            func round(_ count: Int) throws {
                for index in 0..<count {
                    let talk = try Conversation(server, index % 4 == 3 ? bad : good)
                    let outcome = talk.handshake()
                    guard (outcome.server == nil) == (index % 4 != 3) else { throw ToolFailure(output: "wrong") }
                    _ = talk.keeper.candidate?.peer
                }
            }
            func descriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            try round(200)
            // The tests that run meanwhile may have left some to this process.
            let open = try descriptors()
            let before = try ProcessMemory.resident()
            try round(2000)
            // A leak of one certificate a connection would be some 10 MB.
            guard try ProcessMemory.resident() - before < 2_000_000 else { throw ToolFailure(output: "it grows") }
            guard try descriptors() == open else { throw ToolFailure(output: "descriptors leak") }
        }
    }

    @Test func `an idle connection is small`() async {
        await #expect(processExitsWith: .success) {
            let pki = try TestPKI()
            let server = try pki.makeServer()
            let client = try pki.clientContext()
            var kept = [Conversation]()
            for _ in 0..<50 { kept.append(try Self.used(server, client)) }
            let before = try ProcessMemory.resident()
            for _ in 0..<200 { kept.append(try Self.used(server, client)) }
            let each = (try ProcessMemory.resident() - before) / 200
            // Both ends are in this process: 20 KiB each, and no 16 KiB buffers.
            guard each < 56 * 1024 else { throw ToolFailure(output: "\(each) bytes a pair") }
            withExtendedLifetime(kept) {}
        }
    }

    /// A connection that has moved a full record each way.
    private static func used(_ server: TestServer, _ client: TLSClientContext) throws -> Conversation {
        let talk = try Conversation(server, client)
        guard talk.handshake().server == nil else { throw ToolFailure(output: "no handshake") }
        let record = [UInt8](repeating: 1, count: 16_384)
        var buffer = record
        for (one, other) in [(talk.server, talk.client), (talk.client, talk.server)] {
            _ = try one.write(record.span)
            while try other.read(into: &buffer, count: 16_384) == .wantRead {}
        }
        return talk
    }

    @Test func `a client that sends a first message without an end is cut off`() throws {
        let pki = try TestPKI()
        let sockets = try SocketPair()
        let server = try pki.makeServer().accept(sockets.far)
        // Records of 1,000 bytes of a ClientHello of 100,000.
        var record: [UInt8] = [22, 3, 1, 3, 232, 1, 1, 134, 160] + [UInt8](repeating: 0, count: 996)
        var sent = 0
        let error = thrown { () throws(TLSError) in
            for _ in 0..<90 {
                _ = try? sockets.near.send(record.span)
                sent += record.count
                _ = try? sockets.far.wait(for: .read, milliseconds: 5000)
                _ = try server.handshake()
                record = [22, 3, 1, 3, 232] + [UInt8](repeating: 0, count: 1000)
            }
        }
        #expect(error?.code == .protocolViolation)
        #expect(error?.description.contains("16384") == true)
        #expect(sent < 20_000)
    }

    @Test func `preparation leaves no descriptor open and later connections open none`() async {
        await #expect(processExitsWith: .success) {
            func descriptors() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").sorted()
            }
            let pki = try TestPKI()
            let before = try descriptors()
            try TLSLibrary.prepareDelegation()
            let server = try pki.makeServer()
            try server.key.rehearse(with: server.clients)
            guard try descriptors() == before else { throw ToolFailure(output: "a descriptor stays open") }
            // With no descriptor to be had, opening anything would fail from here on.
            let talk = try Conversation(server, pki.clientContext())
            while (try? talk.sockets.near.duplicate().release()) != nil {}
            guard talk.handshake().server == nil, talk.server.peer != nil else {
                throw ToolFailure(output: "the handshake needs a descriptor")
            }
        }
    }

    @Test func `a secret is wiped`() {
        var secret = Array("secret".utf8)
        TLSLibrary.wipe(&secret)
        #expect(secret == [0, 0, 0, 0, 0, 0])
    }
}

/// What the kernel says about this process.
enum ProcessMemory {
    /// Resident bytes.
    static func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { throw ToolFailure(output: text) }
        return pages * 4096
    }
}
