import Foundation
import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

/// Every test that starts a gateway is in here, so that only one runs at a time: the machine may be small.
@Suite(.serialized, HangGuard(), .enabled(if: getuid() == 0, "only root can make network namespaces and serve them"))
enum GatewayTests {}

/// A gateway in a network namespace of its own, seen from inside that namespace.
final class Gateway {
    /// What is started when a test doesn't care.
    static let usual = ["--frontends", "1", "--readers", "2"]

    let scratch: Scratch
    let identities: Identities
    let supervisor: RunningTool
    let unixPath: String
    private let listeners: Int

    var pid: Int32 { supervisor.child.pid }
    var log: String { supervisor.log }

    /// Starts a gateway with a TLS listener on 127.0.0.1:7000 and a Unix socket, unless `listen` says otherwise, and
    /// runs `body` in its namespace.
    ///
    /// Then stops it, and demands that it ends well and leaves nothing behind.
    static func run(
        _ options: [String] = [], listen: [String]? = nil, base: [String] = usual, in namespace: Namespace? = nil,
        identities: Identities? = nil, prepare: () throws -> Void = {}, _ body: (Gateway) throws -> Void
    ) throws {
        let namespace = try namespace ?? Namespace()
        try namespace.enter {
            try prepare()
            let gateway = try Gateway(base + options, listen: listen, identities: identities)
            try gateway.waitUntilListening()
            try body(gateway)
            try gateway.stop()
        }
    }

    /// Starts the daemon and doesn't wait for anything.
    ///
    /// `launcher` is the command line of a program that becomes what is written behind it.
    init(
        _ options: [String], listen: [String]?, identities own: Identities? = nil, through launcher: [String] = []
    ) throws {
        identities = try own ?? Identities.shared.get()
        scratch = try Scratch()
        let directory = scratch.path
        unixPath = directory + "/s.sock"
        let urls = listen ?? ["tls://127.0.0.1:7000", "unix://\(unixPath)"]
        listeners = urls.count
        let listening = urls.flatMap { ["--listen", $0.replacing("DIR", with: directory)] }
        let usesTLS = urls.contains { $0.hasPrefix("tls") || $0.hasPrefix("ssl") }
        let arguments =
            listening + (usesTLS ? identities.daemonOptions : [])
            + ["--admin", directory + "/admin.sock", "--uid-base", "\(Gateway.userBase)"]
            + options.map { $0.replacing("DIR", with: directory) }
        let words = try launcher + [program("nlgated")] + arguments
        supervisor = try RunningTool(words[0], Array(words.dropFirst()), log: directory + "/log")
    }

    deinit {
        // After a failed test: nothing may be left for the next one.
        if supervisor.status == nil {
            try? supervisor.child.signal(SIGKILL)
            _ = try? supervisor.wait()
        }
    }

    /// User ids that no other run of the tests on this machine uses.
    static let userBase = 1_000_000 + Int(getpid()) * 8

    func waitUntilListening() throws {
        try eventually("the gateway listens") {
            if try supervisor.hasEnded() { throw ToolFailure(description: "nlgated ended: \(log)") }
            return log.split(separator: "\n").count { $0.contains("listening on") } >= listeners
        }
    }

    /// SIGTERM: exit status 0, no process left, no Unix path left.
    func stop() throws {
        let left = helpers().map(\.pid)
        try supervisor.child.signal(SIGTERM)
        let status = try supervisor.wait()
        #expect(status == .exited(0), "\(log)")
        #expect(!log.contains("signal 31"), "a system call outside the filter: \(log)")
        try expectNoProcess(left)
        #expect(!FileManager.default.fileExists(atPath: unixPath), "the Unix socket's path is still there")
    }

    /// Waits until none of these processes is there any more, nor any other of this gateway.
    func expectNoProcess(_ pids: [Int32]) throws {
        try eventually("every process of the gateway has ended") {
            helpers().isEmpty && pids.allSatisfy { !isRunning($0) }
        }
    }

    func url(_ text: String? = nil) throws -> GatewayURL { try GatewayURL(text ?? "unix://\(unixPath)") }

    /// A session over the Unix socket, or over TLS with the usual client.
    func session(
        _ url: String? = nil, _ protocolNumber: UInt32 = 0, readOnly: Bool = false, netns: String? = nil,
        groups: [UInt32] = [], strictGroups: Bool = false, credentials: Credentials? = nil, timeout: Int = 60
    ) throws -> GatewaySession {
        let hello = Hello(
            protocolNumber: protocolNumber, networkNamespace: netns, readOnly: readOnly, clientName: "tests",
            groups: groups)
        return try GatewaySession(
            self.url(url), credentials ?? identities.credentials(), hello, strictGroups: strictGroups, timeout: timeout)
    }

    /// The reason of the GOODBYE that answers the attempt to have a session.
    func refusal(_ attempt: () throws -> GatewaySession) throws -> GatewayProtocol.Outcome {
        do {
            _ = try attempt()
        } catch ConnectError.goodbye(let outcome) {
            return outcome
        }
        throw ToolFailure(description: "the gateway gave a session that it should have refused")
    }
}

extension Gateway {
    static let tls = "tls://127.0.0.1:7000"
}
