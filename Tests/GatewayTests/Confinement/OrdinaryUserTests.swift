import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The gateway of a user who isn't root: reads work, and everything but the change of user is in force.
    @Suite(.enabled(if: toolPath("setpriv") != nil, "setpriv is not installed")) struct OrdinaryUserTests {
        /// Nobody's on any machine.
        private static let user: UInt32 = 61_871

        /// Starts a gateway as that user, from a directory that is theirs.
        private func run(_ body: (HostileStart, String) throws -> Void) throws {
            let home = try Scratch()
            let identities = try Identities.shared.get()
            var options: [String] = ["--policy", "builtin:unrestricted"]
            for (option, path) in [
                ("--key", identities.keyPath), ("--cert", identities.certificatePath),
                ("--ca", identities.authorityPath),
            ] {
                let copy = home.path + "/" + URL(filePath: path).lastPathComponent
                try FileManager.default.copyItem(atPath: path, toPath: copy)
                try tool("chown", ["\(Self.user)", copy])
                options += [option, copy]
            }
            let become =
                "chown \(Self.user):\(Self.user) DIR && "
                + "exec setpriv --reuid \(Self.user) --regid \(Self.user) --clear-groups --inh-caps=-all"
            try HostileStart.run(become, options) { start in
                let doctor = try doctor(start)
                try body(start, doctor)
            }
        }

        private func doctor(_ start: HostileStart) throws -> String {
            let asked = try result(of: program("nlgate"), ["doctor", "--admin", start.scratch.path + "/admin.sock"])
            #expect(asked.status == .exited(0))
            return asked.output
        }

        @Test func `it serves reads; writes get the kernel's own EPERM`() throws {
            try run { start, doctor in
                for url in ["unix://\(start.unixPath)", Gateway.tls] {
                    let session = try start.session(url)
                    let links = try session.answer(to: RouteRequest.dump(RouteRequest.getLink, header: 16), sequence: 1)
                    #expect(links.messages > 0 && links.code == 0)
                    #expect(try session.setOption(.extendedAcks(true)).code == 0)
                    let write = RouteRequest.setLink(index: 1, up: false, sequence: 2)
                    let answer = try session.answer(to: write, sequence: 2)
                    #expect(answer.code == EPERM)
                    // The policy's refusal would have words.
                    #expect(answer.text == nil)
                }
                #expect(try ip("-o link show lo").contains(",UP"))
            }
        }

        @Test func `no process has a capability, and the doctor says what isn't in force and why`() throws {
            try run { start, doctor in
                let session = try start.session()
                for process in try [KernelTruth(start.pid)] + start.helpers() {
                    let four = Array(repeating: "\(Self.user)", count: 4).joined(separator: " ")
                    #expect(try process.status("Uid") == four)
                    for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] {
                        #expect(try process.capabilities(set) == 0, "\(process.words)")
                    }
                    #expect(try process.status("NoNewPrivs") == "1")
                    #expect(try process.status("Seccomp") == "2")
                    if process.pid != start.pid {
                        #expect(try process.capabilities("CapBnd") == 0)
                        #expect(try process.rootEntries() == [])
                        #expect(try process.link("ns/user") != KernelTruth(start.pid).link("ns/user"))
                    }
                }
                withExtendedLifetime(session) {}
                let why = "  not in force (the daemon doesn't run as root): own user and group"
                let lines = doctor.split(separator: "\n")
                let processes = lines.count { $0.contains(", sessions: ") }
                #expect(processes >= 2)
                #expect(lines.count { $0 == why } == processes, "\(doctor)")
                // Each process has it, and the supervisor says why it doesn't.
                for measure in ["own user namespace", "empty root directory", "narrowed filter"] {
                    #expect(doctor.components(separatedBy: measure).count == processes + 2, "\(measure): \(doctor)")
                }
            }
        }
    }
}
