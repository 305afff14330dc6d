// The keeper: the only process that has the server's private key. It signs handshakes, and nothing else; it decides which
// client a handshake belongs to, and tells the supervisor. It has no capability, no network, no files, and trusts none
// of the frontends that ask it.

import Confinement
import ControlSocket
import GatewayIPC
import Glibc
import LinuxSys

guard let options = KeeperOptions(arguments: Array(CommandLine.arguments.dropFirst())) else {
    writeStandardError("nlgate-keeper: started by nlgated, not by hand")
    exit(2)
}
let control = ControlSocket()
do throws(StartError) {
    var sealing = try isolated(options)
    let authority = try Authority(options)
    let epoll = try queue(watching: control)
    let report = try locked(&sealing)
    control.send(.expiries(authority.expiries))
    control.send(.ready(report: report.encode()))
    var keeper = Keeper(options, control: control, authority: authority, epoll: epoll)
    keeper.run()
} catch {
    control.send(.failed("\(error)"))
    exit(1)
}
