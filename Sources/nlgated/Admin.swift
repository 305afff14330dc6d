import Confinement
import Glibc
import LinuxSys

/// The admin socket: fixed-size requests from uid 0 and the daemon's own uid, answered with text.
final class AdminSocket {
    /// `nlga`, version 1, verb; little-endian.
    static let requestLength = 8
    private static let mostClients = 16

    private final class Client {
        let socket: Descriptor
        let deadline: UInt64
        var request: [UInt8] = []
        var answer: [UInt8] = []

        init(_ socket: consuming Descriptor, deadline: UInt64) {
            self.socket = socket
            self.deadline = deadline
        }
    }

    let listener: PassedDescriptor?
    private var path: String?
    private var clients: [UInt64: Client] = [:]
    private var count: UInt64 = 0

    init(_ options: Options) throws(StartError) {
        guard let path = options.admin ?? (getuid() == 0 ? "/run/nlgate/admin.sock" : nil), path != "none" else {
            listener = nil
            return
        }
        if options.admin == nil { makeDirectory("/run/nlgate", mode: 0o755) }
        listener = try attempt("--admin \(path)") { () throws(Errno) in
            let address = try SocketAddress(unix: path, abstract: false)
            let socket = try boundUnixSocket(address, path: path, mode: 0o600)
            try socket.listen(backlog: 16)
            return PassedDescriptor(socket)
        }
        self.path = path
    }

    /// The path goes with the daemon.
    func removePath() {
        if let path { removeFile(path) }
    }

    func accept(_ supervisor: Supervisor) {
        guard let listener else { return }
        do throws(Errno) {
            guard let accepted = try listener.descriptor.accept() else { return }
            let socket = Descriptor(owning: accepted.release())
            let peer = try socket.peerCredentials()
            clients = clients.filter { $0.value.deadline > supervisor.now }
            guard peer.uid == 0 || peer.uid == getuid(), clients.count < AdminSocket.mostClients else { return }
            count += 1
            try supervisor.epoll.add(socket.raw, .read, token: Token.adminClient(count))
            clients[count] = Client(socket, deadline: supervisor.now + 5000)
        } catch {
            return
        }
    }

    func handle(_ number: UInt64, _ event: Event, _ supervisor: Supervisor) {
        guard let client = clients[number] else { return }
        if client.answer.isEmpty {
            guard read(client) else { return remove(number) }
            guard client.request.count == AdminSocket.requestLength else { return }
            guard let answer = answer(client.request, supervisor) else { return remove(number) }
            client.answer = Array(answer.utf8)
        }
        do throws(Errno) {
            while !client.answer.isEmpty {
                switch try client.socket.send(client.answer.span) {
                case .bytes(let count): client.answer.removeFirst(count)
                case .wouldBlock:
                    return try supervisor.epoll.modify(client.socket.raw, .write, token: Token.adminClient(number))
                case .closed: return remove(number)
                }
            }
        } catch {
            return remove(number)
        }
        remove(number)
    }

    private func read(_ client: Client) -> Bool {
        var bytes = [UInt8](repeating: 0, count: AdminSocket.requestLength - client.request.count)
        do throws(Errno) {
            switch try client.socket.receive(into: &bytes, count: bytes.count) {
            case .bytes(let count): client.request += bytes[..<count]
            case .wouldBlock: break
            case .closed: return false
            }
            return true
        } catch {
            return false
        }
    }

    private func answer(_ request: [UInt8], _ supervisor: Supervisor) -> String? {
        guard Array(request[..<6]) == Array("nlga".utf8) + [1, 0] else { return nil }
        switch request[6] {
        case 1 where request[7] == 0: return supervisor.doctor()
        default: return nil
        }
    }

    private func remove(_ number: UInt64) {
        clients[number] = nil
    }
}

extension Supervisor {
    /// What is in force in each process, and what isn't and why.
    func doctor() -> String {
        var lines = ["kernel: Linux \(report.kernel.release), Landlock ABI \(report.kernel.landlockABI)"]
        lines += ["nlgated: pid \(getpid()), uid \(report.uid)"] + report.lines.map { "  " + $0 }
        for child in children.values.sorted(by: { $0.number < $1.number }) { lines += doctor(child) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func doctor(_ child: Child) -> [String] {
        let name = "\(child.kind.name): pid \(child.process.pid)"
        guard let report = child.report else { return ["\(name), not ready yet"] }
        var sessions = child.sessions.count
        if case .frontend = child.kind { sessions = child.sessionOf.count }
        return ["\(name), uid \(report.uid), sessions: \(sessions)"] + report.lines.map { "  " + $0 }
    }
}
