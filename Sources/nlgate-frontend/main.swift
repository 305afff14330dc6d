// The frontend: the network-facing process. It speaks TLS and frames, and hands each session's frames to a broker it
// can't choose. It has no capability, no network but its inherited listeners, and no way to open anything.

import Confinement
import ControlSocket
import GatewayIPC
import Glibc
import LinuxSys

guard let options = FrontendOptions(arguments: Array(CommandLine.arguments.dropFirst())) else {
    writeStandardError("nlgate-frontend: started by nlgated, not by hand")
    exit(2)
}
let control = ControlSocket()
do throws(StartError) {
    var sealing = try isolated(options)
    try prepareTLS(options)
    let report = try locked(&sealing)
    control.send(.ready(report: report.encode()))
    var frontend = try Frontend(options, control: control)
    frontend.run()
} catch {
    control.send(.failed("\(error)"))
    exit(1)
}
