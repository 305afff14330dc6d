import ControlSocket
import GatewayIPC
import Glibc
import LinuxSys
import Roles
import TLSSocket

/// One frontend's socket and its handshakes.
final class Link {
    /// As the supervisor numbers it.
    let frontend: UInt64
    let descriptor: Descriptor
    var handshakes: Handshakes

    init(_ frontend: UInt64, _ descriptor: consuming Descriptor, _ handshakes: Handshakes) {
        self.frontend = frontend
        self.descriptor = descriptor
        self.handshakes = handshakes
    }
}

/// The event loop: the supervisor, and the frontends that it introduces.
struct Keeper: ~Copyable {
    /// Links are numbered from 1.
    static let controlToken: UInt64 = 0
    /// Requests that one frontend gets answered before the others have their turn.
    private static let fairShare = 16

    private let options: KeeperOptions
    private let control: ControlSocket
    private let authority: Authority
    private var epoll: Epoll
    private var links: [UInt64: Link] = [:]
    private var linkCount: UInt64 = 0
    private var clients = PolicyClients()
    /// Another keeper has taken over.
    private var isRetired = false
    private var buffer = [UInt8](repeating: 0, count: maximumKeeperPacket + 1)
    private var now = Clock.monotonicMilliseconds()

    init(
        _ options: KeeperOptions, control: ControlSocket, authority: consuming Authority, epoll: consuming Epoll
    ) {
        self.options = options
        self.control = control
        self.authority = authority
        self.epoll = epoll
    }

    /// Serves until the supervisor says stop, or has another keeper and no frontend is left.
    mutating func run() {
        var events: [Event] = []
        var nextSweep = now + 1000
        while !(isRetired && links.isEmpty) {
            do throws(Errno) {
                try epoll.wait(
                    milliseconds: links.values.contains { $0.handshakes.count > 0 } ? 1000 : -1, into: &events)
            } catch {
                exit(1)
            }
            now = Clock.monotonicMilliseconds()
            for event in events {
                if event.token == Keeper.controlToken {
                    receiveControl()
                } else if let link = links[event.token] {
                    serve(link, event.token)
                }
            }
            guard now >= nextSweep else { continue }
            nextSweep = now + 1000
            for link in links.values { link.handshakes.expire(now: now) }
        }
    }

    private mutating func receiveControl() {
        var passed: Descriptor?
        while let message = control.receive(taking: &passed) {
            switch message {
            case .attach(let frontend):
                guard let socket = passed.take() else { exit(1) }
                attach(frontend, socket)
                control.send(.accepted(number: frontend))
            case .clients(let policy, let part):
                guard clients.take(part, of: policy) else { exit(1) }
            case .review(let frontend, let connection, let memo):
                guard let memo = ClientMemo(memo) else { exit(1) }
                review(memo, frontend, connection)
            case .retire: isRetired = true
            case .stop: exit(0)
            default: exit(1)
            }
        }
    }

    private func review(_ memo: ClientMemo, _ frontend: UInt64, _ connection: UInt32) {
        guard authority.clients.stillTrusts(ChainTrace(bytes: memo.trace)) else {
            return control.send(.revoked(frontend: frontend, connection: connection))
        }
        control.send(.mapped(clients.mapping(of: memo, frontend, connection)))
    }

    /// A frontend has one link: the new one takes the place of the one before.
    private mutating func attach(_ frontend: UInt64, _ socket: consuming Descriptor) {
        for (number, link) in links where link.frontend == frontend { drop(link, number) }
        linkCount += 1
        let handshakes = Handshakes(
            authority.key, authority.clients, perSecond: options.handshakeRate,
            // The frontend ends them by then; what it says last is still to be answered.
            seconds: options.handshakeSeconds + 5, now: now)
        let link = Link(frontend, socket, handshakes)
        // It is there before the frontend is: who has a link has a certificate.
        guard send(.certificate(authority.certificate), link) else { return }
        links[linkCount] = link
        do throws(Errno) {
            try epoll.add(link.descriptor.raw, .read, token: linkCount)
        } catch {
            exit(1)
        }
    }

    private mutating func drop(_ link: Link, _ number: UInt64) {
        epoll.remove(link.descriptor.raw)
        links[number] = nil
    }

    private mutating func serve(_ link: Link, _ number: UInt64) {
        for _ in 0..<Keeper.fairShare {
            do throws(Errno) {
                switch try link.descriptor.receivePacket(into: &buffer, count: buffer.count) {
                case .wouldBlock: return
                case .closed: return drop(link, number)
                case .bytes(let count):
                    guard let request = try? KeeperRequest(Array(buffer[..<count])), answer(request, link) else {
                        control.send(.misbehaved(frontend: link.frontend))
                        return drop(link, number)
                    }
                }
            } catch {
                return drop(link, number)
            }
        }
    }

    /// False when the frontend broke the protocol or doesn't read.
    private func answer(_ request: KeeperRequest, _ link: Link) -> Bool {
        switch link.handshakes.take(request, now: now) {
        case .nothing: return true
        case .violation: return false
        case .reply(let reply): return send(reply, link)
        case .verified(let candidate, let reply):
            // First the supervisor: what the frontend says next is judged by this.
            introduce(candidate, link.frontend, reply)
            return send(reply, link)
        }
    }

    /// Tells the supervisor who the client of a connection is, and what that is to the policy.
    private func introduce(_ candidate: ClientCandidate, _ frontend: UInt64, _ reply: KeeperReply) {
        guard case .proved(let connection) = reply else { preconditionFailure("only a proof makes a client known") }
        let memo = ClientMemo(candidate)
        control.send(
            .verified(
                VerifiedClient(
                    frontend: frontend, connection: connection, identity: IdentityRecord(candidate.peer),
                    memo: memo.encode())))
        control.send(.mapped(clients.mapping(of: memo, frontend, connection)))
    }

    /// A frontend waits for each answer: there is always room, or it isn't one of ours.
    private func send(_ reply: KeeperReply, _ link: Link) -> Bool {
        do throws(Errno) {
            return try link.descriptor.send(reply.encode().span) != .wouldBlock
        } catch {
            // It has ended; the next receive tells.
            return true
        }
    }
}
