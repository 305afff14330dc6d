import CSelftest
import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink

/// What clients of the throwaway gateway can do and can't.
extension Selftest {
    func clients() {
        report(Finding("gateway", "certificates", [knownCertificate, unknownCertificate]))
        report(Finding("gateway", "TLS 1.3 only", [oldTLS, noTLS]))
        report(
            Finding(
                "gateway", "grants",
                [readerCanRead, readerCannotWrite, readOnlySession, writerCannotWriteOtherwise, writerCanWrite]))
        report(Finding("gateway", "Unix sockets", sockets))
    }

    private func attempt(
        _ tried: String, before: String? = nil, _ body: () throws -> (isFulfilled: Bool, happened: String)
    ) -> Attempt {
        do {
            let result = try body()
            return Attempt(result.isFulfilled, tried, result.happened, before: before)
        } catch {
            return Attempt(false, tried, "\(error)")
        }
    }

    private var knownCertificate: Attempt {
        attempt("a certificate of its CA") {
            let session = try gateway.session(ThrowawayGateway.tls, gateway.certificates.reader)
            return (true, "accepted as \(session.welcome.identity)")
        }
    }

    private var unknownCertificate: Attempt {
        do {
            _ = try gateway.session(ThrowawayGateway.tls, gateway.certificates.stranger)
            return Attempt(false, "the same name from another CA", "accepted")
        } catch let error as ConnectError {
            let isRefusal: Bool
            switch error {
            case .tls, .closed: isRefusal = true
            default: isRefusal = false
            }
            return Attempt(isRefusal, "the same name from another CA", isRefusal ? "refused" : "\(error)")
        } catch {
            return Attempt(false, "the same name from another CA", "\(error)")
        }
    }

