import Foundation
import NetlinkWire
import Testing

extension GatewayTests {
    /// What clients of pyroute2 0.1 said, recorded by `Tests/python/record_dialect.py`, said again.
    @Suite struct DialectVectorTests {
        /// One recorded client.
        struct Vector: Sendable, CustomTestStringConvertible {
            struct Exchange: Sendable {
                var message: [UInt8]
                /// The types of the answer's messages, each once; the last may be `error N`.
                var answer: [String]
            }

            let name: String
            var exchanges: [Exchange] = []

            var testDescription: String { name }

            init(_ url: URL) throws {
                name = url.deletingPathExtension().lastPathComponent
                for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
                    let words = line.split(separator: " ").map(String.init)
                    if words.first == ">", words.count == 2 {
                        exchanges.append(Exchange(message: try DialectVectorTests.bytes(words[1]), answer: []))
                    } else if words.first == "<", !exchanges.isEmpty {
                        exchanges[exchanges.count - 1].answer = Array(words.dropFirst())
                    }
                }
            }
        }

        static let vectors: [Vector] = {
            let folder = OldClient.root.appending(path: "Tests/Vectors/dialects")
            let files =
                (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
            return files.sorted { $0.path() < $1.path() }.compactMap { try? Vector($0) }
        }()

        private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
            try stride(from: 0, to: hexadecimal.utf8.count, by: 2).map { offset in
                let start = hexadecimal.index(hexadecimal.startIndex, offsetBy: offset)
                return try #require(UInt8(hexadecimal[start...].prefix(2), radix: 16))
            }
        }

        private func makeLinks() throws {
            try ip("link add nlgA type veth peer name nlgB")
            try ip("link set nlgA up")
            try ip("link set nlgB up")
            try ip("link add br0 type bridge")
            try ip("link add nlgBridge type bridge")
        }

        @Test func `there are some`() {
            #expect(Self.vectors.count >= 14)
            #expect(Self.vectors.allSatisfy { $0.exchanges.count > 1 })
        }

        @Test(arguments: vectors, [Int.max, 1])
        func `the same answers as then`(vector: Vector, cut: Int) throws {
            try Gateway.run(["--policy", "builtin:unrestricted"], prepare: makeLinks) { gateway in
                let client = try MessageStreamClient(gateway)
                for exchange in vector.exchanges {
                    for start in stride(from: 0, to: exchange.message.count, by: min(cut, exchange.message.count)) {
                        let end = min(exchange.message.count, start + min(cut, exchange.message.count))
                        try client.raw.write(Array(exchange.message[start..<end]))
                    }
                    let header = try MessageHeader(from: exchange.message.span)
                    if header.type == .noop {
                        #expect(try client.next()?.bytes == MessageStreamClient.yes)
                    } else {
                        #expect(try answer(client, to: header) == exchange.answer, "\(header)")
                    }
                }
                try expectResult(of: vector)
            }
        }

        private func answer(_ client: MessageStreamClient, to request: MessageHeader) throws -> [String] {
            var words: [String] = []
            while let (header, bytes) = try client.next() {
                guard header.sequence == request.sequence else { continue }
                #expect(header.portID == request.portID)
                let isError = header.type == .error
                let code = isError ? -Int32(bitPattern: try bytes.span.u32(at: 16)) : 0
                let word = isError ? "error \(code)" : "\(header.type.rawValue)"
                if !words.contains(word) { words += word.split(separator: " ").map(String.init) }
                if header.type == .done || isError || !header.flags.contains(.multi) { break }
            }
            return words
        }

        /// What the client's changes left behind.
        private func expectResult(of vector: Vector) throws {
            if vector.name.hasSuffix("-write") {
                let list = try ip("-o -4 addr show dev nlgA")
                for number in 1...4 { #expect(list.contains("192.0.2.\(number)/24"), "\(list)") }
                #expect(!list.contains("192.0.2.5/24"))
            }
            if vector.name.hasSuffix("-ipdb") {
                let list = try ip("-o addr show dev vpn") + ip("-o link show dev vpn")
                for words in ["10.0.0.1/24", "10.0.0.2/24", "00:11:22:33:44:55", "master nlgBridge"] {
                    #expect(list.contains(words), "\(list)")
                }
                #expect(!list.contains("10.0.0.3/24"))
            }
        }
    }
}
