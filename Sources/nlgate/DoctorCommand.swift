import ArgumentParser
import Foundation
import LinuxSys

/// `nlgate doctor`: what is in force in each process of the gateway on this host.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Show what confines each process of this host's gateway.")

    @Option(help: "The daemon's admin socket.")
    var admin = "/run/nlgate/admin.sock"

    func run() throws {
        do throws(Errno) {
            let address = try SocketAddress(unix: admin, abstract: false)
            let socket = try Descriptor.streamSocket(for: address)
            _ = try socket.connect(to: address)
            // 'nlga', version 1, verb 1.
            let request = Array("nlga".utf8) + [1, 0, 1, 0]
            _ = try socket.send(request.span)
            print(String(decoding: try answer(socket), as: UTF8.self), terminator: "")
        } catch {
            let hint =
                switch error.rawValue {
                case ENOENT, ECONNREFUSED: "; is nlgated running, and with this --admin path?"
                case EACCES: "; only root and the daemon's own user may ask"
                default: ""
                }
            throw Failure(3, "\(admin): \(error)\(hint)")
        }
    }

    private func answer(_ socket: borrowing Descriptor) throws(Errno) -> [UInt8] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            switch try socket.receive(into: &buffer, count: buffer.count) {
            case .bytes(let count): text += buffer[..<count]
            case .closed:
                guard !text.isEmpty else { throw Errno(rawValue: EACCES) }
                return text
            case .wouldBlock:
                guard try socket.wait(for: .read, milliseconds: 5000) else { throw Errno(rawValue: ETIMEDOUT) }
            }
        }
    }
}
