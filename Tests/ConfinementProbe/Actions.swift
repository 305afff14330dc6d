import CProbe
import Confinement
import Glibc
import LinuxSys

/// The kernel's answer to a raw call; strings and buffers are passed by address.
func call(_ name: String, _ arguments: UInt64...) -> Int64 {
    guard let number = SystemCalls.number(name), number >= 0 else { return -38 }
    let all = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
    // SAFETY: the C function reads six values.
    return unsafe probe_syscall(Int64(number), all)
}

/// Calls `body` with the address of some bytes.
private func with(_ bytes: [UInt8], _ body: (UInt64) -> Int64) -> Int64 {
    var bytes = bytes
    // SAFETY: the address is used only during the call.
    return unsafe bytes.withUnsafeMutableBytes { body(UInt64(UInt(bitPattern: $0.baseAddress))) }
}

private func with(_ path: String, _ body: (UInt64) -> Int64) -> Int64 { with(Array(path.utf8) + [0], body) }

private func words(_ values: [UInt64]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
}

private let minusOne = UInt64.max
private let currentDirectory = UInt64(bitPattern: -100)

/// Does one thing by name and returns the kernel's answer: a value, or a negative errno.
func perform(_ action: String) -> Int64 {
    let parts = action.split(separator: ":", maxSplits: 1).map(String.init)
    let argument = parts.count > 1 ? parts[1] : ""
    switch parts[0] {
    case "socket": return performSocket(argument)
    case "call": return performCall(argument)
    case "crash": crash(argument)
    case "open": return with(argument) { call("openat", currentDirectory, $0, 0) }
    case "abstract": return performAbstract(argument)
    default: return performNamed(action)
    }
}

/// Takes `name,1,2,3`.
private func performCall(_ text: String) -> Int64 {
    let fields = text.split(separator: ",").map(String.init)
    var values = fields.dropFirst().map { UInt64($0) ?? UInt64(bitPattern: Int64($0) ?? 0) }
    while values.count < 6 { values.append(0) }
    guard let number = SystemCalls.number(fields[0]), number >= 0 else { return -38 }
    // SAFETY: the C function reads six values.
    return unsafe probe_syscall(Int64(number), values)
}

/// Takes `domain,type,protocol`.
private func performSocket(_ text: String) -> Int64 {
    let fields = text.split(separator: ",").compactMap { UInt64($0) }
    return call("socket", fields[0], fields[1], fields[2])
}

private func performAbstract(_ name: String) -> Int64 {
    let address: [UInt8] = [1, 0, 0] + Array(name.utf8)
    let fd = call("socket", 1, 1, 0)
    guard fd >= 0 else { return fd }
    return with(address) { call("connect", UInt64(fd), $0, UInt64(address.count)) }
}

private func performNamed(_ action: String) -> Int64 {
    // sockaddr_nl for port id 1
    let netlinkAddress: [UInt8] = [16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    switch action {
    case "sendto-address":
        return with(netlinkAddress) { address in
            with([0]) { call("sendto", 3, $0, 1, 0x4000, address, 12) }
        }
    case "sendmsg":
        return with([0]) { byte in
            with(words([byte, 1])) { vector in
                // msghdr: no name, one iovec, no control data
                with(words([0, 0, vector, 1, 0, 0, 0])) { call("sendmsg", 3, $0, 0x4000) }
            }
        }
    case "connect": return with(netlinkAddress) { call("connect", 3, $0, 12) }
    case "connect-out":
        let fd = call("socket", 2, 1, 0)
        guard fd >= 0 else { return fd }
        // 192.0.2.1:9
        let address: [UInt8] = [2, 0, 0, 9, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        return with(address) { call("connect", UInt64(fd), $0, 16) }
    case "execve":
        return with("/bin/true") { path in with([UInt8](repeating: 0, count: 8)) { call("execve", path, $0, $0) } }
    case "execveat":
        return with("/bin/true") { path in
            with([UInt8](repeating: 0, count: 8)) { call("execveat", currentDirectory, path, $0, $0, 0) }
        }
    case "fork":
        let pid = call("clone", 17)
        if pid == 0 { _exit(0) }
        return pid
    case "thread": return Int64(-probe_start_thread())
    case "process_vm_readv":
        return call("process_vm_readv", UInt64(getpid()), 0, 0, 0, 0, 0)
    case "memfd_create": return with("x") { call("memfd_create", $0, 1) }
    case "file-size":
        let fd = with("x") { call("memfd_create", $0, 1) }
        guard fd >= 0 else { return fd }
        return with([1]) { call("write", UInt64(fd), $0, 1) }
    case "mprotect-exec":
        let page = call("mmap", 0, 4096, 3, 0x22, minusOne, 0)
        return call("mprotect", UInt64(bitPattern: page), 4096, 5)
    case "pkey_mprotect-exec":
        let page = call("mmap", 0, 4096, 3, 0x22, minusOne, 0)
        return call("pkey_mprotect", UInt64(bitPattern: page), 4096, 5, minusOne)
    case "descriptors":
        var count: Int64 = 0
        while call("fcntl", 3, 1030, 0) >= 0 { count += 1 }
        return count
    case "raise":
        do {
            try NetAdmin().raise()
            return 0
        } catch { return if case .step(_, let errno) = error { -Int64(errno.rawValue) } else { -1000 } }
    case "environment":
        // SAFETY: the list ends with nil.
        return unsafe environ.pointee != nil && (environ + 1).pointee == nil ? 1 : 0
    case "accept": return call("accept4", 4, 0, 0, 0x80800)
    case "securebits": return call("prctl", 27)
    default: return -1000
    }
}

/// Ends the process by a fault of the kind.
private func crash(_ kind: String) -> Never {
    switch kind {
    case "trap":
        let empty = [Int](repeating: 0, count: Int(getpid() & 0))
        say("\(empty[3])")
    case "fatal": fatalError("on purpose")
    case "assert": probe_assert()
    case "free": probe_double_free()
    case "stack": _ = probe_overflow_stack(0)
    case "loop": while true {}
    default: break
    }
    exit(0)
}
