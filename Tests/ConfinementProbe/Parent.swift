import Confinement
import Glibc
import LinuxSys

private let pathOnly: Int32 = 0o10000000

/// Makes a mess of its own state, then starts the probe from there as the daemon would.
func runParent(_ options: Options) -> Never {
    guard let image = try? HelperImage(path: "/proc/self/exe") else { exit(40) }
    var descriptors: [Int32] = [0, 1, 2, 3]
    switch options["mess"] {
    case "many": for _ in 3..<200 { _ = dup(0) }
    case "permuted":
        // Sources are targets of each other: the control socket is 0 here, /dev/null 2, and standard error 3.
        _ = dup2(3, 60)
        _ = dup2(2, 3)
        _ = dup2(0, 2)
        _ = dup2(60, 0)
        descriptors = [2, 2, 3, 0]
        close(60)
    case "closed":
        _ = dup2(2, 10)
        _ = dup2(3, 11)
        for fd in 0..<Int32(4) { close(fd) }
        // SAFETY: the path is a literal.
        _ = unsafe open("/dev/null", O_RDWR)
        descriptors = [0, 0, 10, 11]
    case "core":
        var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
        // SAFETY: the kernel reads one structure.
        _ = unsafe setrlimit(__rlimit_resource_t(4), &limit)
    case "few": descriptors = limitDescriptors(to: 8)
    case "state": spoilState()
    case "user": becomeUser()
    default: break
    }
    var arguments = CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("mode=") && !$0.hasPrefix("mess=") }
    if options["network"] == "join" { descriptors.append(4) }
    arguments.append("count=\(descriptors.count)")
    do throws(SealingError) {
        let child = try spawn(image, arguments: Array(arguments), descriptors: descriptors)
        while true {
            _ = try? child.descriptor.wait(for: .read, milliseconds: 30_000)
            do throws(Errno) {
                guard let status = try child.reap() else { continue }
                if case .exited(let code) = status { exit(code) }
                exit(45)
            } catch {
                // Nobody collects children while SIGCHLD is ignored.
                exit(44)
            }
        }
    } catch {
        let bytes = Array("error: \(error)".utf8)
        let socket = Descriptor(owning: descriptors[3])
        _ = try? socket.send(bytes.span)
        exit(41)
    }
}

private func limitDescriptors(to count: UInt64) -> [Int32] {
    var limit = rlimit(rlim_cur: rlim_t(count), rlim_max: rlim_t(count))
    // SAFETY: the kernel reads one structure.
    _ = unsafe setrlimit(__rlimit_resource_t(7), &limit)
    return [0, 1, 2, 3]
}

private func spoilState() {
    signal(SIGCHLD, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    var all = sigset_t()
    // SAFETY: the C library fills and reads one signal set.
    unsafe sigfillset(&all)
    unsafe sigprocmask(SIG_BLOCK, &all, nil)
    umask(0)
    let place = "/tmp/nlgate-probe-\(getpid())"
    // SAFETY: the path lives to the end of each call.
    unsafe mkdir(place, 0o700)
    unsafe chdir(place)
    unsafe rmdir(place)
}

private func becomeUser() {
    let user: UInt32 = 61_234
    guard call("setgroups", 0, 0) == 0, call("setresgid", UInt64(user), UInt64(user), UInt64(user)) == 0,
        call("setresuid", UInt64(user), UInt64(user), UInt64(user)) == 0
    else { exit(42) }
}

/// Starts the program anew with any environment.
func runWithEnvironment(_ options: Options) -> Never {
    // SAFETY: the names and values live to the end of each call.
    unsafe unsetenv("SWIFT_BACKTRACE")
    for setting in (options["environment"] ?? "").split(separator: "\u{1f}") {
        let parts = setting.dropFirst(4).split(separator: "=", maxSplits: 1).map(String.init)
        unsafe setenv(parts[0], parts.count > 1 ? parts[1] : "", 1)
    }
    let arguments = CommandLine.arguments.filter { $0 != "mode=exec" && !$0.hasPrefix("environment=") }
    // SAFETY: the list ends with nil and lives to the end of the call.
    var pointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    _ = unsafe execv("/proc/self/exe", &pointers)
    exit(46)
}

/// Seals itself as the supervisor does, then starts a sealed child.
func runSupervisor(_ options: Options) -> Never {
    SupervisorSealing.reexecIfEnvironmentIsDirty()
    if options["mess"] == "user" { becomeUser() }
    let kernel = options.plan(parent: 0).kernel
    if options["leak"] == nil { _ = fcntl(3, F_SETFD, FD_CLOEXEC) }
    guard let image = try? HelperImage(path: "/proc/self/exe") else { exit(40) }
    do throws(SealingError) {
        let faults = FaultPlan(failing: options.measures("fail"), skipped: options.measures("skip"))
        let report = try SupervisorSealing.seal(root: getuid() == 0, kernel: kernel, faults: faults)
        let bytes = report.encode()
        _ = try? control.send(bytes.span)
        if let action = options["act"] { say("after: \(perform(action))") }
        if let role = options["child"] {
            let arguments = CommandLine.arguments.dropFirst().filter {
                !$0.hasPrefix("mode=") && !$0.hasPrefix("count=")
            }
            let child = try spawn(
                image, arguments: arguments + ["role=\(role)", "count=4"], descriptors: [0, 1, 2, 3])
            if options["kill"] != nil { try? child.signal(SIGKILL) }
            _ = try? child.descriptor.wait(for: .read, milliseconds: 30_000)
            if let status = try? child.reap() { say("child: \(status)") }
        }
    } catch { stop(25, error) }
    if options["wait"] != nil { _ = try? control.wait(for: .read, milliseconds: 30_000) }
    exit(0)
}
