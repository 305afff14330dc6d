// The policy compiler: reads one policy from a descriptor that it was given, and answers with diagnostics and, if there
// is no error among them, with the compiled tables. One policy, then it ends. It has no capability, no network, no files,
// and a few seconds. The daemon's configuration is read the same way, and what it says is answered instead of tables.

import Confinement
import ControlSocket
import GatewayIPC
import Glibc
import LinuxSys

guard let options = CompilerOptions(arguments: Array(CommandLine.arguments.dropFirst())) else {
    writeStandardError("nlgate-policyc: started by nlgated, not by hand")
    exit(2)
}
let control = ControlSocket()
do throws(SealingError) {
    let report = try sealed(options)
    control.send(.ready(report: report.encode()))
} catch {
    control.send(.failed("nlgate-policyc: \(error)"))
    exit(1)
}
let outcome = compile(options.source)
for part in TablePart.parts(of: Array(outcome.diagnostics.utf8)) { control.send(.diagnostics(part)) }
guard let tables = outcome.answer else { exit(1) }
for part in TablePart.parts(of: tables) { control.send(.tables(part)) }
exit(0)
