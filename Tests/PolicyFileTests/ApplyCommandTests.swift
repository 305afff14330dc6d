import Foundation
import LinuxSys
import Testing

/// `nlgate policy apply` against a daemon that only says what it is told to.
@Suite struct ApplyCommandTests {
    /// What came over the admin socket.
    private struct Request {
        let bytes: [UInt8]
        let file: String?
    }

    private let folder: PolicyFolder

    init() throws {
        folder = try PolicyFolder()
        try folder.write(commandPolicy)
    }

    /// Runs the command while a daemon answers its one request.
    private func apply(_ arguments: [String], answer: String) throws -> (CommandOutcome, Request?) {
        let path = "\(folder.path)/admin.sock"
        let address = try SocketAddress(unix: path, abstract: false)
        let listener = try Descriptor.streamSocket(for: address)
        try listener.bind(to: address)
        try listener.listen(backlog: 1)
        let process = Process()
        process.executableURL = URL(filePath: try folder.nlgate())
        process.arguments = ["policy", "apply", "--admin", path] + arguments
        process.currentDirectoryURL = URL(filePath: folder.path)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        var request: Request?
        while process.isRunning, request == nil {
            guard try listener.wait(for: .read, milliseconds: 20), let accepted = try listener.accept() else {
                continue
            }
            request = try serve(Descriptor(owning: accepted.release()), answer)
        }
        process.waitUntilExit()
        try FileManager.default.removeItem(atPath: path)
        func text(_ pipe: Pipe) throws -> String {
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        return (
            CommandOutcome(status: process.terminationStatus, output: try text(output), errors: try text(errors)),
            request
        )
    }

    private func serve(_ socket: consuming Descriptor, _ answer: String) throws -> Request {
        var buffer = [UInt8](repeating: 0, count: 64)
        var passed: Descriptor?
        while try !socket.wait(for: .read, milliseconds: 1000) {}
        guard case .bytes(let count) = try socket.receivePacket(into: &buffer, taking: &passed) else {
            return Request(bytes: [], file: nil)
        }
        var content: String?
        if let file = passed.take() { content = String(decoding: try file.readAll(limit: 1 << 20), as: UTF8.self) }
        _ = try socket.send(Array(answer.utf8).span)
        return Request(bytes: Array(buffer[..<count]), file: content)
    }

    @Test func `a file is handed over by its descriptor`() throws {
        let (outcome, request) = try apply(["policy.yaml"], answer: "ok policy.yaml is in force\nx:1:1: warning: w\n")
        #expect(request?.bytes == Array("nlga".utf8) + [1, 0, 3, 0] && request?.file == commandPolicy)
        #expect(outcome.status == 0 && outcome.output == "policy.yaml is in force\nx:1:1: warning: w\n", "\(outcome)")
    }

    @Test func `without a file the daemon reads its own`() throws {
        let (outcome, request) = try apply([], answer: "error it has errors\np:3:1: error: e\n")
        #expect(request?.bytes == Array("nlga".utf8) + [1, 0, 2, 0] && request?.file == nil)
        #expect(outcome.status == 1 && outcome.output == "")
        #expect(outcome.errors == "p:3:1: error: e\nnlgate: nothing changed: it has errors\n")
    }

    @Test func `the state, and JSON`() throws {
        let (outcome, request) = try apply(
            ["--status", "--json"], answer: "ok loaded\npolicy: /etc/p.yaml\nwarnings: 0\n")
        #expect(request?.bytes.dropFirst(4).elementsEqual([1, 0, 4, 0]) == true)
        let object = try outcome.object()
        #expect(
            object["ok"] as? Bool == true && object["lines"] as? [String] == ["policy: /etc/p.yaml", "warnings: 0"])
    }

    @Test func `a file with errors isn't handed over`() throws {
        try folder.write("policy: 2\n")
        let (outcome, request) = try apply(["policy.yaml"], answer: "ok\n")
        #expect(outcome.status == 1 && request == nil && outcome.errors.contains("policy.yaml:1:9: error:"))
    }

    @Test func `no daemon is 3`() throws {
        let outcome = try folder.policy("apply", "--admin", "\(folder.path)/none.sock")
        #expect(outcome.status == 3 && outcome.errors.contains("is nlgated running"))
        #expect(try folder.policy("apply", "--status", "policy.yaml").status == 2)
        #expect(try folder.policy("apply", "builtin:read-only").status == 2)
    }
}
