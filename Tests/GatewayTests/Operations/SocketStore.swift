import Glibc
import LinuxSys
import TLSSocket
import Testing

/// A service manager that keeps the daemon's listening sockets, as systemd does, and starts the daemon with them.
final class SocketStore {
    let scratch: Scratch
    private let identities: Identities
    private let notifications: PacketSocket
    /// What it keeps, under its names, in the order in which it came.
    private(set) var kept: [(name: String, socket: PacketSocket)] = []
    /// Everything else that it was told.
    private(set) var told = ""
    private(set) var daemon: RunningTool?
    private var starts = 0

    init() throws {
        scratch = try Scratch()
        identities = try Identities.shared.get()
        let address = try SocketAddress(unix: scratch.path + "/notify", abstract: false)
        let socket = try Descriptor.datagramSocket(for: address)
        try socket.bind(to: address)
        notifications = PacketSocket(socket)
    }

    deinit {
        guard let daemon, daemon.status == nil else { return }
        try? daemon.child.signal(SIGKILL)
        _ = try? daemon.wait()
    }

    var log: String { daemon?.log ?? "" }
    var names: [String] { kept.map(\.name) }

    /// Starts the daemon with what is kept, and waits until it is ready.
    func start(_ urls: String..., isHeard: Bool = true) throws {
        starts += 1
        told = ""
        let words =
            urls.flatMap { ["--listen", $0.replacing("DIR", with: scratch.path)] } + identities.daemonOptions
            + ["--admin", "none", "--frontends", "1", "--readers", "2", "--uid-base", "1200000"]
        let script = """
            export LISTEN_PID=$$ LISTEN_FDS=\(kept.count) LISTEN_FDNAMES=\(names.joined(separator: ":"))
            export NOTIFY_SOCKET=\(scratch.path)/notify
            exec "$0" "$@"
            """
        daemon = try RunningTool(
            try #require(toolPath("sh")), ["-c", script, try program("nlgated")] + words,
            log: "\(scratch.path)/log\(starts)", passing: kept.map { $0.socket.descriptor.raw })
        try eventually("the daemon is ready") {
            if try daemon?.hasEnded() == true { throw ToolFailure(description: "nlgated ended: \(log)") }
            guard isHeard else { return log.split(separator: "\n").count { $0.contains("listening on") } == urls.count }
            try listen()
            return told.contains("READY=1")
        }
    }

    /// Takes what the daemon has said.
    func listen() throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var passed: Descriptor?
            guard case .bytes(let count) = try notifications.descriptor.receivePacket(into: &buffer, taking: &passed)
            else { return }
            let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            take(lines, held(passed))
        }
    }

    private func take(_ lines: [String], _ passed: PacketSocket?) {
        let name = lines.first { $0.hasPrefix("FDNAME=") }?.dropFirst(7) ?? ""
        if lines.contains("FDSTORE=1"), let passed {
            let inode = try? FileStatus(of: passed.descriptor).inode
            guard !kept.contains(where: { (try? FileStatus(of: $0.socket.descriptor).inode) == inode }) else { return }
            kept.append((String(name), passed))
        } else if lines.contains("FDSTOREREMOVE=1") {
            kept.removeAll { $0.name == name }
        }
        told += lines.joined(separator: "\n") + "\n--\n"
    }

    /// The daemon ends; what is kept stays, as when it is going to be started again.
    func end(_ signal: Int32 = SIGTERM) throws {
        let daemon = try #require(daemon)
        try daemon.child.signal(signal)
        let status = try daemon.wait()
        #expect(status == (signal == SIGTERM ? .exited(0) : .signalled(signal)), "\(log)")
        #expect(!log.contains("signal 31"), "a system call outside the filter: \(log)")
    }

    /// What a manager does at a stop that isn't a restart, or what happens to it.
    func forgetAll() { kept = [] }

    /// Puts a socket of somebody else into the store.
    func keep(_ socket: consuming Descriptor, as name: String) { kept.append((name, PacketSocket(socket))) }

    /// A client's command that shows links; it has not ended.
    func client(_ url: String) throws -> RunningTool {
        let own = try scratch.write(identities.client.key, to: "client.key")
        let words =
            url.hasPrefix("tls")
            ? [
                "--key", own, "--cert", try scratch.write(identities.client.certificate, to: "client.crt"),
                "--ca", identities.authorityPath,
            ] : []
        return try RunningTool(
            program("nlgate"), ["link", "--json", "-H", url.replacing("DIR", with: scratch.path)] + words,
            log: "\(scratch.path)/client-\(starts)-\(url.hashValue)")
    }

    /// How that command ends.
    func result(_ url: String) throws -> ToolResult {
        let client = try client(url)
        return ToolResult(status: try client.wait(), output: client.log)
    }
}

/// A function of its own: the compiler of Swift 6.3.1 crashes on this in a loop.
private func held(_ passed: consuming Descriptor?) -> PacketSocket? {
    if let passed { PacketSocket(passed) } else { nil }
}
