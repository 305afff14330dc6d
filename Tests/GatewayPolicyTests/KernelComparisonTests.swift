import GatewayPolicy
import Testing

@Suite struct KernelComparisonTests {
    private static let generic = Catalogue.families.filter { $0.protocolNumber == NetlinkProtocol.generic }

    /// What a kernel that is exactly as the table says would list.
    private static func asTheTableSays(_ family: Family) -> KernelFamily {
        KernelFamily(
            name: family.name, headerSize: family.headerSize,
            operations: family.operations.map { operation in
                let capped = [operation.single, operation.dump].contains { $0 == .netAdmin }
                return KernelFamily.Operation(
                    number: operation.number,
                    flags: (capped ? 0x10 : 0) | (operation.single == .noHandler ? 0 : 2)
                        | (operation.dump == .noHandler ? 0 : 4))
            }, groups: family.groups.map(\.name))
    }

    /// The findings of one family, changed a little; the others are as the table says.
    private func findings(_ name: String, _ change: (KernelFamily) -> KernelFamily?) -> [String] {
        let kernel = Self.generic.compactMap { family in
            let same = Self.asTheTableSays(family)
            return family.name == name ? change(same) : same
        }
        return Catalogue.compare(with: kernel).filter { $0.family == "generic/\(name)" }
            .map { "\($0.severity): \($0)" }
    }

    private func change(_ number: UInt16, _ flags: UInt32) -> (KernelFamily) -> KernelFamily? {
        { family in
            KernelFamily(
                name: family.name, headerSize: family.headerSize,
                operations: family.operations.filter { $0.number != number }
                    + [KernelFamily.Operation(number: number, flags: flags)], groups: family.groups)
        }
    }

    @Test func `a kernel that is as the table says has nothing but what the table doesn't know`() {
        let findings = Catalogue.compare(with: Self.generic.map(Self.asTheTableSays))
        #expect(findings.allSatisfy { $0.severity == .note && $0.difference.contains("the table doesn't know") })
        #expect(findings.count < 20)
    }

    @Test func `a capability that the table has wrong is an error, either way`() {
        #expect(
            findings("tcp_metrics", change(1, 0x17)) == [
                "error: generic/tcp_metrics GET needs CAP_NET_ADMIN in this kernel, and free in the table"
            ])
        #expect(
            findings("tcp_metrics", change(2, 0x02)) == [
                "error: generic/tcp_metrics DEL is free in this kernel, and capped in the table"
            ])
    }

    @Test func `a handler that is missing or new is a warning`() {
        #expect(
            findings("tcp_metrics", change(1, 0x02)) == [
                "warning: generic/tcp_metrics GET answers no dumps in this kernel"
            ]
        )
        #expect(
            findings("tcp_metrics", change(2, 0x17)) == [
                "warning: generic/tcp_metrics DEL answers dumps in this kernel, not in the table"
            ])
    }

    @Test func `operations, notifications and families without a row are warnings`() {
        #expect(
            findings("tcp_metrics", change(9, 0x0a)) == [
                "warning: generic/tcp_metrics command 9 can be asked of this kernel and has no row in the table; "
                    + "it can't be granted"
            ])
        #expect(
            findings("nlctrl", change(4, 0x0a)).first?.hasPrefix("warning: generic/nlctrl NEWOPS can be asked") == true)
        let stranger = Catalogue.compare(with: [KernelFamily(name: "new", headerSize: 0, operations: [], groups: [])])
        #expect(stranger.contains { $0.family == "generic/new" && $0.severity == .warning })
        #expect(stranger.filter { $0.severity == .note }.count == Self.generic.count)
    }

    @Test func `what the kernel lacks is a note`() {
        let empty: (KernelFamily) -> KernelFamily? = {
            KernelFamily(name: $0.name, headerSize: $0.headerSize, operations: [], groups: [])
        }
        #expect(
            findings("nlctrl", empty) == [
                "note: generic/nlctrl GETFAMILY is not in this kernel",
                "note: generic/nlctrl GETPOLICY is not in this kernel",
                "note: generic/nlctrl group notify is not in this kernel",
            ])
        #expect(findings("nlctrl") { _ in nil } == ["note: generic/nlctrl is not in this kernel"])
    }

    @Test func `groups and headers`() {
        let more: (KernelFamily) -> KernelFamily? = {
            KernelFamily(
                name: $0.name, headerSize: $0.headerSize + 4, operations: $0.operations, groups: $0.groups + ["new"])
        }
        #expect(
            findings("nlctrl", more) == [
                "error: generic/nlctrl has a header of 4 bytes in this kernel, not 0",
                "warning: generic/nlctrl group new is in this kernel and not in the table; nobody can listen to it",
            ])
    }

    @Test func `what the table doesn't know is said by the kernel`() {
        #expect(
            findings("ethtool", change(51, 0x1e)) == [
                "note: generic/ethtool MSE_GET needs CAP_NET_ADMIN in this kernel; the table doesn't know"
            ])
    }
}
