import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// Unix clients: the kernel says who they are, and a frontend speaks with them.
extension Supervisor {
    /// A Unix client's connection is over.
    func forget(_ peer: PeerCredentials) {
        let left = connectionsOf[peer.uid, default: 1] - 1
        connectionsOf[peer.uid] = left > 0 ? left : nil
    }

    /// Accepts Unix clients and hands them to the frontend that has the fewest.
    func acceptUnix(_ listener: Listeners.Listener) {
        for _ in 0..<32 {
            do throws(Errno) {
                guard let accepted = try listener.descriptor.accept() else { return }
                let socket = Descriptor(owning: accepted.release())
                let peer = try socket.peerCredentials()
                if listener.isAbstract, peer.uid != 0, peer.uid != getuid() { continue }
                guard connectionsOf[peer.uid, default: 0] < limits.connectionsPerUser else { continue }
                let frontends = children.values.filter { child in
                    if case .frontend = child.kind { child.isReady } else { false }
                }
                guard let frontend = frontends.min(by: { $0.adopted.count < $1.adopted.count }),
                    frontend.adopted.count < limits.sessions
                else { continue }
                nextAdopted = nextAdopted == UInt32.max ? 1 << 31 : nextAdopted + 1
                guard frontend.adopted[nextAdopted] == nil else { continue }
                frontend.adopted[nextAdopted] = peer
                connectionsOf[peer.uid, default: 0] += 1
                send(
                    .adopt(connection: nextAdopted, uid: peer.uid, gid: peer.gid), to: frontend,
                    passing: PassedDescriptor(socket))
            } catch {
                return
            }
        }
    }
}
