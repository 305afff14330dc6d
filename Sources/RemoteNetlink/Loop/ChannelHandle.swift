import LinuxSys
import NetlinkFamilies
import NetlinkWire
import Synchronization

/// Why a channel ended, for those that ask later.
final class ChannelState: Sendable {
    private let error = Mutex<ConnectError?>(nil)

    /// nil while the channel lives.
    var end: ConnectError? { error.withLock { $0 } }

    func ended(_ error: ConnectError) {
        self.error.withLock { $0 = error }
    }
}

/// A program's end of a channel, which ends with it.
final class ChannelHandle: Sendable {
    let loop: EventLoop
    let id: UInt64
    let state: ChannelState

    init(_ loop: EventLoop, id: UInt64, _ state: ChannelState) {
        self.loop = loop
        self.id = id
        self.state = state
    }

    deinit { close() }

    func close() {
        let id = id
        loop.submit { core in core.channel(id)?.end(.closedHere) }
    }

    /// Runs `body` on the loop with the channel, or with why there is none any more.
    func submit(_ body: @escaping @Sendable (Result<Channel, ConnectError>) -> Void) {
        let id = id
        let state = state
        loop.submit { core in
            body(core.channel(id).map { .success($0) } ?? .failure(state.end ?? .closedHere))
        }
    }

    // MARK: - Requests

    /// Asks, and waits for the whole answer.
    func answer(to request: Request, isDump: Bool, patience: Duration) async -> ReplyResult {
        let ticket = Ticket(loop.newID())
        let milliseconds = patience.milliseconds
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                submit { channel in
                    let exchange = Exchange(
                        id: ticket.id, request, isDump: isDump, patience: milliseconds, .whole(continuation))
                    ticket.start(exchange, channel)
                }
            }
        } onCancel: {
            abandon(ticket, .cancelled)
        }
    }

    /// Starts a dump whose parts go to `buffer`.
    func dump(_ request: Request, patience: Duration, _ buffer: DumpBuffer) -> Ticket {
        let ticket = Ticket(loop.newID())
        let milliseconds = patience.milliseconds
        submit { channel in
            ticket.start(
                Exchange(id: ticket.id, request, isDump: true, patience: milliseconds, .parts(buffer)), channel)
        }
        return ticket
    }

    /// The consumer of a dump has room again.
    func resume(_ ticket: Ticket) {
        submit { channel in if case .success(let channel) = channel { channel.resume(ticket.id) } }
    }

    /// Nobody waits for this answer any more.
    func abandon(_ ticket: Ticket, _ reason: NetlinkError.Reason) {
        ticket.cancel()
        submit { channel in if case .success(let channel) = channel { channel.abandon(ticket.id, reason) } }
    }

    // MARK: - Other things

    /// Hands a datagram of the program's own over.
    func send(_ datagram: [UInt8]) async -> NetlinkError.Reason? {
        await withCheckedContinuation { continuation in
            submit { channel in continuation.resume(returning: sendNow(datagram, channel)) }
        }
    }

    func control(_ operation: ControlOperation) async -> ControlAnswer {
        await withCheckedContinuation { continuation in
            submit { channel in
                switch channel {
                case .success(let channel): channel.control(operation) { continuation.resume(returning: $0) }
                case .failure(let error): continuation.resume(returning: .failure(.connection(error)))
                }
            }
        }
    }

    /// What no request asked for goes there from here on.
    func setIncoming(_ buffer: IncomingBuffer) {
        submit { channel in
            switch channel {
            case .success(let channel): channel.setIncoming(buffer)
            case .failure(let error): buffer.end(error)
            }
        }
    }
}

/// A request as its task knows it.
final class Ticket: Sendable {
    let id: UInt64
    private let isCancelled = Atomic<Bool>(false)

    init(_ id: UInt64) {
        self.id = id
    }

    /// Marks the request as given up, also where the loop doesn't know it yet.
    func cancel() {
        isCancelled.store(true, ordering: .sequentiallyConsistent)
    }

    /// Hands the exchange to its channel, unless there is no reason to.
    func start(_ exchange: Exchange, _ channel: Result<Channel, ConnectError>) {
        if isCancelled.load(ordering: .sequentiallyConsistent) { return exchange.fail(.cancelled) }
        switch channel {
        case .success(let channel): channel.submit(exchange)
        case .failure(let error): exchange.fail(.connection(error))
        }
    }
}

private func sendNow(_ datagram: [UInt8], _ channel: Result<Channel, ConnectError>) -> NetlinkError.Reason? {
    switch channel {
    case .failure(let error): return .connection(error)
    case .success(let channel):
        guard datagram.count <= channel.maximumDatagram else { return .malformed(WireError(.tooLong, at: 0)) }
        do throws(Errno) {
            try channel.send(datagram)
            return nil
        } catch {
            return .refused(Acknowledgement(code: error.rawValue))
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up; at least 1.
    var milliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0, seconds < 1 << 40 else { return seconds < 0 ? 1 : 1 << 50 }
        return max(1, UInt64(seconds) * 1000 + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
