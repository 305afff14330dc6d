import Confinement
import LinuxSys
import Testing

/// A step that fails stops the start, and a step that is left out is noticed.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct FaultTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        var role: ProcessRole
        var measure: Measure
        var testDescription: String { "\(role) \(measure)" }

        /// The supervisor's environment is dealt with before, and a namespace that is kept takes no step.
        var isNoStep: Bool {
            role == .supervisor && measure == .environment || role.keepsNetwork && measure == .networkNamespace
        }

        /// A change of user makes a process undumpable by itself.
        var isHeldByKernel: Bool { isNoStep || role != .supervisor && measure == .notDumpable }

        /// The first thing that goes wrong without the step.
        var noticedAs: Measure {
            switch measure {
            case .mountNamespace: .emptyRoot
            case .noNewPrivileges where role != .supervisor: .landlockFiles
            case .secureBits where role == .broker: .capabilities
            case .systemCallFilter where role != .supervisor: .narrowedFilter
            default: measure
            }
        }
    }

    /// Every mandatory measure of every role; Landlock's three come with one step.
    static let faults = ProcessRole.allCases.flatMap { role in
        Measures.mandatory(for: role, kernel: .running(), root: true).list
            .filter { role == .supervisor ? $0 != .descriptors : ![.landlockNetwork, .landlockScopes].contains($0) }
            .map { Fault(role: role, measure: $0) }
    }

    private func run(_ fault: Fault, _ kind: String) throws -> Outcome {
        let role = fault.role == .supervisor ? ["mode=supervisor"] : Probe.root(fault.role)
        return try Probe.run(role + ["\(kind)=\(fault.measure.bit.rawValue)"])
    }

    @Test(arguments: faults.filter { !$0.isNoStep })
    func `a step that fails stops the start`(fault: Fault) throws {
        let outcome = try run(fault, "fail")
        #expect(outcome.report == nil)
        let message = try #require(outcome.answer("error"))
        #expect(message == "can't put \(fault.measure) in force: Operation not permitted")
        guard case .exited(let code) = outcome.status else { throw Errno(rawValue: 0) }
        #expect((20...25).contains(code))
    }

    /// What already holds when the step is left out, in this machine's state or by another step's effect.
    private static let heldAnyway: Set<Measure> = [.environment, .noCoreFiles, .ambientSet]

    @Test(arguments: faults.filter { !heldAnyway.contains($0.measure) && !$0.isHeldByKernel })
    func `a step that is left out is noticed`(fault: Fault) throws {
        let outcome = try run(fault, "skip")
        #expect(outcome.report == nil)
        let message = try #require(outcome.answer("error"))
        #expect(message.contains("\(fault.noticedAs)"), "\(message)")
    }

    @Test(arguments: confinedRoles) func `a state that is bad from the start is noticed`(role: ProcessRole) throws {
        let core = try Probe.run(["mode=parent", "mess=core"] + Probe.root(role, skip(.noCoreFiles)))
        #expect(core.answer("error") == "not in force: no core files; the process must not serve")
        let fixed = try Probe.run(["mode=parent", "mess=core"] + Probe.root(role))
        #expect(fixed.report?.measures.has(.noCoreFiles) == true)
    }

    private func skip(_ measure: Measure) -> [String] { ["skip=\(measure.bit.rawValue)"] }

    @Test func `a second thread stops the start`() throws {
        let outcome = try Probe.run(Probe.root(.reader, ["thread=1"]))
        #expect(outcome.answer("error") == "one thread is not in force: there are 2 threads")
    }

    @Test func `the filter reaches a thread that was overlooked`() throws {
        let skip = Measure.singleThread.bit.rawValue
        let probe = try Probe.start(Probe.root(.reader, ["thread=1", "skip=\(skip)", "at=locked", "act=hold"]))
        #expect(try probe.next().map { String(decoding: $0, as: UTF8.self) } == "holding")
        let tasks = try taskStatuses(of: probe.pid)
        #expect(tasks.count == 2)
        for task in tasks { #expect(task.contains("Seccomp:\t2\n") && task.contains("Seccomp_filters:\t1\n")) }
        _ = try probe.end(hangUp: true)
    }

    @Test func `an old kernel is refused unless the operator insists`() throws {
        let refused = try Probe.run(Probe.root(.reader, ["minor=0"]))
        #expect(refused.status == .exited(20))
        #expect(refused.answer("error")?.contains("--insecure-old-kernel") == true)
        #expect(try Probe.run(Probe.root(.reader, ["minor=0", "insecure=1"])).status == .exited(0))
        #expect(try Probe.run(Probe.root(.reader, ["minor=1"])).status == .exited(0))
        let without = try Probe.run(Probe.root(.reader, ["abi=0"]))
        #expect(without.status == .exited(20))
        let insisted = try #require(try Probe.run(Probe.root(.reader, ["abi=0", "insecure=1"])).report)
        #expect(!insisted.measures.has(.landlockFiles))
        #expect(insisted.lines.contains("not in force (needs Landlock ABI 1 or later): no files by Landlock"))
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6]) func `every Landlock ABI gets the rights that it has`(abi: Int32) throws {
        let report = try #require(try Probe.run(Probe.root(.frontend, ["abi=\(abi)"])).report)
        #expect(report.measures.has(.landlockFiles))
        #expect(report.measures.has(.landlockNetwork) == (abi >= 4))
        #expect(report.measures.has(.landlockScopes) == (abi >= 6))
    }
}

private func taskStatuses(of pid: Int32) throws -> [String] {
    var texts: [String] = []
    // Thread ids are close to the process id here; the kernel answers ENOENT for those that aren't threads of it.
    for task in pid..<pid + 200 {
        guard let file = try? Descriptor.open("/proc/\(pid)/task/\(task)/status", flags: 0) else { continue }
        texts.append(String(decoding: try file.readAll(limit: 65536), as: UTF8.self))
    }
    return texts
}
