import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// A broker's kernel socket, watched from outside while its client says everything that there is to say.
    @Suite(.enabled(if: toolPath("strace") != nil, "needs strace"))
    struct WatchedHazards {
        /// A datagram of each message type and each way of asking.
        private static func everyRouteMessage() -> [[UInt8]] {
            (0..<160 as Range<UInt16>).flatMap { type in
                [[], .dump, [.create, .exclusive, .ack], .root].map { (flags: MessageFlags) in
                    message(type, flags, sequence: 9, Bytes.zeros(28))
                }
            }
        }

        /// Many commands of every family that this kernel has.
        private static func everyGenericMessage() throws -> [[UInt8]] {
            try GenericBytes.families().flatMap { family in
                (0..<52 as Range<UInt8>).map { command in
                    message(
                        family.id.rawValue, command.isMultiple(of: 2) ? .ack : .dump, sequence: 9, [command, 1, 0, 0])
                }
            }
        }

        @Test(arguments: ["builtin:read-only", "builtin:unrestricted"])
        func `no refused message of rtnetlink reaches the kernel`(policy: String) throws {
            // In a namespace of its own even the writes that are granted do no harm.
            try expectWatched(policy, 0, Self.everyRouteMessage(), refusedAtLeast: 150)
        }

        @Test func `no refused message of a generic family reaches the kernel`() throws {
            try expectWatched("builtin:read-only", 16, Self.everyGenericMessage(), refusedAtLeast: 500)
        }

        /// What the gateway doesn't refuse is sent, and nothing else is.
        private func expectWatched(
            _ policy: String, _ protocolNumber: UInt32, _ datagrams: [[UInt8]], refusedAtLeast least: Int
        ) throws {
            try Gateway.run(["--policy", policy], base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let client = try AttackingClient(gateway, protocolNumber)
                let helper = try #require(gateway.helpers(client.welcome.isPrivileged ? .broker : .reader).first)
                let watcher = try Watcher(helper.pid, portID: client.welcome.portID, gateway.scratch)
                var refused = 0
                for datagram in datagrams {
                    if try client.texts(datagram).contains(where: { $0.hasPrefix("nlgate:") }) { refused += 1 }
                }
                #expect(refused >= least)
                try eventually("everything else is sent: \(watcher.sent()) of \(datagrams.count - refused)") {
                    watcher.sent() == datagrams.count - refused
                }
                try watcher.stop()
            }
        }
    }
}

/// Counts what a process sends through one netlink socket.
private final class Watcher {
    private let strace: RunningTool
    private let path: String
    private let portID: UInt32

    init(_ pid: Int32, portID: UInt32, _ scratch: Scratch) throws {
        self.portID = portID
        path = scratch.path + "/calls"
        let calls = "trace=sendto,sendmsg,sendmmsg,write,writev"
        strace = try RunningTool(
            try #require(toolPath("strace")), ["-yy", "-s", "0", "-e", calls, "-o", path, "-p", "\(pid)"],
            log: scratch.path + "/strace")
        try eventually("strace has attached itself") { strace.log.contains("attached") }
    }

    func sent() -> Int {
        text(ofFile: path).split(separator: "\n").count { $0.contains("NETLINK:[") && $0.contains(":\(portID)]") }
    }

    func stop() throws {
        try strace.child.signal(SIGINT)
        _ = try strace.wait()
    }
}
