/// Why bytes are not policy tables.
public struct TablesError: Error, Equatable, Sendable {
    /// What is wrong, for a log.
    public let text: String
    /// Where, in bytes.
    public let offset: Int
}

/// The encoding, little-endian; a text is u8 length and UTF-8, a list is u16 count and its elements:
///
///     "nlgP" | u16 version | u16 flags (1: audit required) | u32 length, what no role may grant
///     roles:    text name | u32 line, privileged, served, sessions, minutes | u32 length, grants
///     clients:  text name | u32 line | list of criteria: u8 kind | u16 length, value
///     bindings: u16 client | u32 line | list of texts | three lists of u16 role
extension PolicyTables {
    private static let version: UInt16 = 1
    /// Roles, clients and bindings that there may be, of each.
    public static let mostEntries = 4096

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        var writer = TableWriter()
        writer.bytes = Array("nlgP".utf8)
        writer.put(PolicyTables.version)
        writer.put(UInt16(auditRequired ? 1 : 0))
        writer.put(long: never)
        writer.put(UInt16(roles.count))
        for role in roles {
            writer.put(role.name)
            for number in [
                role.line, role.privilegedProtocols, role.servedProtocols, role.sessions, role.sessionMinutes,
            ] {
                writer.put(number)
            }
            writer.put(long: role.grants)
        }
        writer.put(UInt16(clients.count))
        for client in clients {
            writer.put(client.name)
            writer.put(client.line)
            writer.put(client.criteria)
        }
        writer.put(UInt16(bindings.count))
        for binding in bindings {
            writer.put(binding.client)
            writer.put(binding.line)
            writer.put(UInt16(binding.networkNamespaces.count))
            for name in binding.networkNamespaces { writer.put(name) }
            for list in [binding.named, binding.roles, binding.ceiling] {
                writer.put(UInt16(list.count))
                for index in list { writer.put(index) }
            }
        }
        return writer.bytes
    }

    /// Reads tables, strictly: known values, indexes that exist, ascending lists, nothing behind the end.
    ///
    /// - Throws: `TablesError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: [UInt8]) throws(TablesError) {
        var reader = TableReader(bytes)
        guard bytes.count <= PolicyTables.maximumSize else { throw reader.error("tables too long") }
        guard try reader.bytes(4) == Array("nlgP".utf8), try reader.u16() == PolicyTables.version else {
            throw reader.error("not policy tables of this version")
        }
        let flags = try reader.u16()
        guard flags <= 1 else { throw reader.error("unknown flags") }
        never = try reader.long()
        auditRequired = flags == 1
        roles = try reader.list(most: PolicyTables.mostEntries) { (reader) throws(TablesError) in
            Role(
                name: try reader.text(), line: try reader.u32(), privilegedProtocols: try reader.u32(),
                servedProtocols: try reader.u32(), sessions: try reader.u32(), sessionMinutes: try reader.u32(),
                grants: try reader.long())
        }
        clients = try reader.list(most: PolicyTables.mostEntries) { (reader) throws(TablesError) in
            let name = try reader.text()
            return Client(name: name, line: try reader.u32(), criteria: try reader.criteria())
        }
        let (roleCount, clientCount) = (roles.count, clients.count)
        bindings = try reader.list(most: PolicyTables.mostEntries) { (reader) throws(TablesError) in
            let binding = Binding(
                client: try reader.u16(), line: try reader.u32(),
                networkNamespaces: try reader.list(most: 1024) { (reader) throws(TablesError) in try reader.text() },
                named: try reader.indexes(below: roleCount), roles: try reader.indexes(below: roleCount),
                ceiling: try reader.indexes(below: roleCount))
            guard Int(binding.client) < clientCount, !binding.roles.isEmpty, !binding.networkNamespaces.isEmpty else {
                throw reader.error("a binding of nothing")
            }
            return binding
        }
        guard reader.isAtEnd else { throw reader.error("trailing bytes") }
    }
}

extension PolicyTables.Criterion {
    fileprivate var encoded: (kind: UInt8, value: [UInt8]) {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        return switch self {
        case .fingerprint(let bytes): (1, bytes)
        case .commonName(let text): (2, Array(text.utf8))
        case .issuer(let text): (3, Array(text.utf8))
        case .dnsName(let text): (4, Array(text.utf8))
        case .uri(let text): (5, Array(text.utf8))
        case .email(let text): (6, Array(text.utf8))
        case .uid(let uid): (7, number(uid))
        case .gid(let gid): (8, number(gid))
        case .anonymous: (9, [])
        case .anyCertificate: (10, [])
        case .anyUser: (11, [])
        case .daemonUser: (12, [])
        }
    }

