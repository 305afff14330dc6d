import Confinement
import GatewayIPC
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// The policy compiler's state as the kernel shows it, while it reads a policy that doesn't end.
    @Suite struct CompilerStateTests {
        /// A compiler that waits for the rest of its policy, and the end of the pipe to write it to.
        private func reading() throws -> (compiler: LoneHelper, pipe: PassedPipe) {
            let pipe = try PassedPipe()
            let compiler = try Namespace().enter {
                try LoneHelper.compiler(.file(name: "policy.yaml"), file: pipe.reading.raw)
            }
            return (compiler, pipe)
        }

        @Test func `it has nothing but its policy and its control socket`() throws {
            let (compiler, pipe) = try reading()
            let process = KernelTruth(compiler.child.pid)
            #expect(try process.status("Uid") == Array(repeating: "\(LoneHelper.uid)", count: 4).joined(separator: " "))
            #expect(try process.status("Groups") == "")
            for set in ["CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"] {
                #expect(try process.capabilities(set) == 0, "\(set)")
            }
            #expect(try process.status("NoNewPrivs") == "1")
            #expect(try process.status("Seccomp") == "2")
            #expect(try process.status("Threads") == "1")
            #expect(process.environment == "SWIFT_BACKTRACE=enable=no\0")
            #expect(try process.rootEntries() == [])
            for name in ["ns/net", "ns/ipc", "ns/mnt"] {
                #expect(try process.link(name) != KernelTruth(getpid()).link(name))
            }
            let links = try tool(
                "nsenter", ["--net=/proc/\(process.pid)/ns/net", try #require(toolPath("ip")), "-o", "link"])
            #expect(links.split(separator: "\n").count == 1)
            #expect(try process.limit("Max address space") == ["\(512 << 20)", "\(512 << 20)"])
            #expect(try process.limit("Max cpu time") == ["10", "10"])
            #expect(try process.limit("Max processes") == ["0", "0"])
            #expect(try process.descriptors().count == 5)
            // Still alive, and it takes what comes.
            pipe.finish("policy: 1\nclients: 5\n")
            guard case .diagnostics(let part) = try compiler.message() else { throw Errno(rawValue: EPROTO) }
            #expect(String(decoding: part.bytes, as: UTF8.self).hasPrefix("policy.yaml:2:"))
            #expect(try compiler.message() == nil)
            #expect(try compiler.end() == .exited(1))
        }

        @Test func `it ends when nobody takes what it says`() throws {
            let (compiler, pipe) = try reading()
            compiler.control.descriptor.shutdown(write: false)
            pipe.finish("policy: 1\n")
            #expect(try compiler.end() == .exited(1))
        }

        @Test func `more than a policy may have is refused unread`() throws {
            let scratch = try Scratch()
            let path = try scratch.write([UInt8](repeating: 0x23, count: (1 << 20) + 1), to: "large")
            let file = try Descriptor.open(path, flags: O_RDONLY)
            let compiler = try Namespace().enter {
                try LoneHelper.compiler(.file(name: "large"), file: file.raw)
            }
            guard case .diagnostics(let part) = try compiler.message() else { throw Errno(rawValue: EPROTO) }
            #expect(String(decoding: part.bytes, as: UTF8.self).contains("File too large"))
            #expect(try compiler.end() == .exited(1))
        }

        @Test func `deep, wide and repeated YAML ends within its limits`() throws {
            let scratch = try Scratch()
            let anchors = (0..<30).map {
                "a\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 20).joined(separator: ",") + "]"
            }
            let hostile = [
                String(repeating: "[", count: 1 << 20), String(repeating: "{a: ", count: 200_000),
                String(repeating: "- ", count: 500_000), "a-1: &a-1 x\n" + anchors.joined(separator: "\n"),
                "policy: 1\nclients: {" + (0..<50_000).map { "c\($0): {uid: \($0)}" }.joined(separator: ",") + "}",
                String(repeating: "\u{feff}", count: 300_000),
                "\"" + String(repeating: "\\u0041", count: 170_000) + "\"",
            ]
            for text in hostile {
                let path = try scratch.write(String(text.prefix(1 << 20)), to: "hostile")
                let file = try Descriptor.open(path, flags: O_RDONLY)
                let compiler = try Namespace().enter {
                    try LoneHelper.compiler(.file(name: "hostile"), file: file.raw)
                }
                var said = false
                while let message = try compiler.message() {
                    if case .diagnostics = message { said = true }
                    if case .tables = message { Issue.record("tables of \(text.prefix(20))") }
                }
                // Refused in words; a process that had died of it would harm nobody, but say nothing.
                #expect(said, "\(text.prefix(20)): \(compiler.log)")
                #expect(try compiler.end() == .exited(1), "\(text.prefix(20)): \(compiler.log)")
            }
        }
    }
}

/// A pipe whose reading end is handed over.
private final class PassedPipe {
    let reading: Descriptor
    private let writing: FileHandleBox

    init() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/pipe"
        try tool("mkfifo", [path])
        reading = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
        writing = FileHandleBox(try Descriptor.open(path, flags: O_WRONLY))
        // The process waits for more instead of being told that there is nothing.
        _ = fcntl(reading.raw, F_SETFL, 0)
    }

    /// Writes the last bytes.
    func finish(_ text: String) {
        let bytes = Array(text.utf8)
        _ = try? writing.descriptor?.write(bytes.span)
        writing.descriptor = nil
    }
}

private final class FileHandleBox {
    var descriptor: Descriptor?

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = consume descriptor
    }
}
