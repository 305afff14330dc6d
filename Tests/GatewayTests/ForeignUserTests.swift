import Foundation
import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Clients that run as somebody else.
    ///
    /// They speak through a few lines of Perl, whose user `setpriv` changes.
    @Suite(.enabled(if: toolPath("perl") != nil && toolPath("setpriv") != nil, "perl and setpriv run the client"))
    struct ForeignUserTests {
        private static let uid = 54_321
        /// Connects, says the bytes of the second word, and prints all that comes until the third word is in it.
        private static let client = """
            use Socket; my ($path, $say, $until) = @ARGV;
            socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
            connect($s, pack_sockaddr_un($path =~ s/^@/\\0/r)) or die "connect: $!";
            syswrite($s, pack("H*", $say)); my $got = "";
            alarm 60;
            while (index($got, pack("H*", $until)) < 0) { sysread($s, $got, 65536, length $got) or last; }
            print unpack("H*", $got);
            """

        private func run(_ path: String, _ bytes: [UInt8], until end: [UInt8]) throws -> ToolResult {
            let words = [
                "--reuid=\(Self.uid)", "--regid=\(Self.uid)", "--clear-groups", try #require(toolPath("perl")), "-e",
                Self.client, path, hexadecimal(bytes), hexadecimal(end),
            ]
            return try result(of: try #require(toolPath("setpriv")), words)
        }

        private func hexadecimal(_ bytes: [UInt8]) -> String {
            bytes.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined()
        }

        private func bytes(_ text: String) -> [UInt8] {
            let digits = text.compactMap { $0.hexDigitValue }
            return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }

        @Test func `a foreign uid under builtin:unrestricted reads and no more`() throws {
            let listen = ["unix://DIR/s.sock?mode=0666"]
            try Gateway.run(["--policy", "builtin:unrestricted"], listen: listen) { gateway in
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 4)
                let said =
                    preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                    + RawClient.frame(.datagram, write)
                    + RawClient.frame(.option, tag: 0x7e57_7e57, OptionRequest.extendedAcks(true).encode())
                let result = try run(gateway.unixPath, said, until: [0x57, 0x7e, 0x57, 0x7e])
                #expect(result.status == .exited(0), "\(result.output)")
                try expectReader(bytes(result.output))
                #expect(try ip("-o link show lo").contains(",UP"))
            }
        }

        /// WELCOME of a reader, then EPERM.
        private func expectReader(_ received: [UInt8]) throws {
            var cursor = FrameCursor(0..<received.count)
            let (first, welcomeRange) = try #require(try cursor.next(in: received.span))
            #expect(first.kind == .welcome)
            let welcome = try Welcome(welcomeRange, in: received.span)
            #expect(welcome.identity == "uid=\(Self.uid) gid=\(Self.uid)")
            #expect(welcome.roles == ["builtin:read-only"])
            #expect(!welcome.isPrivileged)
            let (second, range) = try #require(try cursor.next(in: received.span))
            #expect(second.kind == .datagram)
            #expect(try received.span.u32(at: range.lowerBound + 16) == UInt32(bitPattern: -1))
        }

        @Test func `a socket path is for its owner alone unless the URL says otherwise`() throws {
            try Gateway.run(listen: ["unix://DIR/s.sock"]) { gateway in
                let result = try run(gateway.unixPath, preface, until: [0])
                #expect(result.status != .exited(0))
                #expect(result.output.contains("connect: Permission denied"), "\(result.output)")
            }
        }

        @Test func `an abstract name admits uid 0 and nobody else`() throws {
            try Gateway.run(listen: ["unix://@nlgate-foreign"]) { gateway in
                let said = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                let result = try run("@nlgate-foreign", said, until: [0])
                #expect(bytes(result.output).isEmpty, "\(result.output)")
                try gateway.session("unix://@nlgate-foreign").ping()
            }
        }

        @Test func `the admin socket is for uid 0 and the daemon's user`() throws {
            try Gateway.run { gateway in
                let admin = gateway.scratch.path + "/admin.sock"
                try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: admin)
                let request = Array("nlga".utf8) + [1, 0, 1, 0]
                #expect(bytes(try run(admin, request, until: Array("sessions".utf8)).output).isEmpty)
                let own = try RawClient(SocketAddress(unix: admin, abstract: false))
                try own.write(request)
                #expect(try own.readAll().contains("nlgate-frontend 0"))
            }
        }
    }
}
