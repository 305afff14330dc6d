import Confinement
import LinuxSys
import Testing

private let confined: [ProcessRole] = [.frontend, .reader, .broker]

/// The whole sealing, as each role, from the outside.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct SealingTests {
    @Test(arguments: confined) func `everything mandatory is in force`(role: ProcessRole) throws {
        let outcome = try Probe.run(Probe.root(role))
        #expect(outcome.status == .exited(0), "\(outcome.texts) \(outcome.complaint)")
        let report = try #require(outcome.report)
        for line in report.lines { print(line) }
        #expect(report.missing(for: role, kernel: .running(), root: true) == [])
    }
}
