import Foundation
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The process with the private key, as part of a running gateway.
    @Suite struct KeeperTests {
        private func ask(_ session: GatewaySession) throws {
            #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 1), sequence: 1).messages == 1)
        }

        @Test func `it is killed, sessions live on, handshakes fail until the next one is there`() throws {
            try Gateway.run { gateway in
                let before = try gateway.session(Gateway.tls)
                let first = try gateway.only(.keeper).pid
                #expect(kill(first, SIGSTOP) == 0)
                #expect(kill(first, SIGKILL) == 0)
                try eventually("another keeper") {
                    gateway.helpers(.keeper).contains { $0.pid != first } && gateway.log.contains("started again")
                }
                try ask(before)
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                try ask(before)
                #expect(gateway.log.contains("nlgate-keeper ended with signal 9"))
                #expect(gateway.helpers(.frontend).count == 1)
            }
        }

        @Test func `it hangs: handshakes fail, sessions live on, and it is replaced`() throws {
            try Gateway.run { gateway in
                let before = try gateway.session(Gateway.tls)
                let frontend = try gateway.only(.frontend).pid
                let first = try gateway.only(.keeper).pid
                #expect(kill(first, SIGSTOP) == 0)
                #expect(throws: (any Error).self) { try gateway.session(Gateway.tls) }
                try ask(before)
                // The gateway gives it ten seconds to take a new link.
                try eventually("another keeper") { gateway.log.contains("nlgate-keeper started again") }
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                try ask(before)
                #expect(try gateway.only(.keeper).pid != first)
                #expect(try gateway.only(.frontend).pid == frontend)
            }
        }

        @Test func `a gateway without certificates has none`() throws {
            try Gateway.run(listen: ["unix://DIR/s.sock"]) { gateway in
                #expect(gateway.helpers(.keeper).isEmpty)
                try ask(gateway.session())
            }
        }

        @Test func `a frontend gets a new way when it lost its own`() throws {
            try Gateway.run { gateway in
                let first = try gateway.only(.frontend).pid
                #expect(kill(first, SIGKILL) == 0)
                try eventually("another frontend") { gateway.helpers(.frontend).contains { $0.pid != first } }
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                #expect(gateway.helpers(.keeper).count == 1)
            }
        }

        @Test func `the handshake limit refuses, and what is old enough must connect again`() throws {
            try Gateway.run(["--limit", "handshakes-per-second=2"]) { gateway in
                var refused = 0
                for _ in 0..<12 where (try? gateway.session(Gateway.tls)) == nil { refused += 1 }
                #expect(refused > 0)
                try eventually("a handshake again") { (try? gateway.session(Gateway.tls)) != nil }
            }
        }

        /// The private key in every form in which a process could have it.
        private func secrets(_ identities: Identities) throws -> [[UInt8]] {
            let pem = try String(contentsOfFile: identities.keyPath, encoding: .utf8)
            let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
            let der = try #require(Data(base64Encoded: lines.joined()))
            // PKCS#8 of a P-256 key: the scalar follows the INTEGER 1 of ECPrivateKey as OCTET STRING of 32 bytes.
            let marker: [UInt8] = [0x02, 0x01, 0x01, 0x04, 0x20]
            let bytes = Array(der)
            let place = try #require(
                bytes.indices.dropLast(marker.count).first { bytes[$0...].starts(with: marker) })
            let scalar = Array(bytes[(place + marker.count)..<(place + marker.count + 32)])
            try #require(scalar.count == 32)
            let text = try #require(lines.first { $0.count >= 40 }).utf8
            return [scalar, scalar.reversed(), Array(text.prefix(40)), Array(der.prefix(80).suffix(44))]
        }

        @Test func `no process but the keeper has the key in memory, during and after handshakes`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let secrets = try secrets(gateway.identities)
                for round in 0..<2 {
                    let held = try (0..<4).map { _ in try gateway.session(Gateway.tls) }
                    try held.forEach(ask)
                    for process in gateway.everyProcess() {
                        let found = try secrets.map { try memory(of: process.pid, has: $0) }
                        let isKeeper = process.pid == gateway.helpers(.keeper).first?.pid
                        // The keeper has the scalar, which shows that the search finds it.
                        #expect(
                            found.contains(true) == isKeeper, "round \(round): \(process.words.first ?? "") \(found)")
                    }
                }
            }
        }
    }
}

/// True when the bytes stand anywhere in the memory that a process can read.
private func memory(of pid: Int32, has needle: [UInt8]) throws -> Bool {
    let file = try Descriptor.open("/proc/\(pid)/mem", flags: O_RDONLY)
    for line in text(ofFile: "/proc/\(pid)/maps").split(separator: "\n") {
        let fields = line.split(separator: " ")
        let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        // What is mapped from a file and can't be written is the program's text.
        guard ends.count == 2, fields[1].hasPrefix("r"), fields[1].hasPrefix("rw") || fields.count < 6 else { continue }
        if try region(file.raw, ends[0]..<ends[1], has: needle) { return true }
    }
    return false
}

private func region(_ file: Int32, _ range: Range<UInt64>, has needle: [UInt8]) throws -> Bool {
    let size = 1 << 20
    var buffer = [UInt8](repeating: 0, count: size)
    var offset = range.lowerBound
    while offset < range.upperBound {
        let wanted = Int(min(UInt64(size), range.upperBound - offset))
        // SAFETY: pread writes at most `wanted` bytes, which the buffer has.
        let count = unsafe pread(file, &buffer, wanted, Int(bitPattern: UInt(offset)))
        // A page that isn't there can't be read; the next block may.
        guard count > 0 else {
            offset += UInt64(wanted)
            continue
        }
        if Data(buffer[..<count]).range(of: Data(needle)) != nil { return true }
        // The needle may lie across two blocks.
        offset += UInt64(
            count == wanted && count > needle.count && offset + UInt64(count) < range.upperBound
                ? count - needle.count : count)
    }
    return false
}
