import Foundation
import Glibc
import LinuxSys
import Testing

/// What `nlgate policy` does to files, and whom it trusts with them.
@Suite struct FileCommandTests {
    private let folder: PolicyFolder

    init() throws {
        folder = try PolicyFolder()
        try folder.write(commandPolicy)
    }

    private func attributes(_ name: String = "policy.yaml") throws -> [FileAttributeKey: Any] {
        try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
    }

    @Test func `allow and deny change the file and say how`() throws {
        let allowed = try folder.policy("allow", "policy.yaml", "--role", "monitor", "route GETRULE")
        #expect(
            allowed.output == """
                monitor grants route GETRULE now
                policy.yaml:8
                -      route: [GETLINK, GETADDR]   # what it reads
                +      route: [GETLINK, GETADDR, GETRULE]   # what it reads

                """)
        #expect(allowed.status == 0 && allowed.errors == "")
        let again = try folder.policy("allow", "policy.yaml", "--role", "monitor", "route GETRULE")
        #expect(again.status == 0 && again.output == "monitor grants route GETRULE already (line 8)\n")
        #expect(try folder.policy("deny", "policy.yaml", "--role", "monitor", "route GETRULE").status == 0)
        #expect(try folder.read() == commandPolicy)
        #expect(folder.names == ["policy.yaml"])
    }

    @Test func `a change as JSON, and one that isn't made`() throws {
        let dry = try folder.policy("allow", "policy.yaml", "--role", "router", "route DELROUTE", "--json", "--dry-run")
            .object()
        #expect(dry["changed"] as? Bool == false && dry["line"] as? Int == 13)
        #expect(dry["added"] as? [String] == ["    write: { route: [NEWROUTE, DELROUTE] }"])
        #expect(dry["notes"] as? [String] == ["the where of router binds it: table is 100-199"])
        #expect(try folder.read() == commandPolicy)
        #expect(
            try folder.policy("allow", "policy.yaml", "--role", "router", "route DELROUTE", "--json").object()[
                "changed"] as? Bool == true)
        #expect(try folder.read() != commandPolicy)
    }

    @Test func `what would be wrong leaves the file as it is`() throws {
        let before = try attributes()
        for (arguments, status, part) in [
            (["deny", "policy.yaml", "--role", "monitor", "route GETLINK"], 1, "test failed"),
            (["deny", "policy.yaml", "--role", "router", "route GETLINK"], 1, "router includes monitor"),
            (["allow", "policy.yaml", "--role", "monitr", "route GETLINK"], 2, "did you mean monitor?"),
            (["allow", "policy.yaml", "--role", "monitor", "route GETLNK"], 2, "did you mean GETLINK?"),
            (["allow", "-", "--role", "monitor", "route GETLINK"], 2, "can't be changed"),
        ] as [([String], Int32, String)] {
            let outcome = try folder.run([try folder.nlgate(), "policy"] + arguments)
            #expect(outcome.status == status && outcome.errors.contains(part), "\(arguments): \(outcome.errors)")
        }
        #expect(try folder.read() == commandPolicy)
        let after = try attributes()
        #expect(after[.systemFileNumber] as? Int == before[.systemFileNumber] as? Int)
    }

    @Test(.enabled(if: getuid() == 0, "only root can give files away"))
    func `owner and mode stay`() throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o640, .groupOwnerAccountID: 4242], ofItemAtPath: "\(folder.path)/policy.yaml")
        #expect(try folder.policy("allow", "policy.yaml", "--role", "monitor", "route GETRULE").status == 0)
        let after = try attributes()
        #expect(after[.posixPermissions] as? Int == 0o640 && after[.groupOwnerAccountID] as? Int == 4242)
        #expect(after[.ownerAccountID] as? Int == 0)
    }

    @Test func `a link is not replaced by a file`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/link.yaml", withDestinationPath: "policy.yaml")
        let outcome = try folder.policy("allow", "link.yaml", "--role", "monitor", "route GETRULE")
        #expect(outcome.status == 1 && outcome.errors.contains("symbolic link"), "\(outcome.errors)")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link.yaml") == "policy.yaml")
        #expect(try folder.read() == commandPolicy && folder.names == ["link.yaml", "policy.yaml"])
    }

    @Test func `a file that changed meanwhile is not replaced`() throws {
        let path = "\(folder.path)/policy.yaml"
        let state = try FileState(ofPath: path)
        try folder.write(commandPolicy + "# somebody else\n")
        #expect(throws: Errno(rawValue: EBUSY)) { try replaceFile(path, with: Array("mine".utf8), state: state) }
        #expect(try folder.read().hasSuffix("# somebody else\n") && folder.names == ["policy.yaml"])
    }

    @Test(arguments: [0o666, 0o664, 0o622, 0o602])
    func `a file that others can write is an error`(mode: Int) throws {
        try folder.write(commandPolicy, mode: mode)
        let outcome = try folder.policy("check", "policy.yaml")
        #expect(
            outcome.status == 1
                && outcome.errors.contains("others can write the file (mode \(String(mode, radix: 8))); chmod go-w"))
        #expect(try folder.policy("allow", "policy.yaml", "--role", "monitor", "route GETRULE").status == 1)
        #expect(try folder.policy("explain", "policy.yaml", "--client", "noc", "route GETLINK").status == 1)
        #expect(try folder.read() == commandPolicy)
    }

    @Test(.enabled(if: getuid() == 0, "only root can give files away"))
    func `a file of somebody else is an error`() throws {
        try FileManager.default.setAttributes([.ownerAccountID: 4242], ofItemAtPath: "\(folder.path)/policy.yaml")
        let outcome = try folder.policy("check", "policy.yaml")
        #expect(outcome.status == 1 && outcome.errors.contains("the file belongs to uid 4242"))
    }

    @Test func `what isn't a file is said, not waited for`() throws {
        #expect(try folder.run(["/usr/bin/mkfifo", "fifo"]).status == 0)
        for name in ["fifo", ".", "/dev/null"] {
            let outcome = try folder.policy("check", name)
            #expect(outcome.status == 1 && !outcome.errors.isEmpty, "\(name)")
        }
        try folder.write(String(repeating: "#\n", count: 600_000), as: "large.yaml")
        #expect(try folder.policy("check", "large.yaml").errors.contains("larger than 1048576 bytes"))
    }

    @Test func `colours are for terminals that want them`() throws {
        try folder.write(commandPolicy.replacing("GETADDR", with: "GETADR"))
        let command = "'\(try folder.nlgate())' policy check policy.yaml"
        let script = ["/usr/bin/script", "-qec", command, "/dev/null"]
        try #require(FileManager.default.isExecutableFile(atPath: script[0]))
        let coloured = try folder.run(script, environment: ["TERM": "xterm"])
        #expect(coloured.output.contains("\u{1b}[1;31merror:\u{1b}[0m") && coloured.status == 1)
        for environment in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"]] {
            #expect(try !folder.run(script, environment: environment).output.contains("\u{1b}"))
        }
    }
}
