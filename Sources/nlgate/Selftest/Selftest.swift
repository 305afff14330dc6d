import CSelftest
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink

/// Everything that `nlgate selftest` tries, one finding after the other.
final class Selftest {
    let programs: Programs
    let report: (Finding) -> Void
    let gateway: ThrowawayGateway
    let inheritedFilters: Int
    let landlock: Int
    let hasMDWE: Bool
    let listener: Descriptor
    let listenerName: String
    /// By the names of the trials.
    var unconfinedAnswers: [String: Answer] = [:]

    /// Starts the throwaway gateway.
    init(_ programs: Programs, report: @escaping (Finding) -> Void) throws(SelftestStop) {
        self.programs = programs
        self.report = report
        let folder = try ThrowawayPlace.enter(besides: programs)
        do throws(SubjectLost) {
            // CAP_SYS_PTRACE
            guard let own = ProcessView.own.capabilities("CapEff"), own & 1 << 19 != 0 else {
                throw SubjectLost(answer: .untraceable(EPERM))
            }
            _ = try TracedProcess(unconfined: 0)
        } catch {
            throw SelftestStop("processes can't be traced here, which takes CAP_SYS_PTRACE: \(error.answer)")
        }
        let certificates = try ThrowawayCertificates(in: folder)
        gateway = try ThrowawayGateway(programs, in: folder, certificates: certificates)
        inheritedFilters = Int(ProcessView.own.status("Seccomp_filters")) ?? 0
        landlock = Int(cst_landlock_abi())
        hasMDWE = cst_knows_mdwe() == 1
        listenerName = "nlgate-selftest-\(getpid())"
        do throws(Errno) {
            let address = try SocketAddress(unix: listenerName, abstract: true)
            listener = try Descriptor.streamSocket(for: address)
            try listener.bind(to: address)
            try listener.listen(backlog: 8)
        } catch {
            throw SelftestStop("a socket can't be made: \(error)")
        }
    }
}

extension Selftest {
    /// Tries everything; the gateway is gone afterwards.
    func run() throws(SelftestStop) {
        // A privileged broker lives as long as its session.
        let session: GatewaySession
        do {
            session = try gateway.session(gateway.unix, nil)
        } catch {
            throw SelftestStop("the gateway gives no session: \(error)")
        }
        guard session.welcome.isPrivileged else {
            throw SelftestStop("the gateway has no privileged session to look at")
        }
        var recipes: [HelperRecipe] = []
        var users: [UInt32] = []
        let live = try liveProcesses()
        for (kind, process) in live {
            users.append(UInt32(process.status("Uid").split(separator: " ").first ?? "") ?? 0)
            recipes.append(try HelperRecipe(kind, like: process, programs, gateway.certificates))
        }
        let compilerUser = userIDs("nlgate-policyc")?.uid ?? ((users.first ?? usualUserBase) + 4)
        recipes.append(try HelperRecipe(compilerAs: compilerUser, programs))
        supervisorState()
        for (index, (kind, process)) in live.enumerated() {
            let others = users.enumerated().filter { $0.offset != index }.map(\.element)
            look(at: process, kind, inherited: inheritedFilters + 1, others)
        }
        clients()
        for recipe in recipes { try measuresWithoutFilter(recipe) }
        for recipe in recipes { try forbiddenCalls(recipe) }
        supervisorCalls(gateway)
        for recipe in recipes { try omittedSteps(recipe) }
        try endLiveProcesses(live, recipes)
        withExtendedLifetime(session) {}
        endSupervisor()
    }

    private func liveProcesses() throws(SelftestStop) -> [(HelperKind, ProcessView)] {
        var found: [(HelperKind, ProcessView)] = []
        for kind in HelperKind.all where kind.isStanding {
            guard let process = gateway.processes(kind).first else { throw SelftestStop("there is no \(kind.title)") }
            found.append((kind, process))
        }
        return found
    }

    func look(at process: ProcessView, _ kind: HelperKind, inherited: Int, _ others: [UInt32]) {
        let checks = StateChecks(
            kind: kind, process: process, inheritedFilters: inherited, supervisor: gateway.supervisor,
            otherUsers: others)
        for finding in checks.findings { report(finding) }
    }
}
