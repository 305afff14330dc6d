import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Synchronization

/// Stands between clients and a gateway, and lets a test interfere with each change on its way to the kernel.
final class InterposedGateway: Sendable {
    /// What becomes of a change.
    enum Verdict {
        case pass
        /// The kernel says no.
        case refuse(Int32)
        /// The connection is cut before it.
        case cut
    }

    private struct State {
        var changes = 0
        var judge: @Sendable (Int) -> Verdict = { _ in .pass }
    }

    private let upstream: String
    private let listener: Listener
    private let state = Mutex(State())

    /// Stands before the gateway that listens on this path.
    init(_ path: String) throws {
        upstream = path
        listener = try Listener("nlgate-interposed-\(UUID().uuidString)")
        Thread { [weak self, listener] in
            while let accepted = listener.accept() {
                guard let self else {
                    close(accepted)
                    return
                }
                self.serve(accepted)
            }
        }.start()
    }

    deinit { listener.descriptor.shutdown(write: false) }

    var url: String { listener.url }
    /// Changes since the last judge.
    var changes: Int { state.withLock { $0.changes } }

    /// From here on each change is judged by its number, the first being 1.
    func judge(_ judge: @escaping @Sendable (Int) -> Verdict) {
        state.withLock { $0 = State(changes: 0, judge: judge) }
    }

    private func serve(_ accepted: Int32) {
        guard let address = try? SocketAddress(unix: upstream, abstract: false),
            let made = try? Descriptor.streamSocket(for: address)
        else {
            close(accepted)
            return
        }
        _ = try? made.connect(to: address)
        let pair = Pair(client: accepted, gateway: made.release())
        Thread { self.carryRequests(pair) }.start()
        Thread { pair.carryAnswers() }.start()
    }

    private func carryRequests(_ pair: Pair) {
        var bytes: [UInt8] = []
        var isGreeted = false
        while let more = pair.client.read() {
            bytes += more
            if !isGreeted {
                guard bytes.count >= preface.count else { continue }
                pair.gateway.write(Array(bytes.prefix(preface.count)))
                bytes.removeFirst(preface.count)
                isGreeted = true
            }
            var cursor = FrameCursor(0..<bytes.count)
            var start = 0
            while let (header, payload) = (try? cursor.next(in: bytes.span)) ?? nil {
                let frame = Array(bytes[start..<cursor.offset])
                start = cursor.offset
                guard judge(header, Array(bytes[payload]), frame, pair) else { return pair.cut() }
            }
            bytes.removeFirst(start)
        }
        pair.cut()
    }

    /// Carries a frame on, or what stands in its place; false to cut the connection.
    private func judge(_ header: FrameHeader, _ payload: [UInt8], _ frame: [UInt8], _ pair: Pair) -> Bool {
        // rtnetlink's requests to look are those whose type ends in binary 10.
        guard header.kind == .datagram, let message = firstMessage(payload), message.type.rawValue & 3 != 2 else {
            pair.gateway.write(frame)
            return true
        }
        let (number, judge) = state.withLock { state in
            state.changes += 1
            return (state.changes, state.judge)
        }
        switch judge(number) {
        case .pass: pair.gateway.write(frame)
        case .refuse(let code):
            var writer = FrameWriter()
            writer.append(.datagram, acknowledgement(message, code: code))
            pair.client.write(writer.bytes)
        case .cut: return false
        }
        return true
    }
}

/// The two connections of a client.
private final class Pair: Sendable {
    let client: End
    let gateway: End

    init(client: Int32, gateway: Int32) {
        self.client = End(client)
        self.gateway = End(gateway)
    }

    func cut() {
        client.socket.shutdown(write: false)
        gateway.socket.shutdown(write: false)
    }

    /// Whole frames, so that one of our own never stands within another.
    func carryAnswers() {
        var bytes: [UInt8] = []
        while let more = gateway.read() {
            bytes += more
            var cursor = FrameCursor(0..<bytes.count)
            while (try? cursor.next(in: bytes.span)) ?? nil != nil {}
            client.write(Array(bytes[..<cursor.offset]))
            bytes.removeFirst(cursor.offset)
        }
        cut()
    }
}

/// A socket with blocking reads and writes.
private final class End: Sendable {
    let socket: Descriptor
    private let writing = Mutex(())

    init(_ raw: Int32) {
        socket = Descriptor(owning: raw)
    }

    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            guard (try? socket.wait(for: .read, milliseconds: 60_000)) == true else { return nil }
            switch try? socket.receive(into: &buffer, count: buffer.count) {
            case .bytes(let count)?: return Array(buffer[..<count])
            case .wouldBlock?: continue
            case .closed?, nil: return nil
            }
        }
    }

    func write(_ bytes: [UInt8]) {
        writing.withLock { _ in
            var sent = 0
            while sent < bytes.count {
                switch try? socket.send(bytes.span.extracting(sent..<bytes.count)) {
                case .bytes(let count)?: sent += count
                case .wouldBlock?: _ = try? socket.wait(for: .write, milliseconds: 60_000)
                default: return
                }
            }
        }
    }
}
