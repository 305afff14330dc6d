import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// A fault in one of the real processes is its end: at once, quietly, and the gateway goes on.
    @Suite struct CrashTests {
        private static let options = ["--frontends", "1", "--readers", "1", "--policy", "builtin:unrestricted"]

        @Test(arguments: [SIGSEGV, SIGABRT, SIGILL]) func `a faulting process dies and is replaced`(signal: Int32)
            throws
        {
            try Gateway.run(base: CrashTests.options) { gateway in
                let session = try gateway.session(Gateway.tls)
                #expect(session.welcome.isPrivileged)
                let victims = gateway.helpers()
                #expect(victims.count == 4)
                // The frontend last: the broker would end with its session, by itself.
                for victim in Helper.Kind.allCases.reversed().flatMap({ gateway.helpers($0) }) {
                    // No handler of the Swift runtime, nothing that would start a program.
                    #expect(try KernelTruth(victim.pid).status("SigCgt") == "0000000000000000")
                    try ChildProcess(pid: victim.pid).signal(signal)
                    try eventually("it has ended") { !isRunning(victim.pid) }
                }
                try eventually("others took their places") {
                    [.frontend, .reader, .keeper].allSatisfy { gateway.helpers($0).count == 1 }
                }
                try eventually("there is a session again") { (try? gateway.session(Gateway.tls)) != nil }
                let again = try gateway.session(Gateway.tls, readOnly: true)
                let answer = try again.answer(to: RouteRequest.link(index: 1, sequence: 1), sequence: 1)
                #expect(answer.messages == 1)
                let ends = gateway.log.split(separator: "\n").count { $0.contains("ended with signal \(signal)") }
                #expect(ends == 4, "\(gateway.log)")
                for word in ["***", "Backtrace", "crashed", "Registers"] {
                    #expect(!gateway.log.contains(word), "\(gateway.log)")
                }
                let own = try KernelTruth(gateway.pid).link("cwd")
                let files =
                    try FileManager.default.contentsOfDirectory(atPath: own)
                    + FileManager.default.contentsOfDirectory(atPath: gateway.scratch.path)
                #expect(!files.contains { $0.hasPrefix("core") })
            }
        }

        @Test func `killing the supervisor leaves nobody with CAP_NET_ADMIN`() throws {
            try Namespace().enter {
                let gateway = try Gateway(CrashTests.options, listen: nil)
                try gateway.waitUntilListening()
                let sessions = [try gateway.session(Gateway.tls), try gateway.session(), try gateway.session()]
                #expect(gateway.helpers(.broker).count == 3)
                let user = try gateway.firstUser()
                #expect(try powerful(from: user).count == 3)
                try gateway.supervisor.child.signal(SIGKILL)
                _ = try gateway.supervisor.wait()
                try eventually("no process of the gateway's users is left") { try everybody(from: user).isEmpty }
                #expect(try powerful(from: user).isEmpty)
                withExtendedLifetime(sessions) {}
            }
        }

        /// The processes of the gateway's five users.
        private func everybody(from user: Int) throws -> [KernelTruth] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
                .map { KernelTruth($0) }
                .filter { process in
                    // One that has ended and only waits to be collected holds nothing any more.
                    if let state = try? process.status("State"), state.hasPrefix("Z") { return false }
                    let owner = (try? process.status("Uid"))?.split(separator: " ").first.flatMap { Int($0) }
                    return owner.map { (user..<user + 5).contains($0) } ?? false
                }
        }

        private func powerful(from user: Int) throws -> [KernelTruth] {
            try everybody(from: user).filter { try $0.capabilities("CapPrm") & netAdmin != 0 }
        }
    }
}
