/// Why bytes are not grants.
public struct GrantsError: Error, Equatable, Sendable {
    /// What is wrong, for a log.
    public let text: String
    /// Where, in bytes.
    public let offset: Int
}

/// The encoding, little-endian:
///
///     "nlgG" | u16 version | u16 extras | u16 namespace ids, each i32 | u16 families
///     family:    u8 length, label | u16 operations | u16 groups
///     operation: u16 number | u8 modes
///     group:     u8 length, name
///
/// Everything stands in the catalogue's order and stands once, so that equal grants have equal bytes.
extension Grants {
    /// Bytes that grants may take.
    public static let maximumSize = 48 << 10
    static let magic: [UInt8] = [0x6e, 0x6c, 0x67, 0x47]
    static let version: UInt16 = 2

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        var writer = GrantsWriter()
        writer.bytes = Grants.magic
        writer.put(Grants.version)
        writer.put(extras.rawValue)
        writer.put(UInt16(netnsIDs.count))
        for id in netnsIDs { writer.put(id) }
        writer.put(UInt16(families.count))
        for family in families {
            writer.put(family.label)
            writer.put(UInt16(family.operations.count))
            writer.put(UInt16(family.groups.count))
            for operation in family.operations {
                writer.put(operation.number)
                writer.put(operation.modes.rawValue)
            }
            for group in family.groups { writer.put(group) }
        }
        return writer.bytes
    }

    /// Reads grants and holds every name and number against the catalogue.
    ///
    /// - Throws: `GrantsError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: Span<UInt8>) throws(GrantsError) {
        guard bytes.count <= Grants.maximumSize else { throw GrantsError(text: "grants too long", offset: 0) }
        var reader = GrantsReader()
        for expected in Grants.magic {
            guard try reader.u8(bytes) == expected else { throw GrantsError(text: "not grants", offset: 0) }
        }
        guard try reader.u16(bytes) == Grants.version else { throw reader.error("unknown version") }
        let extras = Extras(rawValue: try reader.u16(bytes))
        guard Extras.all.isSuperset(of: extras) else { throw reader.error("unknown extras") }
        let netnsIDs = try reader.ascending(bytes) { (reader, bytes) throws(GrantsError) in
            Int32(bitPattern: try reader.u32(bytes))
        }
        guard netnsIDs.isEmpty || extras.contains(.netns) else { throw reader.error("namespaces without the extra") }
        var families: [FamilyGrant] = []
        for _ in 0..<(try reader.u16(bytes)) {
            let next = try Grants.family(&reader, bytes)
            if let last = families.last, last.label >= next.label { throw reader.error("families out of order") }
            families.append(next)
        }
        guard reader.offset == bytes.count else { throw reader.error("trailing bytes") }
        self.families = families
        self.extras = extras
        self.netnsIDs = netnsIDs
    }

    private static func family(
        _ reader: inout GrantsReader, _ bytes: Span<UInt8>
    ) throws(GrantsError) -> FamilyGrant {
        guard let family = Catalogue.family(try reader.text(bytes)) else { throw reader.error("unknown family") }
        let (operations, groups) = (try reader.u16(bytes), try reader.u16(bytes))
        guard operations > 0 || groups > 0 else { throw reader.error("family without grants") }
        var grant = FamilyGrant(operations: [], groups: [], label: family.label)
        for _ in 0..<operations {
            let next = OperationGrant(number: try reader.u16(bytes), modes: Modes(rawValue: try reader.u8(bytes)))
            if let last = grant.operations.last, last.number >= next.number {
                throw reader.error("operations out of order")
            }
            guard let operation = family.operation(next.number), !next.modes.isEmpty,
                operation.grantable.isSuperset(of: next.modes)
            else { throw reader.error("operation that can't be granted") }
            grant.operations.append(next)
        }
        var position = -1
        for _ in 0..<groups {
            let name = try reader.text(bytes)
            guard let index = family.groups.firstIndex(where: { $0.name == name }), index > position,
                family.groups[index].join.isServed
            else { throw reader.error("group unknown or out of order") }
            position = index
            grant.groups.append(name)
        }
        return grant
    }
}
