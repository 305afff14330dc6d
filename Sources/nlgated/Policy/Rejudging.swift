import GatewayIPC
import Roles

/// Another policy is in force: every live session is judged again.
extension Supervisor {
    func rejudge() {
        grantSets.tablesChanged()
        for number in sessions.keys.sorted() { rejudge(number) }
        forgetIdleGrants()
    }

    private func rejudge(_ number: UInt64) {
        guard let policy, let record = sessions[number], !record.isEnding else { return }
        guard let match = match(record.identity, record.assignment.networkNamespace) else {
            return end(number, SupervisorReason.revoked, "the policy no longer knows this client")
        }
        guard let grants = grantSets.acquire(match, policy.tables) else {
            return end(number, SupervisorReason.limits, "the gateway has no room for this client's grants")
        }
        let before = record.assignment.grantSet
        grantSets.release(before)
        sessions[number]?.take(match, grants)
        guard grants != before, let broker = record.broker.flatMap({ children[$0] }),
            broker.sessions.contains(number)
        else { return }
        provide(grants, to: broker)
        send(.regrant(session: number, grantSet: grants, roles: match.roleText), to: broker)
    }

    /// Makes sure that the broker knows the grants behind a number.
    func provide(_ number: UInt32, to broker: Child) {
        forgetIdleGrants()
        guard broker.grantSets.insert(number).inserted else { return }
        for part in TablePart.parts(of: grantSets.bytes(of: number)) {
            send(.grants(number: number, part: part), to: broker)
        }
    }

    /// Grants that nobody has had for some time are forgotten everywhere.
    func forgetIdleGrants() {
        for number in grantSets.takeForgotten() {
            for child in children.values where child.grantSets.remove(number) != nil {
                send(.forgetGrants(number: number), to: child)
            }
        }
    }
}

extension Match {
    /// The roles' names, for people.
    var roleText: String { names.joined(separator: ",") }
}
