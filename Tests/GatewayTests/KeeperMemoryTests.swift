import CHostile
import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Where the private key is, and where it isn't.
    @Suite struct KeeperMemoryTests {
        @Test(arguments: ServerKeyKind.allCases)
        func `no process but the keeper has the key in memory, during and after handshakes`(
            kind: ServerKeyKind
        ) throws {
            let identities = try Identities(serverKey: kind)
            let secrets = try Secrets(of: identities)
            try Gateway.run(["--policy", "builtin:unrestricted"], identities: identities) { gateway in
                let begun = try OpenHandshake(identities)
                try begun.waitForServer(gateway)
                try search(gateway, secrets, "in a handshake")
                try begun.finish()
                let held = try (0..<4).map { _ in try gateway.session(Gateway.tls) }
                try search(gateway, secrets, "with sessions")
                for session in held {
                    let request = RouteRequest.link(index: 1, sequence: 1)
                    #expect(try session.answer(to: request, sequence: 1).messages == 1)
                }
                // A frontend and a keeper that begin anew, and a keeper that follows another.
                let frontend = try gateway.only(.frontend).pid
                #expect(kill(frontend, SIGKILL) == 0)
                try gateway.supervisor.child.signal(SIGHUP)
                try eventually("the files are loaded") { gateway.log.contains("key and certificates loaded") }
                try eventually("handshakes") { (try? gateway.session(Gateway.tls)) != nil }
                // A process that ends meanwhile has no memory to be searched.
                try eventually("one keeper, and no compiler") {
                    gateway.helpers(.keeper).count == 1 && gateway.helpers(.compiler).isEmpty
                }
                try search(gateway, secrets, "after a reload")
            }
        }

        private func search(_ gateway: Gateway, _ secrets: Secrets, _ when: String) throws {
            let keeper = try gateway.only(.keeper).pid
            for process in gateway.everyProcess() {
                let found = try secrets.found(in: process.pid)
                if process.pid == keeper {
                    // The search finds what is there.
                    #expect(!found.isEmpty, "\(when)")
                } else {
                    #expect(found.isEmpty, "\(when): \(process.words.first ?? "") has \(found)")
                }
            }
        }
    }
}

/// A private key in every form in which a process could have it.
private struct Secrets {
    let needles: [(name: String, bytes: [UInt8])]

    init(of identities: Identities) throws {
        let path = identities.keyPath
        let pem = try String(contentsOfFile: path, encoding: .utf8)
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let numbers = try Secrets.numbers(of: tool("openssl", ["pkey", "-in", path, "-noout", "-text"]))
        try #require(!numbers.isEmpty)
        let certificate = try String(contentsOfFile: identities.certificatePath, encoding: .utf8)
        // The last line may be short, and the public half is in the certificate as well.
        let secretLines = lines.map { $0.prefix(40) }.filter { $0.count == 40 && !certificate.contains($0) }
        try #require(!secretLines.isEmpty)
        var needles = secretLines.map { (name: "PEM", bytes: Array($0.utf8)) }
        for (name, bytes) in numbers {
            // As it stands in DER, and as OpenSSL computes with it.
            needles += [(name, bytes), (name + " reversed", bytes.reversed())]
            needles.append((name + " as text", Array(bytes.map { String(format: "%02x", $0) }.joined().utf8)))
        }
        self.needles = needles
    }

    /// The secret ones of the numbers that the tool prints, without leading zeros.
    private static func numbers(of text: String) -> [(name: String, bytes: [UInt8])] {
        let secret = ["priv", "privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient"]
        var numbers: [(name: String, bytes: [UInt8])] = []
        var isSecret = false
        for line in text.split(separator: "\n") {
            guard line.hasPrefix("    ") else {
                let name = String(line.prefix { $0 != ":" })
                isSecret = secret.contains(name)
                if isSecret { numbers.append((name, [])) }
                continue
            }
            guard isSecret, let last = numbers.indices.last else { continue }
            numbers[last].bytes += line.split(separator: ":").compactMap {
                UInt8($0.trimmingCharacters(in: .whitespaces), radix: 16)
            }
        }
        return numbers.map { ($0.name, Array($0.bytes.drop { $0 == 0 })) }
    }

    /// The names of what the process has.
    func found(in pid: Int32) throws -> [String] {
        try needles.compactMap { needle in
            // SAFETY: the C function reads as many bytes as the array has.
            let result = unsafe hostile_memory_has(pid, needle.bytes, needle.bytes.count)
            try #require(result >= 0, "the memory of \(pid) can't be read")
            return result == 1 ? needle.name : nil
        }
    }
}
