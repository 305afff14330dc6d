import Foundation
import GatewayPolicy
import NetlinkWire
import Testing

/// The table of operations against itself and against the judge.
@Suite struct TableTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let source = root.appending(path: "Sources/GatewayPolicy")

    @Test func `the file holds what the catalogue says, in order and in columns`() throws {
        let text = try String(contentsOf: Self.source.appending(path: "operations.table"), encoding: .utf8)
        let blocks = text.components(separatedBy: "\n\n").filter { !$0.hasPrefix("#") }
        #expect(blocks.count == Catalogue.families.count)
        let kinds = ["family", "read", "write", "notify", "group", "attr"]
        for block in blocks {
            let rows = block.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            let label = try #require(rows.first?.dropFirst().first)
            let family = try #require(Catalogue.family(label))
            #expect(rows.allSatisfy { kinds.contains($0[0]) }, "\(label)")
            let operations = rows.filter { ["read", "write"].contains($0[0]) }
            #expect(operations.map { $0[1] } == family.operations.map(\.name), "\(label)")
            #expect(rows.count { $0[0] == "group" } == family.groups.count, "\(label)")
            let numbers = rows.filter { ["read", "write", "notify"].contains($0[0]) }.compactMap { Int($0[2]) }
            #expect(numbers == Set(numbers).sorted(), "\(label)")
            #expect(
                Set(rows.filter { $0[0] != "attr" }.map { $0[0] + $0[1] }).count + rows.count { $0[0] == "attr" }
                    == rows.count, "\(label) says something twice")
            #expect(!block.contains("\t") && !block.contains(" \n"), "\(label)")
        }
    }

    @Test func `numbers and names stand for one thing each`() {
        for family in Catalogue.families {
            let notified = Catalogue.notifications.filter { $0.family == family.label }
            let numbers = family.operations.map(\.number) + notified.map(\.number)
            #expect(Set(numbers).count == numbers.count, "\(family.label)")
            let names = family.operations.map(\.name) + notified.map(\.name)
            #expect(Set(names).count == names.count, "\(family.label)")
            #expect(Set(family.groups.map(\.name)).count == family.groups.count, "\(family.label)")
        }
        for number: Int32 in [0, 4, 6, 12] {
            let families = Catalogue.families.filter { $0.protocolNumber == number }
            let types = families.flatMap { $0.operations.map(\.number) }
            #expect(Set(types).count == types.count, "\(NetlinkProtocol.name(number))")
            let groups = families.flatMap { $0.groups.map(\.number) }
            #expect(Set(groups).count == groups.count && !groups.contains(nil), "\(NetlinkProtocol.name(number))")
        }
        #expect(
            Catalogue.families.filter { $0.label.hasPrefix("generic/") }.allSatisfy { family in
                family.groups.allSatisfy { $0.number == nil }
            })
    }

    @Test func `nobody asks what the kernel notifies`() throws {
        #expect(Catalogue.notifications.count > 140)
        for notification in Catalogue.notifications {
            let family = try #require(Catalogue.family(notification.family))
            let court = try Court(.unrestricted, family.protocolNumber)
            for flags in [Request.get, Request.dump, Request.create] {
                let request =
                    family.protocolNumber == NetlinkProtocol.generic
                    ? try Request.generic(
                        assignedFamilies[family.name] ?? 0, UInt8(notification.number), flags, header: family.headerSize
                    )
                    : try Request.message(notification.number, flags, Request.zeros(64))
                #expect(court.errors(request) == [1], "\(family.label) \(notification.name)")
            }
        }
    }

    @Test func `what an operation is tagged with and what its attributes carry agree`() throws {
        let attributeKinds: Tags = [.descriptor, .process, .path, .namespace, .code]
        // Named in the message's header, in its reply, or by the operation as a whole.
        let byItself: Set<String> = [
            "sock_diag SOCK_DIAG_BY_FAMILY", "generic/TASKSTATS TASKSTATS_CMD_GET", "generic/handshake ACCEPT",
            "generic/nl802154 SET_WPAN_PHY_NETNS", "netfilter/nftables NEWRULE", "route NEWNSID",
        ]
        for family in Catalogue.families {
            for operation in family.operations {
                let title = "\(family.label) \(operation.name)"
                let kinds = Catalogue.specialAttributes
                    .filter { $0.family == family.label && $0.operations.contains(operation.name) }
                    .reduce(into: Tags()) { $0.formUnion($1.kinds) }
                #expect(operation.tags.isSuperset(of: kinds), "\(title) lacks a tag of an attribute: \(kinds)")
                guard !byItself.contains(title) else { continue }
                #expect(kinds.isSuperset(of: operation.tags.intersection(attributeKinds)), "\(title) has no such attr")
            }
        }
        for attribute in Catalogue.specialAttributes {
            let names = Set(try #require(Catalogue.family(attribute.family)).operations.map(\.name))
            #expect(names.isSuperset(of: attribute.operations), "\(attribute)")
            #expect(try attribute.parsedSteps().count == attribute.path.count, "\(attribute)")
        }
    }

    @Test func `every dangerous attribute of the table is refused, or asks for its extra`() throws {
        let bare = Grants(operations: { _, operation in operation.grantable }, groups: { _, _ in true })
        let always: Tags = [.descriptor, .process, .path, .portID, .moduleLoad, .multiplexed]
        var checked = 0
        for attribute in Catalogue.specialAttributes {
            let family = try #require(Catalogue.family(attribute.family))
            for name in attribute.operations {
                let operation = try #require(family.operations.first { $0.name == name })
                let dump = operation.single == .noHandler
                let request = try Canonical.request(
                    family, operation, dump: dump, attributes: try attribute.bytes(content: [3, 0, 0, 0]))
                let title = "\(family.label) \(name) \(attribute.steps)"
                #expect(try Court(bare, family.protocolNumber).errors(request).contains(1), "\(title)")
                #expect(!(try Court(bare, family.protocolNumber).errors(request).contains(22)), "\(title)")
                if !attribute.kinds.isDisjoint(with: always) || operation.tags.contains(.never) {
                    #expect(try Court(.unrestricted, family.protocolNumber).errors(request).contains(1), "\(title)")
                }
                checked += 1
            }
        }
        #expect(checked > 90)
    }

    @Test func `without its dangerous attribute the same request passes`() throws {
        for attribute in Catalogue.specialAttributes where !attribute.kinds.contains(.secret) {
            let family = try #require(Catalogue.family(attribute.family))
            for name in attribute.operations {
                let operation = try #require(family.operations.first { $0.name == name })
                guard !operation.tags.contains(.never) else { continue }
                let request = try Canonical.request(family, operation, dump: operation.single == .noHandler)
                let complaint = try Court(.unrestricted, family.protocolNumber).complaint(request)
                #expect(complaint == nil, "\(family.label) \(name): \(complaint ?? "")")
            }
        }
    }

    @Test func `every attribute that the judge refuses is in the table`() throws {
        let listed = Set(Catalogue.specialAttributes.flatMap(\.path))
        var names: [String] = []
        let folder = Self.source.appending(path: "Attributes")
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            names += text.matches(of: /\.(?:refused\([^,)]*, |ownPort\(|namespaceNumber\(|program\()"([A-Z0-9_]+)"/).map
            { String($0.1) }
        }
        #expect(names.count > 25)
        // The kind of a tunnel, not an attribute.
        for name in names where name != "LWTUNNEL_ENCAP_BPF" { #expect(listed.contains(name), "\(name)") }
    }

    /// The ways of asking for many objects at once: without naming one, by a link group, or by a flag.
    private static func sweeping(_ family: Family, _ operation: Operation) throws -> [[UInt8]] {
        // NLM_F_BULK, and NLM_F_ROOT for actions.
        let flags: [MessageFlags] = [Request.set, Request.set.union(.exclusive), Request.set.union(.replace)]
        guard family.protocolNumber == NetlinkProtocol.route else {
            return [try Canonical.request(family, operation, dump: false, attributes: [], selecting: false)]
        }
        let size = Canonical.routeSizes[operation.number / 4] ?? 4
        return try flags.flatMap { flags in
            try [Request.attribute(2, [1, 1, 1, 1]), Request.attribute(27, Special.number), []].map {
                try Request.message(operation.number, flags, Request.zeros(size) + $0)
            }
        }
    }

    @Test func `what can be asked of many objects at once is tagged, and needs its extra`() throws {
        let with = Grants(extras: .all) { _, operation in operation.grantable }
        let without = Grants(extras: Grants.Extras.all.subtracting(.group)) { _, operation in operation.grantable }
        var found: Set<String> = []
        for family in Catalogue.families {
            let (all, few) = (try Court(with, family.protocolNumber), try Court(without, family.protocolNumber))
            for operation in family.operations where operation.grantable.contains(.single) {
                let requests = try Self.sweeping(family, operation)
                let needs = requests.contains { all.forwards($0) && few.errors($0).contains(1) }
                if needs { found.insert("\(family.label) \(operation.name)") }
                #expect(needs == operation.tags.contains(.group), "\(family.label) \(operation.name)")
            }
        }
        #expect(found.count > 25)
    }

    @Test func `what can cut a session off is tagged`() throws {
        let route = try #require(Catalogue.family("route"))
        let cutting = Set(
            GuardCase.all.filter(\.isRefused).map { UInt16($0.bytes[4]) | UInt16($0.bytes[5]) << 8 })
        for operation in route.operations {
            #expect(operation.tags.contains(.itself) == cutting.contains(operation.number), "\(operation.name)")
        }
        let others = Catalogue.families.filter { $0.label != "route" }.flatMap(\.operations)
        #expect(others.filter { $0.tags.contains(.itself) }.map(\.name) == ["SOCK_DESTROY"])
    }
}
