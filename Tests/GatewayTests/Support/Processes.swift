import Foundation
import Glibc
import LinuxSys

/// A process that the supervisor started.
struct Helper: Equatable {
    enum Kind: CaseIterable {
        case frontend
        case reader
        case broker
        case compiler
        case keeper
    }

    var pid: Int32
    var kind: Kind
}

extension Gateway {
    /// The helpers that run now, found by what they were started with.
    func helpers(_ kind: Helper.Kind? = nil) -> [Helper] {
        allProcesses().compactMap { pid in
            let words = text(ofFile: "/proc/\(pid)/cmdline").split(separator: "\0")
            guard words.contains("supervisor=\(self.pid)"), let name = words.first else { return nil }
            let found: Helper.Kind =
                name.hasSuffix("nlgate-frontend")
                ? .frontend
                : name.hasSuffix("nlgate-keeper")
                    ? .keeper
                    : name.hasSuffix("nlgate-policyc") ? .compiler : words.contains("role=reader") ? .reader : .broker
            return kind == nil || kind == found ? Helper(pid: pid, kind: found) : nil
        }
    }

    /// A number of `/proc/PID/status`, such as `VmRSS` in KiB.
    static func status(_ field: String, of pid: Int32) -> Int? {
        text(ofFile: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(field + ":") }
            .flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first }.flatMap { Int($0) }
    }
}

private func allProcesses() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
}

/// False when the process is gone, or dead and only not yet reaped.
func isRunning(_ pid: Int32) -> Bool {
    let status = text(ofFile: "/proc/\(pid)/stat")
    guard let end = status.lastIndex(of: ")") else { return false }
    return !status[end...].dropFirst(2).hasPrefix("Z")
}
