import GatewayIPC
import GatewayPolicy

/// What `nlgate whoami` shows.
extension Broker {
    func describe(_ session: Session) -> [String] {
        let head = [
            "identity \(session.assignment.identity)", "roles \(session.assignment.roles)",
            "broker \(options.isPrivileged ? "privileged" : "reader")",
        ]
        return head + session.rights.judge.describe()
    }
}
