import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// A program that looks closely finds what it finds on a local socket.
    @Suite struct ProbeTests {
        @Test func `options, names, addresses and errors`() throws { try compare("options") }

        @Test func `peeking, cutting, parts, control messages, time limits, poll`() throws { try compare("receive") }

        @Test func `signals interrupt a receive, and no request is sent twice`() throws { try compare("signals") }

        @Test func `copies of a descriptor, and a child's`() throws { try compare("copies") }

        @Test func `wrong pointers and lengths`() throws { try compare("hostile") }

        @Test func `buffers and descriptors that change meanwhile`() throws { try compare("races") }

        @Test func `a hundred threads on one socket`() throws {
            try compare("threads 100", expecting: "answers 2000, failures 0\n")
        }

        @Test func `a hundred children`() throws { try compare("forks 100", expecting: "good 100\n", limit: 256) }

        @Test func `ten thousand sockets, one after the other`() throws {
            try compare("reopen 10000", expecting: "the same number 10000 times\n", ["--read-only"])
        }

        @Test func `sockets, threads, children and killed programs leave nothing in the monitor`() throws {
            let probe = try program("exec-probe")
            try ExecScene.run { scene in
                let command = """
                    look() { ls /proc/$PPID/fd | wc -l; awk '/VmRSS/ {print $2}' /proc/$PPID/status; }
                    \(probe) reopen 100 >/dev/null; look
                    \(probe) reopen 2000 >/dev/null; \(probe) forks 40 >/dev/null; \(probe) threads 100 >/dev/null
                    for i in $(seq 20); do \(probe) lost >/dev/null & sleep 0.05; kill -9 $!; wait $!; done 2>/dev/null
                    sleep 1; look
                    """
                let numbers = try scene.remote(command, ["--read-only"]).output.split(separator: "\n").compactMap {
                    Int($0)
                }
                try #require(numbers.count == 4, "\(numbers)")
                // Up to eight idle connections are kept.
                #expect(numbers[2] <= numbers[0] + 8)
                #expect(numbers[3] < numbers[1] + 16_384, "KiB: \(numbers)")
            }
        }

        @Test func `getifaddrs`() throws { try compare("getifaddrs") }

        @Test func `requests about interfaces`() throws {
            try compare("ioctl d0")
            try compare("ioctl nosuch")
        }

        private func compare(
            _ mode: String, expecting text: String? = nil, _ options: [String] = [], limit: Int = 64
        ) throws {
            let probe = try program("exec-probe")
            try ExecScene.run([
                "--policy", "builtin:unrestricted", "--limit", "sessions-per-client=\(limit)", "--limit",
                "privileged-brokers=\(limit)",
            ]) { scene in
                let here = try scene.local("\(probe) \(mode)")
                let there = try scene.remote("\(probe) \(mode)", options)
                #expect(here.status == .exited(0))
                #expect(there.status == here.status, "\(there.output)")
                if let text { #expect(here.output == text) }
                #expect(there.output == here.output)
            }
        }
    }
}
