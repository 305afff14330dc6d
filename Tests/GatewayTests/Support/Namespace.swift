import CLinux
import Glibc
import LinuxSys

/// A network namespace of the test's own.
///
/// It goes when nobody is in it any more, also after a crash of the tests.
final class Namespace {
    private static let networkFlag: Int32 = 0x4000_0000

    private let descriptor: Descriptor

    /// A new namespace, with the loopback interface up.
    init() throws {
        let own = try Namespace.current()
        guard nlg_unshare(Namespace.networkFlag) == 0 else { throw Errno.last }
        let made = try? Namespace.current()
        Namespace.join(own)
        guard let made else { throw Errno(rawValue: ENOENT) }
        descriptor = made
        try enter { try ip("link set lo up") }
    }

    /// The named namespace that `ip netns` made.
    init(named name: String) throws {
        descriptor = try Descriptor.open("/run/netns/\(name)", flags: O_RDONLY)
    }

    /// What `ip link set … netns` takes.
    var path: String { "/proc/\(getpid())/fd/\(descriptor.raw)" }

    /// Runs `body` with the calling thread in the namespace; what it starts and opens belongs there.
    @discardableResult
    func enter<Result>(_ body: () throws -> Result) throws -> Result {
        let own = try Namespace.current()
        Namespace.join(descriptor)
        defer { Namespace.join(own) }
        return try body()
    }

    private static func current() throws -> Descriptor {
        try Descriptor.open("/proc/thread-self/ns/net", flags: O_RDONLY)
    }

    private static func join(_ namespace: borrowing Descriptor) {
        let result = nlg_setns(namespace.raw, networkFlag)
        precondition(result == 0, "the thread can't enter a namespace: \(Errno.last)")
    }
}

/// Runs `ip` with these words, in the calling thread's namespace.
///
/// - Throws: `ToolFailure` with what it said.
@discardableResult
func ip(_ words: String) throws -> String {
    try tool("ip", words.split(separator: " ").map(String.init))
}

/// Runs `ip -batch` with these lines.
func ipBatch(_ lines: [String], in scratch: Scratch) throws {
    let path = try scratch.write(lines.joined(separator: "\n") + "\n", to: "batch")
    try ip("-batch \(path)")
}
