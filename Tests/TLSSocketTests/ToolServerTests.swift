import Foundation
import LinuxSys
import Testing

@testable import TLSSocket

/// Our client against `openssl s_server`, which does what our server never would.
@Suite struct ToolServerTests {
    private let pki: TestPKI
    private let scratch: Scratch

    init() throws {
        pki = try TestPKI()
        scratch = try Scratch()
        _ = try scratch.write("s.crt", pki.server.certificate)
        _ = try scratch.write("s.key", pki.server.key)
        _ = try scratch.write("ca.crt", pki.caCertificate)
    }

    /// Starts the tool, lets `body` talk to it through our connection, and gives all that the tool printed.
    private func serve(
        _ arguments: [String], _ body: (TLSConnection, borrowing Descriptor, FileHandle) throws -> Void
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "s.crt", "-key", "s.key", "-CAfile", "ca.crt"]
            + ["-naccept", "1"] + arguments
        process.currentDirectoryURL = URL(filePath: scratch.path)
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        var text = ""
        var port: UInt16?
        while port == nil {
            let chunk = output.fileHandleForReading.availableData
            guard !chunk.isEmpty else { throw ToolFailure(output: text) }
            text += String(decoding: chunk, as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") && text.hasSuffix("\n") }
            port = line.flatMap { $0.split(separator: ":").last }.flatMap { UInt16($0) }
        }
        let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: try #require(port))
        let socket = try Descriptor.streamSocket(for: address)
        _ = try socket.connect(to: address)
        _ = try socket.wait(for: .write, milliseconds: 10_000)
        let connection = try pki.clientContext().connect(descriptor: socket.raw, serverName: "gate.example")
        try body(connection, socket, input.fileHandleForWriting)
        connection.closeNotify()
        socket.shutdown(write: false)
        try? input.fileHandleForWriting.close()
        text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return text
    }

    private func shake(_ connection: TLSConnection, _ socket: borrowing Descriptor) throws {
        while try connection.handshake() != .done { _ = try socket.wait(for: .read, milliseconds: 10_000) }
    }

    /// Reads until `count` bytes are there.
    private func read(_ connection: TLSConnection, _ socket: borrowing Descriptor, _ count: Int) throws -> [UInt8] {
        var received = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 100)
        for _ in 0..<100 where received.count < count {
            switch try connection.read(into: &buffer, count: 100) {
            case .bytes(let more): received += buffer.prefix(more)
            case .wantRead: _ = try socket.wait(for: .read, milliseconds: 10_000)
            default: return received
            }
        }
        return received
    }

    @Test func `tickets of another server do no harm, and it can't ask for a certificate later`() throws {
        let text = try serve(["-Verify", "2", "-verify_return_error", "-msg"]) { connection, socket, input in
            try shake(connection, socket)
            try input.write(contentsOf: Data("first\n".utf8))
            #expect(try read(connection, socket, 6) == Array("first\n".utf8))
            // "c" asks for a certificate after the handshake, which our client has not offered.
            try input.write(contentsOf: Data("c\n".utf8))
            try input.write(contentsOf: Data("second\n".utf8))
            _ = try connection.write([10].span)
        }
        #expect(text.contains("NewSessionTicket"))
        #expect(text.contains("CN = noc-7") || text.contains("CN=noc-7"))
        #expect(text.contains("Failed to initiate request"))
    }

    @Test func `a server of TLS 1_2 is refused`() throws {
        _ = try serve(["-tls1_2"]) { connection, socket, _ in
            let error = #expect(throws: TLSError.self) { try shake(connection, socket) }
            #expect(error?.code == .refusedByPeer(alert: 70))
            #expect(error?.description.contains("does not speak TLS 1.3") == true)
        }
    }

    @Test func `a server of another application protocol refuses us, in words`() throws {
        _ = try serve(["-alpn", "h2"]) { connection, socket, _ in
            let error = #expect(throws: TLSError.self) { try shake(connection, socket) }
            #expect(error?.code == .refusedByPeer(alert: 120))
        }
    }
}
