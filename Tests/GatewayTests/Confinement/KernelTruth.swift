import Foundation
import Glibc
import LinuxSys
import Testing

/// What the kernel says about a process, read from `/proc`.
struct KernelTruth {
    let pid: Int32

    init(_ pid: Int32) {
        self.pid = pid
    }

    /// A line of `/proc/PID/status`, its fields separated by one space.
    func status(_ field: String) throws -> String {
        let line = file("status").split(separator: "\n").first { $0.hasPrefix(field + ":") }
        guard let line else { throw ToolFailure(description: "process \(pid) has no \(field)") }
        return line.dropFirst(field.count + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A set of capabilities, such as `CapEff`.
    func capabilities(_ set: String) throws -> UInt64 {
        guard let bits = UInt64(try status(set), radix: 16) else { throw ToolFailure(description: "no \(set)") }
        return bits
    }

    /// A limit of `/proc/PID/limits`, soft and hard.
    func limit(_ name: String) throws -> [String] {
        let line = file("limits").split(separator: "\n").first { $0.hasPrefix(name) }
        guard let line else { throw ToolFailure(description: "process \(pid) has no limit \(name)") }
        return line.dropFirst(26).split(separator: " ").prefix(2).map(String.init)
    }

    /// The words that it was started with.
    var words: [String] { file("cmdline").split(separator: "\0").map(String.init) }

    var environment: String { file("environ") }

    func file(_ name: String) -> String { text(ofFile: "/proc/\(pid)/\(name)") }

    /// Where a symbolic link of its directory leads; a path has no prefix of the process's own root.
    func link(_ name: String) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/\(name)")
    }

    /// The names in its root directory.
    func rootEntries() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/root/.")
    }

    /// What each open descriptor is, by number; one that is closed meanwhile is left out.
    func descriptors() throws -> [String] {
        let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
        return numbers.sorted().compactMap { try? link("fd/\($0)") }
    }

    /// The kinds of what is open, each with how often, such as `unix socket 2`.
    ///
    /// Sockets are looked up in the network namespace of the process `owner`, which made or inherited them all.
    func inventory(socketsOf owner: Int32) throws -> [String: Int] {
        let kinds = KernelTruth(owner).socketKinds()
        var inventory: [String: Int] = [:]
        for target in try descriptors() {
            let inode = target.hasPrefix("socket:[") ? target.dropFirst(8).dropLast() : ""
            let kind = inode.isEmpty ? target : (kinds[String(inode)] ?? "unknown") + " socket"
            inventory[kind, default: 0] += 1
        }
        return inventory
    }

    /// Which column of its file in `/proc/PID/net` has the inode.
    private static let inodeColumns = ["unix": 6, "netlink": 9, "tcp": 9, "tcp6": 9]

    private func socketKinds() -> [String: String] {
        var kinds: [String: String] = [:]
        for (kind, column) in KernelTruth.inodeColumns {
            for line in file("net/" + kind).split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                if fields.count > column { kinds[String(fields[column])] = kind }
            }
        }
        return kinds
    }
}

extension Gateway {
    /// The first of the users that its processes have.
    func firstUser() throws -> Int {
        let words = KernelTruth(pid).words
        guard let index = words.firstIndex(of: "--uid-base"), let number = Int(words[index + 1]) else {
            throw ToolFailure(description: "it was started without --uid-base")
        }
        return number
    }

    /// The only process of a kind.
    func only(_ kind: Helper.Kind) throws -> KernelTruth {
        let found = helpers(kind)
        guard found.count == 1, let one = found.first else {
            throw ToolFailure(description: "there are \(found.count) processes of kind \(kind)")
        }
        return KernelTruth(one.pid)
    }

    /// Every process of the gateway, the supervisor first.
    func everyProcess() -> [KernelTruth] { [KernelTruth(pid)] + helpers().map { KernelTruth($0.pid) } }
}

/// CAP_NET_ADMIN.
let netAdmin: UInt64 = 1 << 12

/// The nine capabilities of the supervisor: DAC_READ_SEARCH, KILL, SETGID, SETUID, SETPCAP, NET_ADMIN, SYS_CHROOT,
/// SYS_ADMIN, SYS_RESOURCE.
let supervisorCapabilities: UInt64 = 0x124_11e4
