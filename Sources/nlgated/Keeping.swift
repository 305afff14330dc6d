import Confinement
import GatewayIPC
import LinuxSys

/// A client that the keeper has verified.
struct KnownClient {
    let identity: IdentityRecord
    /// What a keeper wants to have when it is asked once more; just bytes.
    let memo: [UInt8]
    /// In monotonic milliseconds.
    let verifiedAt: UInt64
    /// A later keeper no longer knows it.
    var isRevoked = false
    /// What it is to a policy, which may have been replaced meanwhile; nil until the keeper says it.
    var mapping: ClientMapping?
}

let revocationText = "the client's certificate is no longer accepted: it was revoked, or its CA is gone"

/// The keeper, its links to the frontends, and what it says of clients.
///
/// The supervisor believes it, and no frontend, about certificates.
extension Supervisor {
    /// There is one exactly when somebody may come with a certificate.
    var needsKeeper: Bool { files.key != nil }

    var keeper: Child? { keeperNumber.flatMap { children[$0] } }

    /// A process is ready: links that its coming makes possible.
    func link(_ child: Child) {
        switch child.kind {
        case .keeper where child.number == keeperNumber:
            for frontend in children.values where frontend.isFrontend && frontend.isReady {
                frontend.linking = nil
                link(frontend: frontend)
            }
        case .frontend: link(frontend: child)
        default: break
        }
    }

    /// The keeper gets its end; the frontend gets the other one when the keeper has taken it.
    ///
    /// A keeper that doesn't within ten seconds is killed, like everybody who doesn't take a descriptor.
    private func link(frontend: Child) {
        guard needsKeeper, let keeper, frontend.linking == nil else { return }
        let pair: DescriptorPair
        do throws(Errno) {
            pair = try Descriptor.packetPair()
        } catch {
            return log("socketpair: \(error)", .error)
        }
        _ = refuseDescriptors(on: pair.ours.raw)
        _ = refuseDescriptors(on: pair.theirs.raw)
        let ends = pair.release()
        frontend.linking = (PassedDescriptor(Descriptor(owning: ends.theirs)), keeper.number)
        frontend.wantsLink = false
        frontend.linkedAt = now
        send(.attach(frontend: frontend.number), to: keeper, passing: PassedDescriptor(Descriptor(owning: ends.ours)))
    }

    /// The keeper has taken its end of the link to this frontend.
    func linked(_ number: UInt64, by keeper: Child) {
        guard let frontend = children[number], let linking = frontend.linking, linking.keeper == keeper.number else {
            return
        }
        frontend.linking = nil
        frontend.isLinked = true
        send(.keeper, to: frontend, passing: linking.end)
        beginServing(frontend)
        tellReloaded()
    }

    /// Links that were asked for, one a second for each frontend.
    func renewLinks() {
        for child in children.values where child.wantsLink && now >= child.linkedAt + 1000 { link(frontend: child) }
    }

    /// False when no well-behaved keeper says this.
    func take(_ client: VerifiedClient, from child: Child) -> Bool {
        guard child.kind == .keeper, child.isReady else { return false }
        guard let frontend = children[client.frontend], frontend.isFrontend else { return true }
        // A connection has one client. Who says otherwise is a frontend that uses a number twice.
        guard frontend.verified[client.connection] == nil, frontend.adopted[client.connection] == nil,
            frontend.verified.count < 2 * limits.sessions
        else {
            log("\(frontend.kind.name) broke the protocol between our processes", .error)
            kill(frontend)
            return true
        }
        frontend.verified[client.connection] = KnownClient(
            identity: client.identity, memo: client.memo, verifiedAt: now)
        // Who came by the keeper before is asked about once more.
        if child.number != keeperNumber { review(client.connection, of: frontend) }
        return true
    }

    /// False when no well-behaved keeper says this.
    func takeMisbehaved(_ number: UInt64, from child: Child) -> Bool {
        guard child.kind == .keeper, child.isReady else { return false }
        guard let frontend = children[number], frontend.isFrontend else { return true }
        log("\(frontend.kind.name) broke the protocol with the keeper", .error)
        kill(frontend)
        return true
    }

    /// The client of a frontend's connection, by the keeper's word; nil when it hasn't given any.
    func knownClient(_ connection: UInt32, of frontend: Child) -> KnownClient? {
        if let known = frontend.verified[connection] { return known }
        // The keeper speaks before the frontend may, but on another socket: it may wait there unread.
        for child in children.values.filter({ $0.kind == .keeper && $0.isReady }) { receive(child) }
        return frontend.verified[connection]
    }
}
