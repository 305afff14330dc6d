import Foundation
import Roles
import SeededInput
import Testing

@testable import PolicyFile

/// Damaged policies: nothing stops the compiler, and what it refuses it can point at.
@Suite struct FuzzTests {
    private static let corpus: [[UInt8]] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.sorted { $0.path() < $1.path() }.compactMap { try? Array(Data(contentsOf: $0)) }
    }()

    /// What mutations put in: the words and the traps of the language.
    private static let words: [[UInt8]] =
        [
            "policy: 1\n", "\n", "  ", "\t", ": ", ":", "- ", "[", "]", "{", "}", ",", "#", "'", "\"", "&a ", "*a",
            "!!x ", "|", "> ", "? ",
            "---\n", "...\n", "%YAML 1.2\n", "~", "all", "get*", "*", "GETLINK", "dump", "single", "route",
            "generic/nlctrl", "read: ",
            "write: ", "include: [a]", "where: ", "table: [1-2]", "uid: 0", "anonymous: true", "é", "\u{202e}",
            "\u{feff}", "\u{85}", "\u{2028}",
            "\0", "\r", "\\", "4294967296", "99999999999999999999", "-1", "10.0.0.0/8", "::/0", "<<: ", "sha256:",
            "a: {a: {a: {a: {",
        ].map { Array($0.utf8) } + [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
        ]

    private func mutate(_ bytes: [UInt8], _ generator: inout SeededNumbers) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...40, using: &generator))
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            case 3: bytes.removeSubrange(place...)
            case 4:
                var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
                lines.swapAt(
                    Int.random(in: lines.indices, using: &generator), Int.random(in: lines.indices, using: &generator))
                bytes = Array(lines.joined(separator: [0x0a]))
            default:
                bytes.insert(contentsOf: FuzzTests.words.randomElement(using: &generator) ?? [], at: place)
            }
        }
        return bytes
    }

    /// Reads what may be anything, and holds the answer against what every answer has.
    private func examine(_ bytes: [UInt8]) throws -> Bool {
        let source: PolicySource
        do throws(Diagnostic) {
            source = try PolicySource(name: "p.yaml", bytes: bytes)
        } catch {
            #expect(error.position == .start && error.severity == .error)
            return false
        }
        let file = PolicyFile(checking: source)
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        for diagnostic in file.diagnostics {
            let isPlace = (1...lines.count).contains(diagnostic.line) && diagnostic.column >= 1
            try #require(
                isPlace && (0...bytes.count).contains(diagnostic.position.offset), "\(diagnostic) in \(source.text)")
            let width = lines[diagnostic.line - 1].count { $0 & 0xc0 != 0x80 }
            #expect(diagnostic.column <= width + 2, "\(diagnostic) in \(source.text)")
            #expect(!diagnostic.message.isEmpty && !diagnostic.description.contains("\n"))
        }
        #expect(file.diagnostics.map(\.position) == file.diagnostics.map(\.position).sorted())
        guard file.isValid else {
            #expect(file.diagnostics.contains { $0.severity == .error } && file.tables == nil, "\(source.text)")
            return false
        }
        let tables = try #require(file.tables)
        #expect(try PolicyTables(decoding: tables.encode()) == tables, "\(source.text)")
        return true
    }

    @Test func `the corpus is there, and both kinds are in it`() throws {
        let valid = try FuzzTests.corpus.filter { try examine($0) }
        #expect(valid.count >= 5 && FuzzTests.corpus.count - valid.count >= 4)
    }

    @Test(arguments: 0..<8)
    func `damaged policies are taken or refused, and nothing else`(seed: Int) throws {
        var generator = SeededNumbers(seed: UInt64(seed))
        var taken = 0
        for _ in 0..<250 {
            let bytes = try #require(FuzzTests.corpus.randomElement(using: &generator))
            if try examine(mutate(bytes, &generator)) { taken += 1 }
        }
        #expect(taken > 0 && taken < 250)
    }

    @Test func `prefixes of the example`() throws {
        let bytes = Array(example.utf8)
        for length in stride(from: 0, to: bytes.count, by: 7) { _ = try examine(Array(bytes.prefix(length))) }
    }

    @Test func `anchors can't multiply, and depth and length have an end`() throws {
        let bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n? *c\n: *c\n"
        let hostile = [
            bomb, String(repeating: "[", count: 500_000), String(repeating: "{a: ", count: 200_000),
            String(repeating: "- ", count: 300_000), String(repeating: "? ", count: 300_000),
            (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined().prefix(1_000_000).description,
            String(repeating: "x", count: PolicySource.maximumSize + 1), String(repeating: "\n", count: 200_000),
            "policy: 1\nroles:\n" + (0..<60_000).map { "  r\($0): {}\n" }.joined(),
            "policy: 1\nroles: {" + String(repeating: "a: {},\n", count: 20_000) + "}",
            "policy: 1\nbindings:\n" + String(repeating: "- \n", count: 100_000),
        ]
        for text in hostile { #expect(try !examine(Array(text.utf8)), "\(text.prefix(40))") }
    }

    @Test func `large policies come to an end`() throws {
        let clients = (0..<1000).map { "  c\($0): { uid: \($0) }\n" }.joined()
        let roles = (0..<300).map { number in
            let includes = number == 0 ? "" : "include: [r\(number - 1)\(number > 3 ? ", r\(number / 2)" : "")], "
            return "  r\(number): { \(includes)read: { route: [GETLINK] }, limits: { sessions: 1 } }\n"
        }.joined()
        let bindings = (0..<1000).map { "  - { client: c\($0), roles: [r\($0 % 300)], netns: [a, b, c] }\n" }.joined()
        let tests = (0..<1000).map { "  - { client: c\($0), allow: \"route GETLINK dump\", netns: b }\n" }.joined()
        let text = "policy: 1\nclients:\n\(clients)roles:\n\(roles)bindings:\n\(bindings)tests:\n\(tests)"
        #expect(try examine(Array(text.utf8)))
    }
}
