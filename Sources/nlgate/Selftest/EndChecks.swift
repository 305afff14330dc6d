import CSelftest
import Glibc
import LinuxSys

/// What is tried last, because it costs processes of the throwaway gateway.
extension Selftest {
    /// Calls of the live processes themselves, each of which ends one.
    func endLiveProcesses(_ live: [(HelperKind, ProcessView)], _ recipes: [HelperRecipe]) throws(SelftestStop) {
        // A broker would end with the frontend that it serves.
        for (kind, process) in live.reversed() {
            guard kind.isBroker, kind.permitted != 0 else {
                let trial = Trial("socket(INET)") { subject throws(SubjectLost) in
                    try subject.call(SYS_socket, 2, 1, 0)
                }
                let confined = answer(trial, ofLive: process)
                report(
                    Finding(
                        kind.title, "the one in service",
                        [trial.attempt(unconfined: unconfined(trial), confined: confined)]))
                continue
            }
            let trial = Trial("socket(NETLINK_ROUTE) after HELLO") { subject throws(SubjectLost) in
                try subject.call(SYS_socket, 16, 0x80803, 0)
            }
            guard let recipe = recipes.first(where: { $0.kind.title == kind.title }) else { continue }
            let before = answer(trial, of: try HelperCopy(recipe))
            let confined = answer(trial, ofLive: process)
            report(
                Finding(
                    kind.title, "no socket once it serves",
                    [
                        Attempt(
                            confined == .killed(SIGSYS) && Wanted.done.isFulfilled(by: before), trial.name,
                            "\(confined); before HELLO \(before)")
                    ]))
        }
    }

    private func answer(_ trial: Trial, ofLive process: ProcessView) -> Answer {
        do throws(SubjectLost) {
            return trial.answer(of: try TracedProcess(attachingTo: process.pid))
        } catch {
            return error.answer
        }
    }

    /// No process of the gateway outlives its supervisor.
    func endSupervisor() {
        let number = gateway.pid
        var processes: [ProcessView] = []
        // Those that were ended are started again.
        _ = holds(within: 10) {
            processes = HelperKind.all.flatMap { gateway.processes($0) }
            return processes.count > 1
        }
        let count = processes.count
        gateway.killSupervisor()
        _ = holds(within: 10) { !processes.contains(where: \.isRunning) }
        let left = processes.count(where: \.isRunning)
        report(
            Finding(
                "gateway", "nothing outlives the supervisor",
                [
                    Attempt(
                        left == 0 && count > 1, "SIGKILL to the supervisor (pid \(number))",
                        "\(left) of its \(count) processes are left")
                ]))
    }

    /// What the supervisor's filter, which all its children have too, never lets through: one supervisor for each.
    func supervisorCalls(_ gateway: ThrowawayGateway) {
        var attempts: [Attempt] = []
        for (number, trial) in FilterTrials.supervisor.enumerated() {
            let answer: Answer
            do throws(SelftestStop) {
                let other = try LoneSupervisor(programs, folder: gateway.folder, number: number, inheritedFilters)
                do throws(SubjectLost) {
                    answer = trial.answer(of: try other.traced())
                } catch {
                    answer = error.answer
                }
            } catch {
                // The next ones would be no better.
                attempts.append(Attempt(false, trial.name, error.text))
                break
            }
            attempts.append(trial.attempt(unconfined: unconfined(trial), confined: answer))
        }
        report(Finding("supervisor", "filter: kernel interfaces", attempts))
    }
}

/// A further daemon, caught as soon as it has sealed itself.
private final class LoneSupervisor {
    private let child: ChildProcess
    /// It ends when this does.
    private let input: Descriptor
    private var isTraced = false

    init(_ programs: Programs, folder: String, number: Int, _ inheritedFilters: Int) throws(SelftestStop) {
        do throws(Errno) {
            let null = try Descriptor.open("/dev/null", flags: O_RDWR)
            let ends = try Descriptor.packetPair().release()
            input = Descriptor(owning: ends.ours)
            let theirs = Descriptor(owning: ends.theirs)
            child = try ProgramFile(path: programs.daemon).start(
                arguments: [
                    "--listen", "unix://\(folder)/\(number).sock", "--admin", "none", "--audit", "none",
                    "--frontends", "1", "--readers", "1", "--stop-on-eof",
                ], environment: ["SWIFT_BACKTRACE=enable=no"], descriptors: [theirs.raw, null.raw, null.raw])
        } catch {
            throw SelftestStop("\(programs.daemon) can't be started: \(error)")
        }
        let view = ProcessView(pid: child.pid)
        var isSealed = false
        _ = holds(within: 5) {
            isSealed = Int(view.status("Seccomp_filters")) == inheritedFilters + 1
            return isSealed || !view.isRunning
        }
        guard isSealed else { throw SelftestStop("it doesn't seal itself") }
    }

    deinit {
        if !isTraced { cst_end(child.pid) }
    }

    func traced() throws(SubjectLost) -> TracedProcess {
        let process = try TracedProcess(attachingTo: child.pid)
        isTraced = true
        return process
    }
}
