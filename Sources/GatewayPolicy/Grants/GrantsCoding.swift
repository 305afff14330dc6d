/// Why bytes are not grants.
public struct GrantsError: Error, Equatable, Sendable {
    /// What is wrong, for a log.
    public let text: String
    /// Where, in bytes.
    public let offset: Int
}

/// The encoding, little-endian:
///
///     "nlgG" | u16 version | u16 extras | u16 families
///     family:    u8 length, label | u16 operations | u16 groups
///     operation: u16 number | u8 modes
///     group:     u8 length, name
///
/// Everything stands in the catalogue's order and stands once, so that equal grants have equal bytes.
extension Grants {
    /// Bytes that grants may take.
    public static let maximumSize = 48 << 10
    static let magic: [UInt8] = [0x6e, 0x6c, 0x67, 0x47]
    static let version: UInt16 = 1

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        var bytes = Grants.magic
        func append(_ value: UInt16) {
            bytes.append(UInt8(truncatingIfNeeded: value))
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        }
        func append(_ text: String) {
            bytes.append(UInt8(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        append(Grants.version)
        append(extras.rawValue)
        append(UInt16(families.count))
        for family in families {
            append(family.label)
            append(UInt16(family.operations.count))
            append(UInt16(family.groups.count))
            for operation in family.operations {
                append(operation.number)
                bytes.append(operation.modes.rawValue)
            }
            for group in family.groups { append(group) }
        }
        return bytes
    }

    /// Reads grants and holds every name and number against the catalogue.
    ///
    /// - Throws: `GrantsError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: Span<UInt8>) throws(GrantsError) {
        guard bytes.count <= Grants.maximumSize else { throw GrantsError(text: "grants too long", offset: 0) }
        var reader = Reader()
        for expected in Grants.magic {
            guard try reader.u8(bytes) == expected else { throw GrantsError(text: "not grants", offset: 0) }
        }
        guard try reader.u16(bytes) == Grants.version else { throw reader.error("unknown version") }
        let extras = Extras(rawValue: try reader.u16(bytes))
        guard Extras.all.isSuperset(of: extras) else { throw reader.error("unknown extras") }
        var families: [FamilyGrant] = []
        for _ in 0..<(try reader.u16(bytes)) {
            let next = try Grants.family(&reader, bytes)
            if let last = families.last, last.label >= next.label { throw reader.error("families out of order") }
            families.append(next)
        }
        guard reader.offset == bytes.count else { throw reader.error("trailing bytes") }
        self.families = families
        self.extras = extras
    }

    private static func family(
        _ reader: inout Reader, _ bytes: Span<UInt8>
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

    private struct Reader {
        var offset = 0

        func error(_ text: String) -> GrantsError {
            GrantsError(text: text, offset: offset)
        }

        mutating func u8(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt8 {
            guard offset < bytes.count else { throw error("cut short") }
            defer { offset += 1 }
            return bytes[offset]
        }

        mutating func u16(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt16 {
            UInt16(try u8(bytes)) | UInt16(try u8(bytes)) << 8
        }

        mutating func text(_ bytes: Span<UInt8>) throws(GrantsError) -> String {
            var content: [UInt8] = []
            for _ in 0..<(try u8(bytes)) { content.append(try u8(bytes)) }
            guard let text = String(validating: content, as: UTF8.self) else { throw error("text is not UTF-8") }
            return text
        }
    }
}
