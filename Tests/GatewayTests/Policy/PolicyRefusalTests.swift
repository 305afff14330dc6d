import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// Policy files that can't be loaded: the daemon doesn't start, and says which and why.
    @Suite struct PolicyRefusalTests {
        private let good =
            "clients: { root: { uid: 0 } }\nroles: { r: { read: { route: [GETLINK] } } }\n"
            + "bindings: [{ client: root, roles: [r] }]"
        private let scratch: Scratch

        init() throws {
            scratch = try Scratch()
        }

        @Test func `what isn't a file of its owner alone`() throws {
            let policy = try PolicyText(good)
            let content = text(ofFile: policy.path)
            try tool("mkfifo", [scratch.path + "/fifo"])
            let foreign = try scratch.write(content, to: "foreign", mode: 0o644)
            try tool("chown", ["61111", foreign])
            let large = try scratch.write([UInt8](repeating: 0x23, count: (1 << 20) + 1), to: "large")
            for (path, reason) in [
                (scratch.path + "/nothing", "No such file or directory"), (scratch.path, "is a directory"),
                (scratch.path + "/fifo", "not a regular file"), ("/dev/null", "not a regular file"),
                (try scratch.write("", to: "empty"), "is empty"), (large, "is larger than 1048576 bytes"),
                (try scratch.write(content, to: "group", mode: 0o664), "can write it; 'chmod go-w' first"),
                (try scratch.write(content, to: "others", mode: 0o646), "can write it; 'chmod go-w' first"),
                (foreign, "belongs to uid 61111; it must belong to root or to the user of the daemon (uid 0)"),
            ] {
                let said = try Gateway.failure(["--policy", path])
                #expect(said.contains("--policy \(path): "), "\(said)")
                #expect(said.contains(reason), "\(said)")
            }
        }

        @Test func `what isn't a policy, with the place of every error`() throws {
            let cases = [
                ("clients: [", ["error"]), ("clients: { a: { uid: root } }", [":2:"]),
                ("roles: { r: { read: { rout: [GETLNK] } } }", [":2:", "route"]),
                (good + "\ntests: [{ client: root, allow: \"route DELLINK\" }]", [":5:"]),
                ("x: 1\n\"\\e[31m\": 2", [":2:"]),
            ]
            for (content, mentions) in cases {
                let policy = try PolicyText(content)
                let said = try Gateway.failure(policy.options)
                #expect(said.contains("policy \(policy.path) not loaded: it has errors"), "\(said)")
                for mention in mentions { #expect(said.contains(policy.path) && said.contains(mention), "\(said)") }
                #expect(!said.contains("\u{1b}"))
            }
            let binary = try scratch.write([0xff, 0xfe, 0x00], to: "binary")
            #expect(try Gateway.failure(["--policy", binary]).contains("\(binary):1:1: error: the file is not UTF-8"))
        }

        @Test func `check looks at the policy too`() throws {
            let bad = try PolicyText("roles: { r: 5 }")
            #expect(try Gateway.failure(bad.options + ["--check"]).contains("not loaded"))
            let policy = try PolicyText(good)
            let said = try Gateway.failure(policy.options + ["--check"], status: 0)
            #expect(said.contains("usable"))
            // It changes nothing and serves nobody.
            #expect(!said.contains("{"))
        }

        @Test func `wrong words on the command line`() throws {
            for (option, mention) in [
                (["--policy", "builtin:everything"], "builtin:read-only or builtin:unrestricted"),
                (["--policy", ""], "--policy"), (["--audit", ""], "--audit"), (["--policy"], "needs a value"),
            ] {
                let said = try Gateway.failure(option, status: 2)
                #expect(said.contains(mention), "\(said)")
            }
        }

        @Test func `a symbolic link leads to a policy whose owner is asked`() throws {
            let policy = try PolicyText(good)
            let link = scratch.path + "/link"
            try tool("ln", ["-s", policy.path, link])
            try tool("chown", ["-h", "61111", link])
            #expect(try Gateway.failure(["--policy", link, "--check"], status: 0).contains("usable"))
            try tool("chown", ["61111", policy.path])
            #expect(try Gateway.failure(["--policy", link]).contains("belongs to uid 61111"))
        }
    }
}
