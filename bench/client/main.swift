// The client side of `make bench`: each work prints one number on standard output, in seconds; `judge` needs no server
// and prints nanoseconds a message.

import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink

let words = Array(CommandLine.arguments.dropFirst())
if words.first == "judge", words.count == 3, let roles = Int(words[1]), let rounds = Int(words[2]) {
    try JudgeBench(roles: roles).run(rounds)
    exit(0)
}
guard words.count >= 5, let url = try? GatewayURL(words[1]) else {
    writeStandardError(
        "usage: nlgate-bench dump|decode|stream|roundtrips|sizes|idle|storm URL KEY CERT CA [COUNT [CHANGES]]")
    writeStandardError("       nlgate-bench judge ROLES ROUNDS")
    exit(2)
}
let count = words.count > 5 ? Int(words[5]) ?? 1 : 1
do {
    let credentials = try Credentials(certificate: words[3], key: words[2], authority: words[4])
    let bench = Bench(url: url, credentials: credentials)
    switch words[0] {
    case "dump": try bench.dump(times: count, decode: false)
    case "decode": try bench.dump(times: count, decode: true)
    case "roundtrips": try bench.roundTrips(count)
    case "sizes": try bench.sizes()
    case "idle": try bench.idle(count)
    case "stream": try await bench.stream()
    case "storm": try await bench.storm(count, of: words.count > 6 ? Int(words[6]) ?? 0 : 0)
    default: exit(2)
    }
} catch {
    writeStandardError("nlgate-bench: \(error)")
    exit(1)
}
