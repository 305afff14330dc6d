import GatewayURL
import Testing

@testable import nlgated

/// Options of the command line and of a configuration file, and which goes before which.
@Suite struct OptionTests {
    private func file(_ name: String, _ value: String, line: UInt32 = 2) -> Setting {
        Setting(name: name, value: value, origin: .file("c.yaml", line: line, column: 5))
    }

    @Test func `the command line goes before the file, name by name`() throws {
        let words = try OptionWords(["--listen=unix://@a", "--limit", "sessions=7", "--key", "k"])
        let settings = words.over([
            file("listen", "unix://@b"), file("listen", "unix://@c"), file("limit", "sessions=8"),
            file("limit", "backlog=9"), file("key", "f"), file("crl", "r"), file("insecure-tcp", "false"),
        ])
        let options = try Options(settings)
        #expect(options.listen.map(\.host) == ["a"])
        #expect(options.limits.sessions == 7 && options.limits.backlog == 9)
        #expect(options.key == "k" && options.revocationList == "r" && !options.insecureTCP)
        let printed = options.asConfiguration
        for line in [
            "listen:\n  - 'unix://@a'  # command line", "key: 'k'  # command line", "crl: 'r'  # c.yaml:2",
            "  sessions: 7  # command line", "  backlog: 9  # c.yaml:2", "  sessions-per-client: 64  # default",
            "# cert:  # none, default", "insecure-tcp: false  # c.yaml:2",
        ] { #expect(printed.contains(line + "\n"), "\(printed)") }
    }

    @Test func `all wrong values of a file are told with their places`() throws {
        do throws(StartError) {
            _ = try Options([
                file("frontends", "0"), file("readers", "x", line: 9), file("netns", "a/b"), file("key", "k"),
            ])
            Issue.record("taken")
        } catch {
            guard case .configuration(let lines) = error else { throw error }
            #expect(error.exitCode == 2)
            #expect(lines.map { $0.prefix { $0 != " " } } == ["c.yaml:2:5:", "c.yaml:9:5:", "c.yaml:2:5:"])
            #expect(lines[0] == "c.yaml:2:5: error: frontends takes a number from 1 to 256, not 0")
        }
    }

    @Test(arguments: ["--nothing", "listen", "--check=1", "--key", "--", "-x"])
    func `a wrong command line is refused`(word: String) throws {
        do throws(StartError) {
            _ = try OptionWords([word])
            Issue.record("taken")
        } catch {
            guard case .usage = error else { throw error }
        }
    }

    @Test func `the usual file is for a daemon that isn't told what to listen on`() throws {
        #expect(try OptionWords(["--config", "f", "--listen", "x"]).configuration(isActivated: true) == "f")
        #expect(try OptionWords(["--config", "none"]).configuration(isActivated: false) == nil)
        #expect(try OptionWords(["--listen", "x"]).configuration(isActivated: false) == nil)
        #expect(try OptionWords([]).configuration(isActivated: true) == nil)
    }
}
