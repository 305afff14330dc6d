import LinuxSys
import Testing

@testable import ExecMonitor

@Suite struct FilterTests {
    @Test func `the base leaves half of the numbers to the program`() {
        #expect(ExecFilter(descriptorLimit: 1024).base == 512)
    }
}
