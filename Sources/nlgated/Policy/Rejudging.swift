import GatewayIPC
import Roles

/// Another policy is in force: every live session is judged again.
extension Supervisor {
    /// Judges every session.
    ///
    /// Those of clients with certificates when the keeper has said what they are to it.
    func rejudge() {
        grantSets.tablesChanged()
        for number in sessions.keys.sorted() { rejudge(number) }
        reviewEverybody()
        forgetIdleGrants()
    }

    /// A session's client has been mapped anew.
    func rejudge(_ number: UInt64) {
        guard let policy, let record = sessions[number], !record.isEnding else { return }
        let standing: Standing
        switch record.principal {
        case .user(let uid, let gid): standing = self.standing(.user(uid: uid, gid: gid)) ?? .nobody
        case .anonymous(let address): standing = self.standing(.anonymous(address: address)) ?? .nobody
        case .certificate:
            // Who has left gets no new rights.
            guard record.isCounted, let known = children[record.frontend]?.verified[record.connection] else {
                return end(number, SupervisorReason.revoked, "the client has left")
            }
            guard let mapped = self.standing(known) else { return }
            standing = mapped
        }
        guard let match = match(standing, record.assignment.networkNamespace) else {
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
