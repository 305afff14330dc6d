import GatewayURL
import LinuxSys
import Synchronization

/// Host names to addresses, on threads of their own: `getaddrinfo` waits for other hosts.
enum Resolver {
    typealias Outcome = Result<[SocketAddress], NetlinkError.Reason>

    /// Look-ups at one time; the others wait.
    private static let mostThreads = 4
    private static let state = Mutex(State())

    private struct State {
        var threads = 0
        var waiting = Queue<Lookup>()
    }

    /// The addresses that a URL stands for; numbers and paths at once.
    static func addresses(of url: GatewayURL, timeout: Duration) async -> Outcome {
        do throws(ConnectError) {
            return .success(try StreamSocket.addresses(of: url, numericOnly: true))
        } catch {
            guard case .resolve = error else { return .failure(.connection(error)) }
        }
        let lookup = Lookup(url)
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await lookup.run() }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failure(.connection(.timedOut(seconds: Int(timeout.components.seconds))))
        }
    }

    /// One name that is looked up.
    private final class Lookup: Sendable {
        private let url: GatewayURL
        private let answer = Mutex<CheckedContinuation<Outcome, Never>?>(nil)

        init(_ url: GatewayURL) {
            self.url = url
        }

        func run() async -> Outcome {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    answer.withLock { $0 = continuation }
                    if Task.isCancelled { return finish(.failure(.cancelled)) }
                    Resolver.start(self)
                }
            } onCancel: {
                finish(.failure(.cancelled))
            }
        }

        /// Asks the system's resolver, unless nobody waits any more.
        func resolve() {
            guard answer.withLock({ $0 != nil }) else { return }
            do throws(ConnectError) {
                finish(.success(try StreamSocket.addresses(of: url)))
            } catch {
                finish(.failure(.connection(error)))
            }
        }

        func finish(_ outcome: Outcome) {
            answer.withLock { $0.take() }?.resume(returning: outcome)
        }
    }

    private static func start(_ lookup: Lookup) {
        let needsThread = state.withLock { state in
            state.waiting.append(lookup)
            guard state.threads < mostThreads else { return false }
            state.threads += 1
            return true
        }
        guard needsThread else { return }
        do throws(Errno) {
            try startThread(name: "netlink-names") {
                while let lookup = next() { lookup.resolve() }
            }
        } catch {
            state.withLock { $0.threads -= 1 }
            lookup.finish(.failure(.connection(.system("a thread for host names", error))))
        }
    }

    /// The next look-up; with none the thread ends.
    private static func next() -> Lookup? {
        state.withLock { state in
            if let lookup = state.waiting.popFirst() { return lookup }
            state.threads -= 1
            return nil
        }
    }
}
