import LinuxSys
import Testing

@testable import ExecMonitor

@Suite struct FilterTests {
    @Test(arguments: [
        [1024, 512], [256, 128], [64, 64], [1_048_576, 512],
    ])
    func `the base leaves half of the numbers of select to the program`(limitAndBase: [UInt64]) {
        #expect(ExecFilter(descriptorLimit: limitAndBase[0]).base == Int32(limitAndBase[1]))
    }

    @Test func `the program is whole instructions and no rule is longer than a jump`() {
        let filter = ExecFilter(descriptorLimit: 1024)
        #expect(filter.program.count % 8 == 0)
        #expect(filter.program.count / 8 > filter.rules.count)
        #expect(Set(filter.rules.map(\.number)).count == filter.rules.count)
    }

    @Test func `--local-ioctl leaves ioctl alone`() {
        let filter = ExecFilter(descriptorLimit: 1024, localRequests: true)
        #expect(!filter.rules.contains { $0.number == SystemCallNumber.ioctl })
        #expect(ExecFilter(descriptorLimit: 1024).rules.contains { $0.number == SystemCallNumber.ioctl })
    }
}
