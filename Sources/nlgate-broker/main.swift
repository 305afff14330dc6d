// The broker: the only program that opens netlink sockets. It judges every message that a client sends, against the
// grants of that client's session, and trusts neither the frontend nor the supervisor's peers.
// As reader it serves many sessions without any capability; as privileged broker exactly one, with CAP_NET_ADMIN.

import Confinement
import ControlSocket
import GatewayIPC
import Glibc
import LinuxSys

guard let options = BrokerOptions(arguments: Array(CommandLine.arguments.dropFirst())) else {
    writeStandardError("nlgate-broker: started by nlgated, not by hand")
    exit(2)
}
// uname() is not in the filter.
let release = kernelRelease()
let control = ControlSocket()
do throws(StartError) {
    var sealing = try isolated(options)
    let administrator = try administrator(options)
    let terminations = try terminations(options)
    try locked(&sealing)
    let kernel = KernelGate(
        lookup: try KernelLookup.open(), routes: options.isPrivileged ? try RouteLookup.open() : nil,
        administrator: administrator, largestReceiveBuffer: options.receiveBuffer)
    let report = try finished(&sealing)
    control.send(.ready(report: report.encode()))
    var broker = try Broker(
        options, sealing: sealing, control: control, kernel: kernel, terminations: terminations, release: release)
    broker.run()
} catch {
    control.send(.failed("nlgate-broker: \(error)"))
    exit(1)
}
