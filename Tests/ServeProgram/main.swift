// A program that serves its kernel, as any program may: it says how that began, and lives until it is killed.
//
//     serve-program URL KEY CERT CA [EXECUTABLE]
import Glibc
import LinuxSys
import RemoteNetlink

let words = CommandLine.arguments
guard words.count >= 5 else {
    writeStandardError("usage: serve-program URL KEY CERT CA [EXECUTABLE]")
    exit(2)
}
// Without FD_CLOEXEC: what is started must not have it all the same.
let open = dup(2)

do {
    let server = try await IPRoute().serve(
        words[1], key: words[2], cert: words[3], ca: words[4], executable: words.count > 5 ? words[5] : nil)
    writeStandardError("serving \(server.pid) \(server.executable)")
    while true { try await Task.sleep(for: .seconds(600)) }
} catch {
    writeStandardError("error \(error)")
    exit(1)
}
