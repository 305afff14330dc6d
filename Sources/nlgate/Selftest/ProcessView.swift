import Foundation
import Glibc
import LinuxSys

/// A process as the kernel shows it in `/proc`.
struct ProcessView {
    let pid: Int32

    static var own: ProcessView { ProcessView(pid: getpid()) }

    /// Everybody's process numbers.
    static func allNumbers() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    func file(_ name: String) -> String {
        FileManager.default.contents(atPath: "/proc/\(pid)/\(name)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A line of `status`, its fields separated by one blank; empty when there is none.
    func status(_ field: String) -> String {
        let line = file("status").split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return (line?.dropFirst(field.count + 1) ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A set of capabilities, such as `CapEff`; nil when the kernel doesn't tell.
    func capabilities(_ set: String) -> UInt64? { UInt64(status(set), radix: 16) }

    /// Soft and hard limit of a line of `limits`.
    func limit(_ name: String) -> String {
        let line = file("limits").split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.dropFirst(26) ?? "").split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// Where a symbolic link of its directory leads.
    func link(_ name: String) -> String { linkTarget("/proc/\(pid)/\(name)") ?? "" }

    /// The words that it was started with.
    var words: [String] { file("cmdline").split(separator: "\0").map(String.init) }

    /// What its open descriptors are, by number.
    var descriptors: [(number: Int, target: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return names.compactMap { Int($0) }.sorted().map { ($0, link("fd/\($0)")) }
    }

    /// The names in its root directory; nil when it can't be read.
    var rootEntries: [String]? { try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/root/.") }

    /// The session that it belongs to.
    var session: Int32? {
        let stat = file("stat")
        guard let end = stat.lastIndex(of: ")") else { return nil }
        // Behind the name: state, parent, process group, session.
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        return fields.count > 3 ? Int32(fields[3]) : nil
    }

    /// The user whom its files in `/proc` belong to: root, where the process can't be dumped.
    var owner: UInt32? {
        do throws(Errno) { return try FileStatus(ofPath: "/proc/\(pid)/environ").uid } catch { return nil }
    }

    /// False when it is gone, or has ended and nobody has taken note yet.
    var isRunning: Bool {
        let state = status("State")
        return !state.isEmpty && !state.hasPrefix("Z") && !state.hasPrefix("X")
    }
}

/// Asks until the condition holds; false when it doesn't in time.
func holds(within seconds: UInt64, _ condition: () -> Bool) -> Bool {
    let end = Clock.monotonicMilliseconds() + seconds * 1000
    while !condition() {
        guard Clock.monotonicMilliseconds() < end else { return false }
        usleep(2000)
    }
    return true
}
