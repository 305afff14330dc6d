import Confinement
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// `nlgate doctor` against a real gateway.
    @Suite struct DoctorTests {
        /// The report, with lines that were broken joined again; one list for each process, its name first.
        private func doctor(_ gateway: Gateway) throws -> [[String]] {
            let asked = try result(of: program("nlgate"), ["doctor", "--admin", gateway.scratch.path + "/admin.sock"])
            #expect(asked.status == .exited(0), "\(asked.output)")
            #expect(asked.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
            var processes: [[String]] = []
            for line in asked.output.split(separator: "\n") {
                if !line.hasPrefix("  ") {
                    processes.append([String(line)])
                } else if line.hasPrefix("    ") {
                    let last = processes[processes.count - 1].removeLast()
                    processes[processes.count - 1].append(last + line.dropFirst(3))
                } else {
                    processes[processes.count - 1].append(String(line.dropFirst(2)))
                }
            }
            return processes
        }

        @Test func `as root every mandatory measure is in force in every process`() throws {
            let options = ["--frontends", "2", "--readers", "2", "--policy", "builtin:unrestricted"]
            try Gateway.run(base: options) { gateway in
                let held = [try gateway.session(Gateway.tls), try gateway.session(readOnly: true)]
                let kernel = KernelFacts.running()
                let told = try doctor(gateway)
                #expect(told.first == ["kernel: Linux \(kernel.release), Landlock ABI \(kernel.landlockABI)"])
                #expect(told.count == 8)
                let user = try gateway.firstUser()
                for process in gateway.everyProcess() {
                    let lines = try #require(told.first { $0[0].contains(": pid \(process.pid), uid ") })
                    #expect(try lines[0].contains("uid \(process.status("Uid").split(separator: " ")[0])"))
                    let role = try role(of: process, gateway, firstUser: user)
                    let inForce = try #require(lines.first { $0.hasPrefix("in force: ") })
                    for measure in Measures.mandatory(for: role, kernel: kernel, root: true).list {
                        #expect(inForce.contains("\(measure)"), "\(lines[0]): \(measure)")
                    }
                    #expect(!lines.contains { $0.contains("MISSING") })
                    #expect(inForce.contains("capabilities: NET_ADMIN") == (role == .broker))
                }
                func sessions(_ name: String) -> Int {
                    let lines = told.map { $0[0] }.filter { $0.hasPrefix(name) }
                    return lines.reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
                }
                #expect(sessions("nlgate-frontend ") == 2)
                #expect(sessions("nlgate-broker reader ") == 1)
                #expect(sessions("nlgate-broker 0 session ") == 1)
                withExtendedLifetime(held) {}
            }
        }

        private func role(of process: KernelTruth, _ gateway: Gateway, firstUser: Int) throws -> ProcessRole {
            switch try process.status("Uid").split(separator: " ").first {
            case "0": .supervisor
            case "\(firstUser)": .frontend
            case "\(firstUser + 1)": .keeper
            case "\(firstUser + 2)": .reader
            default: .broker
            }
        }

        @Test func `others learn nothing`() throws {
            try Gateway.run { gateway in
                let path = gateway.scratch.path + "/admin.sock"
                let asked = try result(
                    of: try #require(toolPath("setpriv")),
                    ["--reuid", "61871", "--clear-groups", program("nlgate"), "doctor", "--admin", path])
                #expect(asked.status == .exited(3))
                #expect(asked.output.contains("only root and the daemon's own user may ask"))
            }
        }
    }
}