    fileprivate init?(_ kind: UInt8, _ value: [UInt8]) {
        func text() -> String? { value.isEmpty ? nil : String(validating: value, as: UTF8.self) }
        func number() -> UInt32? {
            value.count == 4 ? value.reversed().reduce(0) { $0 << 8 | UInt32($1) } : nil
        }
        let made: PolicyTables.Criterion? =
            switch kind {
            case 1: value.count == 32 ? .fingerprint(value) : nil
            case 2: text().map { .commonName($0) }
            case 3: text().map { .issuer($0) }
            case 4: text().map { .dnsName($0) }
            case 5: text().map { .uri($0) }
            case 6: text().map { .email($0) }
            case 7: number().map { .uid($0) }
            case 8: number().map { .gid($0) }
            case 9: value.isEmpty ? .anonymous : nil
            case 10: value.isEmpty ? .anyCertificate : nil
            case 11: value.isEmpty ? .anyUser : nil
            case 12: value.isEmpty ? .daemonUser : nil
            default: nil
            }
        guard let made else { return nil }
        self = made
    }
}

extension TableWriter {
    mutating func put(_ criteria: [PolicyTables.Criterion]) {
        put(UInt16(criteria.count))
        for criterion in criteria {
            let (kind, value) = criterion.encoded
            bytes.append(kind)
            put(UInt16(value.count))
            bytes += value
        }
    }
}

extension TableReader {
    /// What a client must have; without any, everybody would be it.
    mutating func criteria() throws(TablesError) -> [PolicyTables.Criterion] {
        let criteria = try list(most: 64) { (reader) throws(TablesError) in
            let kind = try reader.u8()
            let value = try reader.bytes(Int(try reader.u16()))
            guard let criterion = PolicyTables.Criterion(kind, value) else { throw reader.error("unknown criterion") }
            return criterion
        }
        guard !criteria.isEmpty else { throw error("a client that everybody is") }
        return criteria
    }
}

/// Appends numbers and texts, little-endian.
struct TableWriter {
    var bytes: [UInt8] = []

    mutating func put<Number: FixedWidthInteger>(_ value: Number) {
        for index in 0..<(Number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Number(8 * index))) }
    }

    /// Names of more than 255 bytes don't come out of the compiler.
    mutating func put(_ text: String) {
        precondition(text.utf8.count <= 255, "a name is too long for the tables")
        bytes.append(UInt8(text.utf8.count))
        bytes += text.utf8
    }

    mutating func put(long content: [UInt8]) {
        put(UInt32(content.count))
        bytes += content
    }
}

/// Reads numbers and texts, and never past the end.
struct TableReader {
    private let content: [UInt8]
    private var offset = 0

    init(_ content: [UInt8]) {
        self.content = content
    }

    var isAtEnd: Bool { offset == content.count }

    func error(_ text: String) -> TablesError { TablesError(text: text, offset: offset) }

    mutating func bytes(_ count: Int) throws(TablesError) -> [UInt8] {
        guard count <= content.count - offset else { throw error("cut short") }
        defer { offset += count }
        return Array(content[offset..<(offset + count)])
    }

    mutating func u8() throws(TablesError) -> UInt8 {
        guard offset < content.count else { throw error("cut short") }
        defer { offset += 1 }
        return content[offset]
    }

    mutating func u16() throws(TablesError) -> UInt16 { UInt16(try u8()) | UInt16(try u8()) << 8 }
    mutating func u32() throws(TablesError) -> UInt32 { UInt32(try u16()) | UInt32(try u16()) << 16 }

    mutating func text() throws(TablesError) -> String {
        let content = try bytes(Int(try u8()))
        guard let text = String(validating: content, as: UTF8.self) else { throw error("text is not UTF-8") }
        return text
    }

    mutating func long() throws(TablesError) -> [UInt8] { try bytes(Int(try u32())) }

    mutating func list<Element>(
        most: Int, _ element: (inout TableReader) throws(TablesError) -> Element
    ) throws(TablesError) -> [Element] {
        let count = Int(try u16())
        guard count <= most else { throw error("a list is too long") }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    mutating func indexes(below count: Int) throws(TablesError) -> [UInt16] {
        let list = try list(most: count) { (reader) throws(TablesError) in try reader.u16() }
        guard list.allSatisfy({ Int($0) < count }), zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw error("indexes out of order or out of range")
        }
        return list
    }
}
