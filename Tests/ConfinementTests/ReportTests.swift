import Confinement
import LinuxSys
import Testing

/// The report's bytes: what was written is read again, and nothing else is.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct ReportTests {
    private func sample() throws -> SealingReport {
        try #require(try Probe.run(Probe.root(.broker)).report)
    }

    @Test func `a report survives the trip`() throws {
        let report = try sample()
        let bytes = report.encode()
        #expect(bytes.count == SealingReport.encodedSize)
        #expect(SealingReport(decoding: bytes.span) == report)
        #expect(report.permitted == .netAdmin)
        #expect(report.seccompMode == 2 && report.taskCount == 1)
        #expect(report.kernel == .running())
    }

    @Test func `other lengths are refused`() throws {
        let bytes = try sample().encode()
        for length in [0, 1, 255] { #expect(SealingReport(decoding: Array(bytes[..<length]).span) == nil) }
        #expect(SealingReport(decoding: (bytes + [0]).span) == nil)
    }

    @Test func `every byte with one meaning is checked`() throws {
        let bytes = try sample().encode()
        // magic and version, role, the two flags, unknown measures, and the spare bytes
        let fixed = Array(0..<9) + [9, 10, 11] + Array(16..<20) + Array(160..<256)
        for index in fixed {
            var changed = bytes
            changed[index] ^= 0xf0
            #expect(SealingReport(decoding: changed.span) == nil, "byte \(index)")
        }
    }

    @Test func `a missing measure is named`() throws {
        var report = try sample()
        report.measures.subtract(Measures([.landlockFiles, .secureBits]))
        #expect(report.missing(for: .broker, kernel: .running(), root: true) == [.secureBits, .landlockFiles])
        #expect(report.lines.contains("not in force (MISSING): secure bits, no files by Landlock"))
    }

    @Test func `every measure is told once, in words that fit a terminal`() throws {
        let report = try sample()
        let text = report.lines.joined(separator: " ").replacing("   ", with: " ")
        for measure in Measure.allCases {
            let words = measure == .capabilities ? "capabilities: NET_ADMIN" : "\(measure)"
            #expect(text.split(separator: words, omittingEmptySubsequences: false).count == 2, "\(words)")
        }
        #expect(report.lines.allSatisfy { $0.count <= 98 && !$0.isEmpty })
        #expect(report.lines.first?.hasPrefix("in force: clean environment, ") == true)
        #expect(report.lines.contains("not in force (not needed by root): own user namespace"))
        #expect(report.lines.count { $0.hasPrefix("not in force (") } == 3)
    }

    @Test func `older kernels are asked for less`() {
        func mandatory(_ minor: Int32, _ abi: Int32, _ role: ProcessRole = .reader) -> Measures {
            .mandatory(
                for: role, kernel: KernelFacts(release: KernelRelease(6, minor), landlockABI: abi), root: true)
        }
        #expect(!mandatory(1, 2).has(.memoryDenyWriteExecute) && mandatory(3, 2).has(.memoryDenyWriteExecute))
        #expect(!mandatory(6, 3).has(.landlockNetwork) && mandatory(7, 4).has(.landlockNetwork))
        #expect(!mandatory(11, 5).has(.landlockScopes) && mandatory(12, 6).has(.landlockScopes))
        #expect(mandatory(1, 2).has(.landlockFiles) && mandatory(18, 0).has(.landlockFiles))
        #expect(!mandatory(18, 7, .supervisor).has(.landlockFiles))
        #expect(KernelRelease(6, 9) < KernelRelease(6, 12) && KernelRelease(5, 19) < KernelFacts.floor)
    }
}
