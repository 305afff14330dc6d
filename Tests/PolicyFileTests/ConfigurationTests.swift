import SeededInput
import Testing

@testable import PolicyFile

/// The daemon's configuration file: which keys there are, and the place of everything that is wrong.
@Suite struct ConfigurationTests {
    private static let example = """
        # what is listened on
        config: 1
        listen: ["tls://[::]:7000", 'tls://0.0.0.0:7000']
        key: /etc/nlgate/server.key
        cert: /etc/nlgate/server.crt
        ca: /etc/nlgate/ca.crt
        client-ca: c
        crl: r
        policy: builtin:read-only
        audit: journal
        netns:
          - blue
          - red
        frontends: 2
        readers: 3
        uid-base: 700000
        admin: none
        limits:
          sessions: 5
          ping-seconds: 60
        insecure-tcp: true
        stop-on-eof: false
        """

    private func read(_ text: String) -> ConfigurationFile {
        ConfigurationFile(checking: PolicySource(name: "c.yaml", text: text))
    }

    private func errors(_ text: String) -> [String] {
        let file = read(text)
        #expect(file.settings.isEmpty)
        return file.diagnostics.map(\.description)
    }

    @Test func `every key is a setting with its place`() {
        let file = read(ConfigurationTests.example)
        #expect(file.diagnostics.isEmpty)
        let said = file.settings.map { "\($0.position.line):\($0.position.column) \($0.name) \($0.value)" }
        #expect(
            said.prefix(3) == [
                "3:10 listen tls://[::]:7000", "3:29 listen tls://0.0.0.0:7000", "4:6 key /etc/nlgate/server.key",
            ])
        #expect(said.contains("12:5 netns blue") && said.contains("19:3 limit sessions=5"))
        #expect(said.suffix(3) == ["20:3 limit ping-seconds=60", "21:15 insecure-tcp true", "22:14 stop-on-eof false"])
        let keys = ConfigurationFile.texts + ConfigurationFile.lists + ConfigurationFile.switches + ["limit"]
        #expect(Set(file.settings.map(\.name)) == Set(keys))
    }

    @Test func `what is wrong has a line and a column`() {
        #expect(errors("") == ["c.yaml:1:1: error: the file is empty; a configuration begins with 'config: 1'"])
        #expect(errors("listen: []")[0].hasPrefix("c.yaml:1:1: error: the configuration's version is missing"))
        #expect(errors("config: 2") == ["c.yaml:1:9: error: unknown version 2; this program knows 1"])
        #expect(
            errors("config: 1\nlisen: []") == [
                "c.yaml:2:1: error: unknown key lisen in a configuration; did you mean listen?"
            ])
        #expect(errors("config: 1\ninsecure-old-kernel: true")[0].hasPrefix("c.yaml:2:1: error: unknown key"))
        #expect(errors("config: 1\nlisten: x")[0].hasPrefix("c.yaml:2:9: error: 'x' where listen is a list"))
        #expect(errors("config: 1\nkey: [a]") == ["c.yaml:2:6: error: a list where key belongs"])
        #expect(errors("config: 1\nkey:")[0].hasPrefix("c.yaml:2:1: error: nothing stands behind key"))
        #expect(errors("config: 1\nkey: a\nkey: b")[0].hasPrefix("c.yaml:3:1: error: duplicate key key"))
        #expect(
            errors("config: 1\ninsecure-tcp: yes") == ["c.yaml:2:15: error: 'yes' where insecure-tcp is true or false"])
        #expect(errors("config: 1\nlimits: {'a=b': 1}") == ["c.yaml:2:10: error: 'a=b' is no limit's name"])
        #expect(
            errors("config: 1\nkey: &a x")[0].hasPrefix(
                "c.yaml:2:6: error: a YAML anchor, which a configuration doesn't have"))
        #expect(errors("config: 1\nkey: \"a\\nb\"")[0].contains("control characters"))
        #expect(errors("config: 1\nkey: a\nreaders: [\n").count == 1)
        let many = "config: 1\nnetns:\n" + (0..<2000).map { "  - n\($0)\n" }.joined()
        #expect(errors(many) == ["c.yaml:1:1: error: more than 1024 settings"])
    }

    @Test(arguments: 0..<4)
    func `damaged configurations are taken or refused, and nothing else`(seed: Int) throws {
        var generator = SeededNumbers(seed: UInt64(seed))
        let words = [
            "\n", "  ", "\t", ": ", "- ", "[", "]", "{", "}", "#", "'", "\"", "&a ", "*a", "~", "config: 1\n",
            "\u{202e}", "\0", "limits:", "9",
        ]
        var taken = 0
        for _ in 0..<400 {
            var bytes = Array(ConfigurationTests.example.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
                case 1:
                    bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...30, using: &generator)))
                default: bytes.insert(contentsOf: Array((words.randomElement(using: &generator) ?? "").utf8), at: place)
                }
                if bytes.isEmpty { bytes = [0x0a] }
            }
            guard let source = try? PolicySource(name: "c.yaml", bytes: bytes) else { continue }
            let file = ConfigurationFile(checking: source)
            if file.diagnostics.isEmpty { taken += 1 } else { #expect(file.settings.isEmpty) }
            for diagnostic in file.diagnostics {
                #expect(diagnostic.line >= 1 && diagnostic.column >= 1 && !diagnostic.description.contains("\n"))
            }
            for setting in file.settings {
                let isLine = setting.value.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
                #expect(!setting.value.isEmpty && isLine, "\(source.text)")
            }
        }
        #expect(taken > 0 && taken < 400)
    }
}
