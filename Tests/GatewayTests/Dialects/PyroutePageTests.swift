import Foundation
import Glibc
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// docs/pyroute2.md, run as it stands there.
    @Suite(
        .enabled(
            if: !Python.withPyroute.isEmpty, "no Python 3.9 or later, or no pyroute2 0.9 from the package index"))
    struct PyroutePageTests {
        /// The blocks of the page in one language.
        private func blocks(_ language: String) throws -> [String] {
            let page = text(ofFile: OldClient.root.path() + "docs/pyroute2.md")
            return page.components(separatedBy: "```" + language + "\n").dropFirst().compactMap {
                $0.components(separatedBy: "```").first
            }
        }

        private func environment(_ gateway: Gateway) throws -> [String] {
            let own = try gateway.identities.authority.issueClient(
                commonName: "operator", names: [], validity: Validity(days: 1))
            let scratch = gateway.scratch
            return [
                "NLGATE_HOST=" + Gateway.tls, "NLGATE_CA=" + gateway.identities.authorityPath,
                "NLGATE_CERT=" + (try scratch.write(own.certificate, to: "operator.crt")),
                "NLGATE_KEY=" + (try scratch.write(own.key, to: "operator.key")), "PYTHONDONTWRITEBYTECODE=1",
                "PYTHONPATH=" + OldClient.root.path() + "Tests/python",
            ]
        }

        @Test(arguments: Python.withPyroute)
        func `every program prints what the page says`(python: String) throws {
            let policy = try PolicyText(try #require(blocks("yaml").first).replacing("policy: 1\n", with: ""))
            func prepare() throws {
                try ip("link add eth0 type bridge")
                try ip("addr add 192.0.2.1/24 dev eth0")
            }
            try Gateway.run(policy.options, prepare: prepare) { gateway in
                let environment = try environment(gateway)
                let programs = try blocks("python")
                let outputs = try blocks("text")
                #expect(programs.count == 5 && programs.count == outputs.count)
                for (program, output) in zip(programs, outputs) {
                    let script = try gateway.scratch.write(program, to: "page.py")
                    let said = try result(of: "/usr/bin/env", environment + [python, script])
                    #expect(said.status == .exited(0) && said.output == output, "\(program)\n\(said.output)")
                }
            }
        }

        @Test func `when the connection is lost, who waits is told, and who asks afterwards too`() throws {
            let python = try #require(Python.withPyroute.last)
            let program = """
                from pyroute2 import IPRoute, NetlinkError
                from gateway_socket import GatewaySocket
                ip = IPRoute(use_socket=GatewaySocket())
                watcher = IPRoute(use_socket=GatewaySocket())
                watcher.bind()
                print(len(list(ip.get_links())), flush=True)
                for call in [lambda: list(watcher.get()), ip.get_links, ip.get_links]:
                    try:
                        call()
                    except NetlinkError as error:
                        print(error.code, flush=True)
                ip.close()
                watcher.close()
                print('closed', flush=True)
                """
            try Gateway.run { gateway in
                let script = try gateway.scratch.write(program, to: "lost.py")
                let tool = try RunningTool(
                    "/usr/bin/env", environment(gateway) + [python, script], log: gateway.scratch.path + "/lost")
                try eventually("it has asked") { !tool.log.isEmpty }
                let frontend = try #require(gateway.helpers(.frontend).first)
                #expect(kill(frontend.pid, SIGKILL) == 0)
                #expect(try tool.wait() == .exited(0), "\(tool.log)")
                #expect(tool.log == "1\n104\n104\n104\nclosed\n", "\(tool.log)")
            }
        }
    }
}
