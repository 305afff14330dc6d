import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink

/// What happens to an emulated socket: on its pair, and on its session.
final class SocketDriver: Watched, SessionOwner {
    private unowned let monitor: ExecMonitor
    private let socket: EmulatedSocket

    init(_ monitor: ExecMonitor, _ socket: EmulatedSocket) {
        self.monitor = monitor
        self.socket = socket
    }

    func watch(_ readiness: Readiness) throws(Errno) {
        try monitor.reactor.watch(socket.ours.raw, from: socket.watched, to: readiness, socket.token)
        socket.watched = readiness
    }

    /// Room in the pair is waited for only while something needs it.
    private func updateInterest() {
        let isBusy = (socket.link?.backlog ?? 0) >= 1 << 22
        var wanted: Readiness = isBusy ? [.hangUp] : [.read]
        if !socket.spill.isEmpty { wanted.insert(.write) }
        if isBusy { monitor.reactor.wake(socket.token, at: monitor.reactor.now + 10) }
        try? watch(wanted)
    }

    // MARK: - The pair

    func ready(_ readiness: Readiness) {
        if readiness.contains(.write) { makeRoom() }
        if readiness.contains(.read) || readiness.contains(.hangUp) { monitor.forwardWritten(socket) }
        if readiness.contains(.hangUp) { return close() }
        updateInterest()
    }

    private func makeRoom() {
        socket.drain()
        monitor.serveReceivers(socket)
        guard socket.spill.isEmpty else { return }
        if socket.failure == nil { socket.link?.resume() } else { socket.ours.shutdown(write: true) }
    }

    func timePassed(_ now: UInt64) {
        monitor.expireReceivers(socket, now)
        monitor.forwardWritten(socket)
        updateInterest()
    }

    /// No program has its end any more.
    private func close() {
        try? watch([])
        monitor.reactor.forget(socket.token)
        monitor.sockets[socket.number] = nil
        for receiver in socket.receivers { monitor.answer(receiver.call, .failure(Errno(rawValue: EBADF))) }
        let requests = socket.requests.values
        (socket.receivers, socket.requests) = ([], [:])
        for request in requests { request.finish(.failure(Errno(rawValue: EBADF))) }
        if socket.failure == nil { socket.link?.release() }
        socket.link = nil
    }

    // MARK: - The session

    var mayReceive: Bool { socket.hasRoom }

    func assigned(_ link: GatewayLink) {}
    func welcomed(_ welcome: Welcome) {}

    func received(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        monitor.trace(socket, bytes, range, group: group)
        socket.deliver(bytes, range, group: group)
        delivered()
    }

    func overrun() {
        socket.deliver(OverrunMark.bytes, 0..<OverrunMark.bytes.count, group: 0)
        delivered()
    }

    private func delivered() {
        if !socket.receivers.isEmpty { monitor.serveReceivers(socket) }
        guard !socket.spill.isEmpty else { return }
        // A program that must read before it goes on can't be kept in a send.
        for (tag, request) in socket.requests where request.isSend {
            socket.requests[tag] = nil
            request.finish(.success(Outcome(code: 0)))
        }
        updateInterest()
    }

    func ended(tag: UInt32, _ outcome: Outcome) {
        socket.requests.removeValue(forKey: tag)?.finish(.success(outcome))
    }

    func lost(_ error: ConnectError) {
        monitor.complain("\(error)")
        let failure = Errno(rawValue: ECONNRESET)
        socket.failure = failure
        socket.link = nil
        let requests = socket.requests.values
        socket.requests = [:]
        for request in requests { request.finish(.failure(failure)) }
        // What came before the end can be read; then read finds the end, and recvmsg the error.
        if socket.spill.isEmpty { socket.ours.shutdown(write: true) }
        monitor.serveReceivers(socket)
    }
}
