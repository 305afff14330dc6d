import Confinement
import Glibc
import LinuxSys

extension Supervisor {
    /// What is in force in each process, and what isn't and why.
    func doctor() -> String {
        var lines = ["kernel: Linux \(report.kernel.release), Landlock ABI \(report.kernel.landlockABI)"]
        lines += ["nlgated: pid \(getpid()), uid \(report.uid)"] + report.lines.map { "  " + $0 }
        for child in children.values.sorted(by: { $0.number < $1.number }) { lines += doctor(child) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func doctor(_ child: Child) -> [String] {
        let name = "\(child.kind.name): pid \(child.process.pid)"
        guard let report = child.report else { return ["\(name), not ready yet"] }
        let ends = child === keeper ? expiryLines() : []
        return ["\(name), uid \(report.uid), sessions: \(child.sessionCount)"] + (ends + report.lines).map { "  " + $0 }
    }
}
