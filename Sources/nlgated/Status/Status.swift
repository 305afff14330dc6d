import GatewayIPC

/// Somebody wants to know how the gateway is; brokers are asked what passes through their sessions.
final class StatusRequest {
    /// For how long brokers are waited for, in milliseconds.
    static let patience: UInt64 = 2000

    /// Admin clients that wait.
    var waiting: [UInt64]
    /// Brokers that haven't answered.
    var pending: Set<UInt64>
    var measures: [UInt64: SessionMeasures] = [:]
    let deadline: UInt64

    init(_ client: UInt64, pending: Set<UInt64>, now: UInt64) {
        waiting = [client]
        self.pending = pending
        deadline = now + StatusRequest.patience
    }
}

/// `nlgate status`: what brokers count, asked for when somebody wants to know.
extension Supervisor {
    /// Answers this admin client when the brokers have.
    func requestStatus(for client: UInt64) {
        if let statusRequest { return statusRequest.waiting.append(client) }
        // One that still owes its last answer isn't asked again.
        let brokers = children.values.filter { $0.kind.isBroker && $0.isReady && !$0.isSilent && !$0.isMeasuring }
        statusRequest = StatusRequest(client, pending: Set(brokers.map(\.number)), now: now)
        for broker in brokers {
            broker.isMeasuring = true
            send(.measure, to: broker)
        }
        answerStatus()
    }

    /// What a broker says of one of its sessions; false when nobody asked it.
    func take(_ measures: SessionMeasures, from child: Child) -> Bool {
        guard child.isMeasuring else { return false }
        // The session may have ended here, and the asker may have been answered, while the message was on its way.
        if let statusRequest, statusRequest.pending.contains(child.number), child.sessions.contains(measures.session) {
            statusRequest.measures[measures.session] = measures
        }
        return true
    }

    /// A broker has said it all; false when nobody asked it.
    func takeMeasured(_ child: Child) -> Bool {
        guard child.isMeasuring else { return false }
        child.isMeasuring = false
        statusRequest?.pending.remove(child.number)
        answerStatus()
        return true
    }

    /// Answers when nobody is waited for any more, or too long.
    func answerStatus() {
        guard let request = statusRequest else { return }
        request.pending.formIntersection(children.keys)
        guard request.pending.isEmpty || now >= request.deadline else { return }
        statusRequest = nil
        let text = String(decoding: statusLines(request.measures), as: UTF8.self)
        for client in request.waiting { admin.answer(client, text, self) }
    }
}
