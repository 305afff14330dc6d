import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

/// Multicast groups: joined by number, granted by name.
extension Broker {
    func joinOutcome(_ session: Session, _ group: UInt32) -> Outcome {
        switch judgeJoin(session, group) {
        case .refused(let refusal):
            let id = denials.next()
            logDenial(session, refusal, id)
            let text = refusal.objection.text(client: session.assignment.identity)
            return Outcome(code: UInt32(EPERM), text: "\(text) [denial \(id)]")
        case .granted(let grant):
            logCeiling(session, grant)
            do throws(Errno) {
                try kernel.setMembership(session, group: group, joined: true)
                session.groups.insert(group)
                return Outcome(code: 0)
            } catch {
                return Outcome(code: UInt32(error.rawValue), text: "\(error)")
            }
        }
    }

    func leave(_ session: Session, _ group: UInt32, tag: UInt32) {
        reply(session, tag) { (kernel) throws(Errno) in
            try kernel.setMembership(session, group: group, joined: false)
            session.groups.remove(group)
        }
    }

    /// After a change of grants; what was queued before is dropped as well.
    func leaveLostGroups(_ session: Session) {
        for group in session.groups {
            if case .granted = judgeJoin(session, group) { continue }
            session.groups.remove(group)
            do throws(Errno) {
                try kernel.setMembership(session, group: group, joined: false)
            } catch {
                // A group that is gone with its family has no members.
            }
        }
    }

    private func judgeJoin(_ session: Session, _ group: UInt32) -> JoinVerdict {
        if session.protocolNumber == NetlinkProtocol.generic { kernel.lookup.refresh() }
        return session.rights.judge.judgeJoin(group: group, families: kernel.lookup.families)
    }
}
