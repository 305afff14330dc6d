import CSelftest
import Glibc

/// What is tried with further processes of the installed helpers.
extension Selftest {
    /// Each measure by itself: a process that has taken all of them but its filters, which would hide the others.
    func measuresWithoutFilter(_ recipe: HelperRecipe) throws(SelftestStop) {
        let title = recipe.kind.title
        let stopped: (copy: HelperCopy, process: TracedProcess)
        do throws(SubjectLost) {
            guard let found = try beforeItsFilter(recipe) else {
                return report(Finding(title, "measures without the filter", notTried: "it is always sealed too soon"))
            }
            stopped = found
        } catch {
            let text = "it doesn't come to its filter: \(error.answer)"
            let verdict: Verdict = if case .untraceable = error.answer { .notTried } else { .failed }
            return report(Finding(title, "measures without the filter", [Attempt(verdict, "start", text)]))
        }
        let user = UInt32(stopped.copy.view.status("Uid").split(separator: " ").first ?? "") ?? 0
        let neighbour = cst_waiting_child(user)
        defer { if neighbour > 0 { cst_end(neighbour) } }
        let trials = MeasureTrials(
            kind: recipe.kind, landlock: landlock, hasMDWE: hasMDWE, neighbour: neighbour, listener: listenerName)
        for group in trials.groups {
            if let missing = group.missing {
                report(Finding(title, group.measure, notTried: missing))
                continue
            }
            let attempts = group.trials.map { trial in
                trial.attempt(
                    unconfined: trial.before == nil ? nil : unconfined(trial),
                    confined: trial.answer(of: stopped.process))
            }
            report(Finding(title, group.measure, attempts))
        }
    }

    /// A process that is about to install its first filter; nil when it was faster than we are, each time.
    private func beforeItsFilter(
        _ recipe: HelperRecipe
    ) throws(SubjectLost) -> (copy: HelperCopy, process: TracedProcess)? {
        for _ in 0..<20 {
            guard let copy = try? HelperCopy(recipe) else { continue }
            let process = try copy.traced(atOnce: true)
            guard Int(copy.view.status("Seccomp_filters")) == inheritedFilters else { continue }
            try process.run(to: .filter)
            try process.leaveOut(answering: -Int64(EINTR))
            return (copy, process)
        }
        return nil
    }

    /// What an unconfined process can do, tried once for all kinds.
    func unconfined(_ trial: Trial) -> Answer {
        if let known = unconfinedAnswers[trial.name] { return known }
        let answer = trial.answerUnconfined()
        unconfinedAnswers[trial.name] = answer
        return answer
    }

    /// A forbidden call ends the process: one process for each call.
    func forbiddenCalls(_ recipe: HelperRecipe) throws(SelftestStop) {
        let groups = FilterTrials.groups(recipe.kind)
        var left = groups.reduce(0) { $0 + $1.trials.count }
        var started: [HelperCopy] = []
        for group in groups {
            var attempts: [Attempt] = []
            for trial in group.trials {
                // They start while others are looked at.
                while started.count < min(left, 4) { started.append(try HelperCopy(recipe)) }
                let copy = started.removeFirst()
                left -= 1
                attempts.append(trial.attempt(unconfined: unconfined(trial), confined: answer(trial, of: copy)))
            }
            report(Finding(recipe.kind.title, group.measure, attempts))
        }
    }

    func answer(_ trial: Trial, of copy: HelperCopy) -> Answer {
        guard copy.isReady() else { return .exited(1) }
        do throws(SubjectLost) {
            return trial.answer(of: try copy.traced(atOnce: false))
        } catch {
            return error.answer
        }
    }

    /// A process that has not begun to seal itself; nil when it was faster than we are, each time.
    private func beforeItSeals(
        _ recipe: HelperRecipe
    ) throws(SubjectLost) -> (copy: HelperCopy, process: TracedProcess)? {
        for _ in 0..<50 {
            guard let copy = try? HelperCopy(recipe) else { continue }
            let process = try copy.traced(atOnce: true)
            // The limit of core files is the first thing that it changes.
            let name = "Max core file size"
            if copy.view.limit(name) == ProcessView.own.limit(name) { return (copy, process) }
        }
        return nil
    }

    /// A step that was left out, though the kernel seemed to say yes, stops the start.
    func omittedSteps(_ recipe: HelperRecipe) throws(SelftestStop) {
        var attempts: [Attempt] = []
        for step in steps(of: recipe.kind) {
            do throws(SubjectLost) {
                guard let (copy, process) = try beforeItSeals(recipe) else {
                    throw SubjectLost(answer: .untraceable(ETIMEDOUT))
                }
                try process.run(to: step.call)
                try process.leaveOut(answering: 0)
                copy.letGo(process)
                let serves = copy.isReady()
                attempts.append(Attempt(!serves, step.name, serves ? "it serves all the same" : "it doesn't start"))
            } catch {
                let verdict: Verdict = if case .untraceable = error.answer { .notTried } else { .failed }
                attempts.append(Attempt(verdict, step.name, "it never comes to that: \(error.answer)"))
            }
        }
        report(Finding(recipe.kind.title, "a step left out", attempts))
    }

    private func steps(of kind: HelperKind) -> [(name: String, call: AwaitedCall)] {
        func prctl(_ operation: Int64) -> AwaitedCall { AwaitedCall(number: SYS_prctl, first: operation) }
        func unshare(_ flag: Int64) -> AwaitedCall { AwaitedCall(number: SYS_unshare, first: flag) }
        var steps: [(name: String, call: AwaitedCall)] = [
            ("filter", .filter), ("mount namespace", unshare(0x2_0000)), ("IPC namespace", unshare(0x800_0000)),
            ("pivot_root", AwaitedCall(number: SYS_pivot_root)), ("user", AwaitedCall(number: SYS_setresuid)),
            ("group", AwaitedCall(number: SYS_setresgid)), ("capset", AwaitedCall(number: SYS_capset)),
            // setrlimit()
            ("limit", AwaitedCall(number: SYS_prlimit64, first: 0, hasThird: true)),
            ("bounding set", prctl(24)), ("securebits", prctl(28)), ("no_new_privs", prctl(38)),
        ]
        if kind.hasEmptyNetwork { steps.append(("network namespace", unshare(0x4000_0000))) }
        if landlock >= 1 { steps.append(("Landlock", AwaitedCall(number: SYS_landlock_restrict_self))) }
        if hasMDWE { steps.append(("PR_SET_MDWE", prctl(65))) }
        return steps
    }
}
