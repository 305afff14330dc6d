import GatewayProtocol
import LinuxSys
import TLSSocket

/// How far a transfer with the client came.
enum StreamTransfer: Equatable {
    case bytes(Int)
    case wantRead
    case wantWrite
    case closed
}

/// TLS or plain bytes, with one face.
extension Connection {
    func read(into buffer: inout [UInt8], at offset: Int, count: Int) -> StreamTransfer {
        guard let tls else {
            do throws(Errno) {
                switch try socket.receive(into: &buffer, at: offset, count: count) {
                case .bytes(let count): return .bytes(count)
                case .wouldBlock: return .wantRead
                case .closed: return .closed
                }
            } catch {
                return .closed
            }
        }
        do throws(TLSError) {
            switch try tls.read(into: &buffer, at: offset, count: count) {
            case .bytes(let count): return .bytes(count)
            case .wantRead: return .wantRead
            case .wantWrite: return .wantWrite
            case .closed: return .closed
            }
        } catch {
            return .closed
        }
    }

    func write(_ bytes: Span<UInt8>) -> StreamTransfer {
        guard let tls else {
            do throws(Errno) {
                switch try socket.send(bytes) {
                case .bytes(let count): return .bytes(count)
                case .wouldBlock: return .wantWrite
                case .closed: return .closed
                }
            } catch {
                return .closed
            }
        }
        do throws(TLSError) {
            switch try tls.write(bytes) {
            case .bytes(let count): return .bytes(count)
            case .wantRead: return .wantRead
            case .wantWrite: return .wantWrite
            case .closed: return .closed
            }
        } catch {
            return .closed
        }
    }

    /// Bytes of one write: a Unix socket hands each of up to 32 KiB over whole, which `ReplyStream` counts on.
    private var atOnce: Int { messages == nil ? Int.max / 2 : 16_384 }

    /// Writes now what the socket takes and keeps the rest; false when the connection is lost.
    func deliver(_ bytes: Span<UInt8>) -> Bool {
        var done = 0
        if outgoing.isEmpty {
            while done < bytes.count {
                switch write(bytes.extracting(done..<min(bytes.count, done + atOnce))) {
                case .bytes(let count): done += count
                case .wantRead, .wantWrite:
                    for index in done..<bytes.count { outgoing.append(bytes[index]) }
                    return true
                case .closed: return false
                }
            }
        } else {
            for index in bytes.indices { outgoing.append(bytes[index]) }
        }
        return true
    }

    /// Writes what was kept; false when the connection is lost.
    func flush() -> Bool {
        var done = 0
        while done < outgoing.count {
            switch write(outgoing.span.extracting(done..<min(outgoing.count, done + atOnce))) {
            case .bytes(let count): done += count
            case .wantRead, .wantWrite:
                outgoing.removeSubrange(..<done)
                return true
            case .closed: return false
            }
        }
        outgoing = []
        return true
    }

    func deliver(_ kind: FrameKind, tag: UInt32 = 0, _ payload: [UInt8] = []) -> Bool {
        var writer = FrameWriter()
        writer.append(kind, tag: tag, payload)
        return deliver(writer.bytes.span)
    }

    /// GOODBYE as a frame.
    func goodbye(_ reason: UInt32, _ text: String) -> [UInt8] {
        var writer = FrameWriter()
        writer.append(.goodbye, Outcome(code: reason, text: text).encode())
        return writer.bytes
    }

    /// Sends one packet of frames to the broker, or keeps it until there is room; false when the broker is lost.
    func forward(_ packet: Span<UInt8>) -> Bool {
        guard let session else { return false }
        do throws(Errno) {
            switch try session.descriptor.send(packet) {
            case .bytes: return true
            case .wouldBlock:
                toBroker = packet.indices.map { packet[$0] }
                return true
            case .closed: return false
            }
        } catch {
            return false
        }
    }
}
