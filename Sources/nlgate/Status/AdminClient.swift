import Foundation
import LinuxSys

/// One question to the daemon's admin socket.
struct AdminClient {
    private static let longestAnswer = 64 << 20

    let path: String

    /// The answer to a verb; `descriptor` goes with the question unless it is negative.
    ///
    /// - Throws: `Failure` with code 3 when there is no daemon, or it doesn't answer this user.
    func ask(_ verb: UInt8, passing descriptor: Int32 = -1, milliseconds: Int32 = 5000) throws -> [UInt8] {
        do throws(Errno) {
            let address = try SocketAddress(unix: path, abstract: false)
            let socket = try Descriptor.streamSocket(for: address)
            _ = try socket.connect(to: address)
            // 'nlga', version 1, the verb.
            let request = Array("nlga".utf8) + [1, 0, verb, 0]
            _ = try descriptor < 0 ? socket.send(request.span) : socket.send(request.span, passing: descriptor)
            return try AdminClient.answer(socket, milliseconds)
        } catch {
            let hint =
                switch error.rawValue {
                case ENOENT, ECONNREFUSED: "; is nlgated running, and with this --admin path?"
                case EACCES, ECONNRESET, EPIPE: "; only root and the daemon's own user may ask"
                default: ""
                }
            throw Failure(3, "\(path): \(error)\(hint)")
        }
    }

    private static func answer(_ socket: borrowing Descriptor, _ milliseconds: Int32) throws(Errno) -> [UInt8] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while text.count < longestAnswer {
            switch try socket.receive(into: &buffer, count: buffer.count) {
            case .bytes(let count): text += buffer[..<count]
            case .closed:
                guard !text.isEmpty else { throw Errno(rawValue: ECONNRESET) }
                return text
            case .wouldBlock:
                guard try socket.wait(for: .read, milliseconds: milliseconds) else {
                    throw Errno(rawValue: ETIMEDOUT)
                }
            }
        }
        return text
    }
}