    /// What the TLS port answers to these bytes; nil when it closes without a word.
    private func answer(to bytes: [UInt8]) throws(Errno) -> [UInt8]? {
        let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7000)
        let socket = try Descriptor.streamSocket(for: address)
        _ = try socket.connect(to: address)
        _ = try socket.wait(for: .write, milliseconds: 5000)
        _ = try socket.send(bytes.span)
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard try socket.wait(for: .read, milliseconds: 15_000) else { throw Errno(rawValue: ETIMEDOUT) }
        guard case .bytes(let count) = try socket.receive(into: &buffer, count: buffer.count) else { return nil }
        return Array(buffer[..<count])
    }

    private var oldTLS: Attempt {
        attempt("a handshake of TLS 1.2") {
            let answer = try answer(to: helloOfTLS12) ?? []
            // Alert, fatal, protocol_version
            let isAlert = answer.count >= 7 && answer[0] == 21 && answer[5] == 2 && answer[6] == 70
            return (isAlert, isAlert ? "refused: protocol_version" : "answered with \(answer.count) bytes")
        }
    }

    private var noTLS: Attempt {
        attempt("frames without TLS on its port") {
            let answer = try answer(to: preface)
            let isRefused = answer == nil || answer?.first == 21
            return (isRefused, isRefused ? "refused" : "answered")
        }
    }

    private static let loopbackMTU: (changed: UInt32, refused: UInt32) = (60_000, 50_000)

    // RTM_NEWLINK, and RTM_SETLINK, which does the same to the kernel and isn't granted to anybody
    private static let newLink: UInt16 = 16
    private static let setLink: UInt16 = 19

    /// Asks for another MTU of the loopback interface; what the kernel or the gateway said, and what it is then.
    private func change(
        _ session: GatewaySession, to mtu: UInt32, by type: UInt16 = newLink
    ) throws -> (code: Int32, mtu: UInt32) {
        // IFLA_MTU of the loopback interface
        let request = try Request(type: MessageType(rawValue: type), flags: [.ack]) {
            (writer: inout MessageWriter) throws(WireError) in
            writer.append([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            try writer.attribute(4, mtu)
        }
        let code = try exchange(session, try request.encode(sequence: 1))
        return (code, try currentMTU())
    }

    private func exchange(_ session: GatewaySession, _ datagram: [UInt8]) throws -> Int32 {
        try session.send(datagram)
        while true {
            guard case .datagram(let answer, _) = try session.receive(seconds: 10) else { continue }
            let code = try session.withBytes(of: answer) { (bytes) throws(WireError) in try acknowledgement(bytes) }
            if let code { return code }
        }
    }

    /// What an acknowledgement among these messages says.
    private func acknowledgement(_ bytes: Span<UInt8>) throws(WireError) -> Int32? {
        var cursor = MessageCursor(bytes)
        while let message = try cursor.next(in: bytes) {
            if message.header.type == .error || message.header.type == .done {
                return try Acknowledgement(message, in: bytes).code
            }
        }
        return nil
    }

    /// The MTU of the loopback interface, asked of the kernel without the gateway.
    private func currentMTU() throws -> UInt32 {
        let socket = try LocalSocket(protocolNumber: 0)
        try socket.send(try LinkRequest.get(index: 1, extras: []).encode(sequence: 1))
        var mtu: UInt32?
        _ = try socket.receive(seconds: 5) { bytes, _ in mtu = linkMTU(bytes) }
        guard let mtu else { throw SelftestStop("the kernel doesn't tell the MTU") }
        return mtu
    }

    private func linkMTU(_ bytes: Span<UInt8>) -> UInt32? {
        var cursor = MessageCursor(bytes)
        do throws(WireError) {
            guard let message = try cursor.next(in: bytes) else { return nil }
            return try Link(message, in: bytes).mtu
        } catch {
            return nil
        }
    }

    private func session(_ credentials: Credentials, readOnly: Bool = false) throws -> GatewaySession {
        try gateway.session(ThrowawayGateway.tls, credentials, readOnly: readOnly)
    }

    private var readerCanRead: Attempt {
        attempt("a client with read grants asks for a link") {
            let session = try session(gateway.certificates.reader)
            let code = try exchange(session, try LinkRequest.dump().encode(sequence: 1))
            return (code == 0, code == 0 ? "answered" : errorName(code))
        }
    }

    private func refused(
        _ tried: String, _ credentials: Credentials, readOnly: Bool = false, by type: UInt16 = newLink
    ) -> Attempt {
        attempt(tried) {
            let before = try currentMTU()
            let session = try session(credentials, readOnly: readOnly)
            let (code, mtu) = try change(session, to: Self.loopbackMTU.refused, by: type)
            let kernel = mtu == before ? "the kernel is unchanged" : "the kernel has changed"
            return (code == EPERM && mtu == before, "\(code == 0 ? "done" : errorName(code)), \(kernel)")
        }
    }

    private var readerCannotWrite: Attempt {
        refused("a client with read grants sets an MTU", gateway.certificates.reader)
    }

    private var writerCannotWriteOtherwise: Attempt {
        refused("a client with NEWLINK does the same by SETLINK", gateway.certificates.writer, by: Self.setLink)
    }

    private var readOnlySession: Attempt {
        refused("a read-only session of one that may write", gateway.certificates.writer, readOnly: true)
    }

    private var writerCanWrite: Attempt {
        attempt("the same by NEWLINK") {
            let wanted = Self.loopbackMTU.changed
            let (code, mtu) = try change(try session(gateway.certificates.writer), to: wanted)
            return (code == 0 && mtu == wanted, code == 0 ? "done, the kernel has changed" : errorName(code))
        }
    }

    private var sockets: [Attempt] {
        // nobody's number
        let nobody: UInt32 = 65_534
        return ["admin.sock", "s.sock"].enumerated().flatMap { index, name in
            let path = gateway.folder + "/" + name
            let status = try? FileStatus(ofPath: path)
            let mode = status.map { "\(String($0.permissions, radix: 8)), uid \($0.uid)" } ?? "not there"
            let isOwn = status?.kind == .socket && status?.permissions == 0o600 && status?.uid == 0
            let root = Answer(Int64(cst_connect_as(0, Int32(index))))
            let other = Answer(Int64(cst_connect_as(nobody, Int32(index))))
            return [
                Attempt(isOwn, "mode of \(name)", mode),
                Attempt(
                    other == .error(EACCES) && root == .done(0), "connect(\(name)) by another user", "\(other)",
                    before: "\(root)"),
            ]
        }
    }
}

/// A ClientHello that offers nothing newer than TLS 1.2.
private let helloOfTLS12: [UInt8] = {
    // supported_groups: secp256r1; signature_algorithms: ecdsa_secp256r1_sha256
    let extensions: [UInt8] = [0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3]
    // ECDHE with ECDSA or RSA and AES-128-GCM; no compression
    let rest: [UInt8] = [0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, 0, UInt8(extensions.count)] + extensions
    let body: [UInt8] = [3, 3] + randomBytes(32) + rest
    let handshake: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
    return [22, 3, 1, 0, UInt8(handshake.count)] + handshake
}()
