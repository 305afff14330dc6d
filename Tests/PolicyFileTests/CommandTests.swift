import Foundation
import Testing

/// `nlgate policy` as a process.
@Suite struct CommandTests {
    private let folder: PolicyFolder

    init() throws {
        folder = try PolicyFolder()
        try folder.write(commandPolicy)
    }

    @Test func `a valid policy is shown as what it comes to`() throws {
        let outcome = try folder.policy("check", "policy.yaml")
        #expect(outcome.status == 0 && outcome.errors == "")
        for part in [
            "policy.yaml: valid: 0 errors, 0 warnings, 2 clients, 2 roles, 2 of 2 tests passed",
            "noc    .     monitor, router privileged for route sessions 2, messages-per-second 100 (200)",
            "root   blue  monitor         reader", "router table 100-199 binds route NEWROUTE",
            "line 9: GET* is generic/nlctrl GETFAMILY, generic/nlctrl GETPOLICY",
        ] { #expect(outcome.output.contains(part), "\(part)\n\(outcome.output)") }
        #expect(try folder.policy("check", "-q", "policy.yaml").output == "")
    }

    @Test func `errors have a place, a line and a caret, in a pipe too`() throws {
        try folder.write(commandPolicy.replacing("GETADDR", with: "GETADR"))
        let outcome = try folder.policy("check", "policy.yaml")
        #expect(outcome.status == 1)
        #expect(
            outcome.errors == """
                policy.yaml:8:24: error: unknown operation GETADR in route; did you mean GETADDR?
                    8 |       route: [GETLINK, GETADR]   # what it reads
                      |                        ^

                """)
        #expect(!outcome.errors.contains("\u{1b}") && !outcome.output.contains("\u{1b}"))
    }

    @Test func `control characters of a file don't reach the terminal`() throws {
        try folder.write("policy: 1 \u{1b}[31m \u{7} \u{202e}\nroles: \u{9b}\n")
        let outcome = try folder.policy("check", "policy.yaml")
        #expect(outcome.status == 1)
        let bad = outcome.errors.unicodeScalars.filter {
            $0.properties.generalCategory == .control && $0 != "\n" || $0 == "\u{202e}"
        }
        #expect(bad.isEmpty)
    }

    @Test func `check as JSON`() throws {
        try folder.write(
            commandPolicy.replacing("clients:\n", with: "clients:\n  nobody: { uid: 7 }\n"), as: "warned.yaml")
        let files = try folder.policy("check", "--json", "policy.yaml", "warned.yaml").list()
        #expect(files.count == 2)
        let first = files[0]
        #expect(first["valid"] as? Bool == true && first["file"] as? String == "policy.yaml")
        let clients = try #require(first["clients"] as? [[String: Any]])
        #expect(clients.map { $0["client"] as? String } == ["noc", "root"])
        #expect(clients[0]["privileged"] as? [String] == ["route"] && clients[1]["netns"] as? String == "blue")
        let limits = try #require(clients[0]["limits"] as? [[String: Any]])
        #expect(limits[1]["limit"] as? String == "messages-per-second" && limits[1]["per_client"] as? Int == 200)
        let conditions = try #require(first["where"] as? [[String: Any]])
        #expect(conditions[0]["binds"] as? [String] == ["route NEWROUTE"])
        #expect((first["tests"] as? [String: Int]) == ["passed": 2, "failed": 0])
        let diagnostics = try #require(files[1]["diagnostics"] as? [[String: Any]])
        #expect(diagnostics[0]["severity"] as? String == "warning" && diagnostics[0]["line"] as? Int == 3)
        let invalid = try folder.policy("check", "--json", "-", input: "policy: 2\n")
        #expect(invalid.status == 1)
        #expect(try invalid.list()[0]["valid"] as? Bool == false)
    }

