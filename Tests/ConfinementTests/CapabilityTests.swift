import Confinement
import Glibc
import LinuxSys
import Testing

/// CAP_NET_ADMIN in a fresh network namespace: in effect only while raised, and worth nothing on a socket opened without.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct CapabilityTests {
    private func start(_ role: ProcessRole, in space: NetworkSpace) throws -> RunningProbe {
        let probe = try Probe.start(Probe.root(role, ["network=join", "serve=1"]), extra: [space.descriptor.raw])
        _ = try probe.report()
        return probe
    }

    @Test func `the capability is in effect only between raise and lower`() throws {
        let probe = try start(.broker, in: NetworkSpace())
        let none = "0000000000000000"
        let netAdmin = "0000000000001000"
        #expect(try probe.status("CapEff") == none)
        for _ in 0..<3 {
            #expect(try probe.ask("raise") == "raise: done")
            #expect(try probe.status("CapEff") == netAdmin)
            #expect(try probe.ask("lower") == "lower: done")
            #expect(try probe.status("CapEff") == none)
            #expect(try probe.status("CapPrm") == netAdmin)
        }
        _ = try probe.end(hangUp: true)
    }

    @Test func `the kernel refuses a write unless socket and sender both have the capability`() throws {
        let space = try NetworkSpace()
        let probe = try start(.broker, in: space)
        _ = try probe.ask("open")
        #expect(try probe.ask("write") == "write: -\(EPERM)")
        // Raised too late for this socket
        _ = try probe.ask("raise")
        #expect(try probe.ask("write") == "write: -\(EPERM)")
        _ = try probe.ask("open")
        #expect(try probe.ask("write") == "write: 0")
        // Opened with it, sent without it
        _ = try probe.ask("lower")
        #expect(try probe.ask("write") == "write: -\(EPERM)")
        _ = try probe.end(hangUp: true)
    }

    @Test func `a reader can't write and can't raise`() throws {
        let probe = try start(.reader, in: NetworkSpace())
        _ = try probe.ask("open")
        #expect(try probe.ask("write") == "write: -\(EPERM)")
        #expect(try probe.ask("raise") == nil)
        #expect(try probe.end().status == .signalled(SIGSYS))
    }

    @Test func `without the filters a reader still has nothing to raise`() throws {
        let outcome = try Probe.run(Probe.root(.reader, ["at=isolated", "act=raise"]))
        #expect(outcome.answer("after") == "-\(EPERM)")
    }
}
