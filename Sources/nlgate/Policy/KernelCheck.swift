import GatewayPolicy
import NetlinkFamilies
import NetlinkWire
import PolicyFile
import RemoteNetlink

/// The generic families of the running kernel.
struct KernelFamilies {
    let families: [KernelFamily]
    /// Which number each has now.
    let map: FamilyMap

    /// Asks the controller.
    ///
    /// - Throws: `Failure` when it doesn't answer.
    init() throws {
        var families: [KernelFamily] = []
        var map = FamilyMap()
        let client: NetlinkClient
        do throws(ConnectError) { client = try NetlinkClient(nil, nil, protocolNumber: 16) } catch { throw Failure(error) }
        do throws(RequestError) {
            try client.request(try KernelFamilies.request()) { message, bytes throws(WireError) in
                let start = message.payload.lowerBound - MessageHeader.size
                map.apply(bytes.extracting(start..<message.payload.upperBound))
                families.append(KernelFamilies.family(try GenericFamily(message, in: bytes)))
            }
        } catch {
            throw Failure(error)
        }
        self.families = families
        self.map = map
    }

    private static func request() throws(RequestError) -> Request {
        do throws(WireError) { return try ControllerRequest.dump() } catch { throw .wire(error) }
    }

    private static func family(_ family: GenericFamily) -> KernelFamily {
        KernelFamily(
            name: "\(family.name)", headerSize: Int(family.headerSize),
            operations: family.operations.map {
                KernelFamily.Operation(number: UInt16(truncatingIfNeeded: $0.id), flags: $0.flags.rawValue)
            }, groups: family.groups.map { "\($0.name)" })
    }
}

/// `check --kernel`: what the running kernel says of the table and of what a policy grants.
struct KernelCheck {
    /// What is wrong with the table itself on this kernel.
    let notes: [String]
    /// Families, and names with their families, that the kernel lacks.
    private let missing: Set<String>

    init() throws {
        let findings = Catalogue.compare(with: try KernelFamilies().families)
        let serious = findings.filter { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        notes = serious.map { "\($0)" }
            + (warnings == 0 ? [] : ["\(warnings) operations or groups of this kernel are otherwise than in the table, or not in it"])
        missing = Set(
            findings.filter { $0.severity == .note && $0.difference == "is not in this kernel" }
                .map { "\($0.family) \($0.name ?? "")" })
    }

    /// A warning for each line that grants what the kernel doesn't have.
    func diagnostics(_ roles: [ResolvedRole], _ source: PolicySource) -> [Diagnostic] {
        var lines: [Int: [String]] = [:]
        for role in roles {
            for grant in role.operations { note(grant.family, grant.operation, grant.line, &lines) }
            for grant in role.groups { note(grant.family, "group \(grant.group)", grant.line, &lines) }
        }
        return lines.sorted { $0.key < $1.key }.map { line, names in
            let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
            return Diagnostic(
                .warning, file: source.name, at: SourcePosition(line: line, column: column(line, source), offset: 0),
                "this kernel doesn't have \(shown)", hint: "a module may not be loaded, or this is another host")
        }
    }

    private func note(_ family: String, _ name: String, _ line: Int, _ lines: inout [Int: [String]]) {
        if missing.contains("\(family) ") {
            if lines[line]?.contains(family) != true { lines[line, default: []].append(family) }
        } else if missing.contains("\(family) \(name)") {
            lines[line, default: []].append("\(family) \(name)")
        }
    }

    /// Where the line begins to say something.
    private func column(_ line: Int, _ source: PolicySource) -> Int {
        let lines = source.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(line - 1) else { return 1 }
        return lines[line - 1].prefix { $0 == " " || $0 == "-" }.count + 1
    }
}