    @Test func `show names every grant`() throws {
        let text = try folder.policy(
            "show", "policy.yaml", "--client", "common-name=noc-7", "--client", "issuer=CN=Ops CA")
        #expect(text.status == 0 && text.output.contains("read  route          GETLINK   single,dump monitor 8"))
        #expect(
            text.output.contains("write route          NEWROUTE  single      router  13   table 100-199"),
            "\(text.output)")
        let grants = try folder.policy("show", "policy.yaml", "--client", "noc", "--json").list()
        let roles = try #require(grants[0]["roles"] as? [[String: Any]])
        let operations = try #require(roles[1]["operations"] as? [[String: Any]])
        #expect(operations[0]["operation"] as? String == "NEWROUTE" && operations[0]["class"] as? String == "write")
        #expect(try folder.policy("show", "policy.yaml", "--client", "nock").status == 2)
        #expect(try folder.policy("show", "policy.yaml", "--client", "common-nam=x").status == 2)
        #expect(try folder.policy("show", "builtin:read-only").status == 0)
    }

    @Test func `explain says what decides, and its status says which way`() throws {
        func explain(_ arguments: String...) throws -> CommandOutcome {
            try folder.run([try folder.nlgate(), "policy", "explain", "policy.yaml"] + arguments)
        }
        let allowed = try explain("--client", "noc", "route NEWROUTE table=150")
        #expect(allowed.status == 0 && allowed.output.hasPrefix("allowed, by a privileged broker\npolicy.yaml:13:"))
        let denied = try explain("--client", "noc", "route NEWROUTE table=200")
        #expect(
            denied.status == 1 && denied.output.hasPrefix("denied\npolicy.yaml:14:14: role router:"), "\(denied.output)"
        )
        #expect(denied.output.contains("\n   14 |     where: { table: [100-199] }\n"))
        #expect(try explain("--client", "noc", "route NEWROUTE").output.hasPrefix("allowed if the message fits"))
        #expect(try explain("--client", "root", "--netns", "blue", "route GETLINK").status == 0)
        #expect(try explain("--client", "root", "route GETLINK").status == 1)
        #expect(
            try explain("--client", "common-name=noc-7", "--client", "issuer=CN=Ops CA", "listen route LINK").status
                == 1)
        let json = try explain("--client", "noc", "--json", "route SETLINK")
        #expect(json.status == 1)
        let object = try json.object()
        #expect(object["decision"] as? String == "denied")
        #expect(((object["reasons"] as? [[String: Any]])?.first)?["decides"] as? Bool == true)
        #expect(try explain("--client", "noc", "route GETLNK").status == 2)
        #expect(try explain("route GETLINK").status == 2)
        #expect(try explain("--client", "noc").status == 2)
    }

    @Test func `explain judges bytes as a broker does`() throws {
        func explain(_ hex: String, _ more: String...) throws -> CommandOutcome {
            try folder.run(
                [try folder.nlgate(), "policy", "explain", "policy.yaml", "--client", "noc", "--hex", hex] + more)
        }
        // RTM_GETLINK with NLM_F_DUMP and struct ifinfomsg; RTM_NEWROUTE into table 150 and into table 254.
        let dump = "20000000 1200 0103 01000000 00000000" + String(repeating: "00", count: 16)
        #expect(try explain(dump).status == 0)
        func route(_ table: String) -> String {
            "24000000 1800 0506 01000000 00000000 02 10 00 00 \(table) 04 00 01 00000000 0800 0100 0a4d0000"
        }
        let allowed = try explain(route("96"), "--json")
        #expect(allowed.status == 0, "\(allowed.output)\(allowed.errors)")
        let messages = try #require(try allowed.object()["messages"] as? [[String: Any]])
        #expect(messages[0]["target"] as? String == "dst=10.77.0.0/16 table=150 protocol=static")
        let denied = try explain(route("fe"))
        #expect(
            denied.status == 1 && denied.output.contains("only where table is 100-199 (role router, line"),
            "\(denied.output)")
        #expect(try explain("2000").status == 1)
        #expect(try explain("xyz").status == 2)
        #expect(try explain("200").status == 2)
        // nlctrl has a fixed number, other generic families have those of this kernel.
        let family = "20000000 1000 0100 01000000 00000000 03 01 0000 0b00 0200 6e6c6374726c00 00"
        #expect(try explain(family, "--protocol", "16").status == 0)
        #expect(try explain(dump, "--protocol", "2").status == 1)
    }

    @Test func `tests of the file`() throws {
        let passed = try folder.policy("test", "policy.yaml")
        #expect(passed.status == 0 && passed.output.hasSuffix("2 passed, 0 failed\n"))
        try folder.write(commandPolicy.replacing("allow: \"route GETLINK dump\"", with: "deny: \"route GETLINK dump\""))
        let failed = try folder.policy("test", "policy.yaml")
        #expect(
            failed.status == 1 && failed.output.contains("FAIL line 19: noc: deny route GETLINK dump\n"),
            "\(failed.output)")
        let json = try folder.policy("test", "--json", "policy.yaml").list()
        #expect(json.map { $0["passed"] as? Bool } == [false, true])
        #expect(try folder.policy("test", "-", input: "nonsense").status == 1)
    }

    @Test func `wrong usage is 2 and help is 0`() throws {
        for arguments in [
            ["chek"], ["check"], ["allow", "policy.yaml", "route GETLINK"], ["check", "--nope", "policy.yaml"],
        ] {
            let outcome = try folder.run([try folder.nlgate(), "policy"] + arguments)
            #expect(outcome.status == 2 && !outcome.errors.isEmpty, "\(arguments)")
        }
        for command in ["check", "show", "explain", "test", "allow", "deny", "learn", "apply"] {
            let outcome = try folder.policy(command, "--help")
            #expect(outcome.status == 0 && outcome.output.contains("Example: nlgate policy \(command)"), "\(command)")
        }
        #expect(try folder.policy("check", "absent.yaml").status == 1)
        #expect(try folder.policy("check", "builtin:nope").status == 2)
    }

    @Test func `learn drafts what check accepts`() throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/bird.jsonl").path()
        let draft = try folder.policy("learn", golden)
        #expect(draft.status == 0 && draft.errors.contains("note: 12 denials that the log left out"))
        #expect(try folder.policy("check", "-", input: draft.output).status == 0)
        let json = try folder.policy("learn", "--json", golden).object()
        #expect(json["policy"] as? String == draft.output && json["learned"] as? Int == 12)
        let piped = try folder.policy("learn", "-", input: try String(contentsOfFile: golden, encoding: .utf8))
        #expect(piped.output == draft.output)
        // Lines longer than any buffer, and a last one without an end.
        let long = String(repeating: "a", count: 300_000)
        let last = try String(contentsOfFile: golden, encoding: .utf8).split(separator: "\n")[1]
        let odd = try folder.policy("learn", "-", input: "\(long)\n\n\(long)\n\(last)")
        #expect(odd.status == 0 && odd.errors.contains("note: 2 lines: longer than"), "\(odd.errors)")
        #expect(try folder.policy("learn", "-", input: "{}\n").status == 1)
        #expect(try folder.policy("learn", "absent.jsonl").status == 1)
    }

    @Test func `check against the running kernel`() throws {
        let outcome = try folder.policy("check", "--kernel", "policy.yaml")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.errors.contains("nlctrl"))
    }
}
