import Confinement
import GatewayIPC
import LinuxSys

/// A keeper on its way, with files that were read anew.
struct Renewal {
    let files: CredentialFiles
    /// By its number.
    let keeper: UInt64
    /// Why it doesn't take over; the first reason counts.
    private(set) var failure: String?
    /// The files may have changed once more since.
    var isOutdated = false

    init(_ files: CredentialFiles, _ keeper: UInt64) {
        self.files = files
        self.keeper = keeper
    }

    mutating func fail(_ text: String) {
        failure = failure ?? text
    }
}

/// How one keeper takes the place of another: because it has other files, or because the one before has died.
///
/// Sessions live on. The new keeper says which of their clients it doesn't know any more.
extension Supervisor {
    /// Starts a keeper with the files as they are now; the one before stays until that one is ready, or for good.
    func renewCredentials() {
        guard needsKeeper, !isStopping else { return }
        guard renewal == nil else {
            renewal?.isOutdated = true
            return
        }
        do throws(StartError) {
            try startRenewal(CredentialFiles(options))
        } catch {
            refuseRenewal("\(error)")
        }
    }

    private func startRenewal(_ files: CredentialFiles) throws(StartError) {
        // It will have the next number.
        renewal = Renewal(files, childCount + 1)
        do throws(SealingError) {
            _ = try start(.keeper)
        } catch {
            renewal = nil
            throw .sealing(error)
        }
    }

    /// What a keeper that is started now gets: the renewal's, unless it takes the place of a dead one meanwhile.
    func filesOfNextKeeper() -> CredentialFiles {
        guard let renewal, renewal.keeper == childCount + 1 else { return files }
        return renewal.files
    }

    private func refuseRenewal(_ reason: String) {
        log("key and certificates not loaded: \(reason); those before stay in force", .error)
        audit.reload("key and certificates", isLoaded: false, reason)
    }

    /// A keeper has sealed itself and can work with its files.
    func keeperReady(_ child: Child) {
        let before = keeper
        if let done = renewal, done.keeper == child.number {
            renewal = nil
            files = done.files
            restarts.removeAll { $0.kind == .keeper }
            log("key and certificates loaded: new connections get them")
            audit.reload("key and certificates", isLoaded: true, "new connections get them")
            if done.isOutdated { renewCredentials() }
        } else if before != nil {
            // It was to replace one that has been replaced meanwhile.
            child.retiresAt = now
            return
        }
        keeperNumber = child.number
        nextExpiryCheck = 0
        if let before { retire(before) }
        tellPolicy()
        reviewEverybody()
    }

    /// Handshakes that have begun with it may end with it.
    private func retire(_ keeper: Child) {
        keeper.retiresAt = now + UInt64(limits.handshakeSeconds + 5) * 1000
        send(.retire, to: keeper)
    }

    /// Those that some frontend doesn't let go.
    func endRetiredKeepers() {
        for child in children.values { if let time = child.retiresAt, now >= time { kill(child) } }
    }

    /// Asks the keeper about every client that has been verified.
    func reviewEverybody() {
        for frontend in children.values where frontend.isFrontend {
            for connection in frontend.verified.keys { review(connection, of: frontend) }
        }
    }

    /// Asks the keeper whether it still knows a client, and what that is to the policy now.
    func review(_ connection: UInt32, of frontend: Child) {
        guard let keeper, let known = frontend.verified[connection], !known.isRevoked else { return }
        awaitMappings()
        lastReview = Review(frontend: frontend.number, connection: connection)
        send(.review(frontend: frontend.number, connection: connection, memo: known.memo), to: keeper)
    }

    /// False when no well-behaved keeper says this.
    func takeRevoked(_ connection: UInt32, of number: UInt64, from child: Child) -> Bool {
        guard child.kind == .keeper, child.isReady else { return false }
        defer { finishReview(Review(frontend: number, connection: connection), by: child) }
        guard let frontend = children[number], frontend.isFrontend else { return true }
        frontend.verified[connection]?.isRevoked = true
        if let session = frontend.sessionOf[connection] {
            end(session, SupervisorReason.revoked, revocationText)
        }
        openWaiting(connection, of: frontend)
        return true
    }

    /// True when the keeper in force has ended and there must be another one.
    func keeperEnded(_ child: Child, _ status: ExitStatus) -> Bool {
        if let ended = renewal, ended.keeper == child.number {
            renewal = nil
            refuseRenewal(ended.failure ?? "nlgate-keeper ended with \(status) before it was ready")
            if ended.isOutdated { renewCredentials() }
            return false
        }
        if child.retiresAt != nil { return false }
        guard keeperNumber == child.number else { return keeper == nil }
        keeperNumber = nil
        for frontend in children.values where frontend.isFrontend { frontend.linking = nil }
        return true
    }
}
