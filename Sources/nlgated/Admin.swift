import GatewayIPC
import Glibc
import LinuxSys

/// The admin socket: requests of 8 bytes from uid 0 and the daemon's own uid, answered with text.
///
/// A request is `nlga`, version 1 and a verb, both u8-in-u16 little-endian (`6e 6c 67 61 01 00 VV 00`). The daemon
/// answers once and closes; a client reads to the end. Anything malformed is closed without a word, and so is a client
/// whose request isn't there after 5 seconds.
///
/// | verb | meaning | answer |
/// |---|---|---|
/// | 1 | what confines each process | text |
/// | 2 | put the configured policy in force, read anew | below |
/// | 3 | put this policy in force: with the request goes the descriptor of a file (SCM_RIGHTS), readable and of the same owner and mode as `--policy` demands; it holds until the next reload | below |
/// | 4 | the policy in force | below |
/// | 5 | sessions, processes, listeners, certificates | JSON objects, one a line, each with its `type` |
///
/// The first line of these answers is `ok TEXT` or `error TEXT`; warnings and errors follow, one a line as compilers
/// print them (`FILE:LINE:COLUMN: error: TEXT`). For 2 and 3 it comes when the policy was compiled and every live
/// session was judged by it, or when it won't be: a bad one changes nothing. That can take 10 seconds for it and for each
/// one before it, and 10 more for the keeper's part. For 4, between the
/// first line and the warnings there are lines `policy: NAME`, `loaded: TIME`, `holds: COUNTS`, `audit: WHERE` and
/// `warnings: NUMBER`.
final class AdminSocket {
    /// `nlga`, version 1, verb; little-endian.
    static let requestLength = 8
    private static let mostClients = 16
    /// How long a client may take, in milliseconds.
    private static let patience: UInt64 = 5000

    private final class Client {
        let socket: Descriptor
        /// Until when it must be done; nil while it waits for the daemon.
        var deadline: UInt64?
        var request: [UInt8] = []
        var passed: PassedDescriptor?
        var answer: [UInt8] = []
        var watched: Readiness = .read

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
        guard let path = options.admin ?? (getuid() == 0 ? usualAdminPath : nil), path != "none" else {
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
            clients = clients.filter { $0.value.deadline.map { $0 > supervisor.now } ?? true }
            guard peer.uid == 0 || peer.uid == getuid(), clients.count < AdminSocket.mostClients else { return }
            count += 1
            try supervisor.epoll.add(socket.raw, .read, token: Token.adminClient(count))
            clients[count] = Client(socket, deadline: supervisor.now + AdminSocket.patience)
        } catch {
            return
        }
    }

    func handle(_ number: UInt64, _ supervisor: Supervisor) {
        guard let client = clients[number] else { return }
        guard client.answer.isEmpty else { return flush(number, client, supervisor) }
        guard read(client) else { return remove(number) }
        guard client.request.count == AdminSocket.requestLength else { return }
        guard let verb = verb(client.request), (verb == 3) == (client.passed != nil) else { return remove(number) }
        switch verb {
        case 1: answer(number, supervisor.doctor(), supervisor)
        case 2: wait(number, client, .configured, supervisor)
        case 5:
            client.deadline = nil
            guard watch(number, client, [], supervisor) else { return remove(number) }
            supervisor.requestStatus(for: number)
        case 3: if let passed = client.passed { wait(number, client, .handed(passed), supervisor) }
        default:
            let status = supervisor.policyStatus()
            answer(number, ok: status.text, status.lines, supervisor)
        }
    }

    /// Answers a request that was done.
    func answer(_ number: UInt64, ok text: String, _ lines: [String], _ supervisor: Supervisor) {
        answer(number, (["ok \(text)"] + lines).map { $0 + "\n" }.joined(), supervisor)
    }

    /// Answers a request that failed.
    func answer(_ number: UInt64, error text: String, _ lines: [String], _ supervisor: Supervisor) {
        answer(number, (["error \(text)"] + lines).map { $0 + "\n" }.joined(), supervisor)
    }

    /// Answers with this text.
    func answer(_ number: UInt64, _ text: String, _ supervisor: Supervisor) {
        guard let client = clients[number] else { return }
        client.answer = Array(text.utf8)
        client.deadline = supervisor.now + AdminSocket.patience
        flush(number, client, supervisor)
    }

    private func wait(_ number: UInt64, _ client: Client, _ kind: PolicyRequest.Kind, _ supervisor: Supervisor) {
        client.deadline = nil
        client.passed = nil
        guard watch(number, client, [], supervisor) else { return remove(number) }
        supervisor.requestPolicy(PolicyRequest(kind: kind, waiting: [number]))
    }

    private func flush(_ number: UInt64, _ client: Client, _ supervisor: Supervisor) {
        do throws(Errno) {
            while !client.answer.isEmpty {
                let answer = client.answer
                switch try client.socket.send(answer.span) {
                case .bytes(let count): client.answer.removeFirst(count)
                case .wouldBlock:
                    if !watch(number, client, .write, supervisor) { remove(number) }
                    return
                case .closed: return remove(number)
                }
            }
        } catch {
            return remove(number)
        }
        remove(number)
    }

    private func watch(_ number: UInt64, _ client: Client, _ wanted: Readiness, _ supervisor: Supervisor) -> Bool {
        do throws(Errno) {
            try supervisor.epoll.change(
                client.socket.raw, from: client.watched, to: wanted, token: Token.adminClient(number))
            client.watched = wanted
            return true
        } catch {
            return false
        }
    }

    /// Reads on; false when the client is gone, or sends more than it may.
    private func read(_ client: Client) -> Bool {
        var bytes = [UInt8](repeating: 0, count: AdminSocket.requestLength - client.request.count)
        var passed: Descriptor?
        do throws(Errno) {
            switch try client.socket.receivePacket(into: &bytes, taking: &passed) {
            case .bytes(let count): client.request += bytes[..<count]
            case .wouldBlock: break
            case .closed: return false
            }
        } catch {
            return false
        }
        guard let descriptor = passed.take() else { return true }
        guard client.passed == nil else { return false }
        client.passed = PassedDescriptor(descriptor)
        return true
    }

    private func verb(_ request: [UInt8]) -> UInt8? {
        guard Array(request[..<6]) == Array("nlga".utf8) + [1, 0], request[7] == 0 else { return nil }
        return (1...5).contains(request[6]) ? request[6] : nil
    }

    private func remove(_ number: UInt64) {
        clients[number] = nil
    }
}
