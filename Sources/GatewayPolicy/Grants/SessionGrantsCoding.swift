/// The encoding of one role, little-endian; a text is u8 length and UTF-8, a list u16 count and its elements, an optional
/// list u8 0, or u8 1 and a list:
///
///     "nlgR" | u16 version | text name | u32 line | five u32 limits, 0 for none | u32 length, grants
///     optional lists: texts interfaces | u32 first, u32 last of tables | u8 protocols | prefixes | prefixes excluded
///                     | texts link kinds | u8 families; a prefix is u8 bytes, the bytes, u8 length
extension RolePart {
    private static let magic = Array("nlgR".utf8)
    private static let version: UInt16 = 1

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        var writer = GrantsWriter()
        writer.bytes = RolePart.magic
        writer.put(RolePart.version)
        writer.put(name)
        writer.put(line)
        for limit in [
            limits.messagesPerSecond, limits.bytesPerSecond, limits.dumps, limits.burstBuffer, limits.receiveBuffer,
        ] {
            writer.put(limit ?? 0)
        }
        writer.put(long: grants.encode())
        writer.put(conditions.interfaces) { $0.put($1) }
        writer.put(conditions.tables) {
            $0.put($1.lowerBound)
            $0.put($1.upperBound)
        }
        writer.put(conditions.protocols) { $0.put($1) }
        writer.put(conditions.destinations) { $0.put($1) }
        writer.put(conditions.excludedDestinations) { $0.put($1) }
        writer.put(conditions.linkKinds) { $0.put($1) }
        writer.put(conditions.families) { $0.put($1) }
        return writer.bytes
    }

    /// Reads a role, strictly.
    ///
    /// - Throws: `GrantsError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: Span<UInt8>) throws(GrantsError) {
        var reader = GrantsReader()
        guard bytes.count <= RolePart.maximumSize else { throw reader.error("a role is too long") }
        for expected in RolePart.magic {
            guard try reader.u8(bytes) == expected else { throw GrantsError(text: "not a role", offset: 0) }
        }
        guard try reader.u16(bytes) == RolePart.version else { throw reader.error("unknown version") }
        name = try reader.text(bytes)
        line = try reader.u32(bytes)
        limits = SessionLimits()
        limits.messagesPerSecond = try reader.limit(bytes)
        limits.bytesPerSecond = try reader.limit(bytes)
        limits.dumps = try reader.limit(bytes)
        limits.burstBuffer = try reader.limit(bytes)
        limits.receiveBuffer = try reader.limit(bytes)
        grants = try Grants(decoding: bytes.extracting(try reader.long(bytes)))
        conditions = Conditions()
        conditions.interfaces = try reader.optionalList(bytes) { (reader, bytes) throws(GrantsError) in
            try reader.text(bytes)
        }
        conditions.tables = try reader.optionalList(bytes) { (reader, bytes) throws(GrantsError) in
            let (first, last) = (try reader.u32(bytes), try reader.u32(bytes))
            guard first <= last else { throw reader.error("a range that ends before it begins") }
            return first...last
        }
        conditions.protocols = try reader.numbers(bytes)
        conditions.destinations = try reader.prefixes(bytes)
        conditions.excludedDestinations = try reader.prefixes(bytes)
        conditions.linkKinds = try reader.optionalList(bytes) { (reader, bytes) throws(GrantsError) in
            try reader.text(bytes)
        }
        conditions.families = try reader.numbers(bytes)
        guard reader.offset == bytes.count else { throw reader.error("trailing bytes") }
    }
}

/// The encoding: "nlgN" | u16 version | list of texts: link kinds | list of texts: interfaces; nothing at all for nothing.
extension Never {
    private static let magic = Array("nlgN".utf8)
    private static let version: UInt16 = 1

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        guard self != Never() else { return [] }
        var writer = GrantsWriter()
        writer.bytes = Never.magic
        writer.put(Never.version)
        for list in [linkKinds, interfaces] {
            writer.put(UInt16(list.count))
            for name in list { writer.put(name) }
        }
        return writer.bytes
    }

    /// Reads a block, strictly.
    ///
    /// - Throws: `GrantsError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: Span<UInt8>) throws(GrantsError) {
        guard !bytes.isEmpty else {
            self.init()
            return
        }
        var reader = GrantsReader()
        for expected in Never.magic {
            guard try reader.u8(bytes) == expected else { throw GrantsError(text: "not a block of never", offset: 0) }
        }
        guard try reader.u16(bytes) == Never.version else { throw reader.error("unknown version") }
        let linkKinds = try reader.list(bytes) { (reader, bytes) throws(GrantsError) in try reader.text(bytes) }
        let interfaces = try reader.list(bytes) { (reader, bytes) throws(GrantsError) in try reader.text(bytes) }
        guard reader.offset == bytes.count else { throw reader.error("trailing bytes") }
        self.init(linkKinds: linkKinds, interfaces: interfaces)
    }
}

extension SessionGrants {
    /// Bytes that a grant set may take.
    public static let maximumSize = 1 << 20

    /// Reads the grant set that `Roles.PolicyTables.grantSet` put together: `nlgS`, u16 version, u16 flags (1: audit
    /// required), u32 length and `Never`, u16 roles, u16 roles of the ceiling, and for each u32 length and `RolePart`.
    ///
    /// - Throws: `GrantsError` for anything else.
    public init(decoding bytes: Span<UInt8>) throws(GrantsError) {
        var reader = GrantsReader()
        guard bytes.count <= SessionGrants.maximumSize else { throw reader.error("a grant set is too long") }
        for expected in Array("nlgS".utf8) {
            guard try reader.u8(bytes) == expected else { throw GrantsError(text: "not a grant set", offset: 0) }
        }
        guard try reader.u16(bytes) == 1 else { throw reader.error("unknown version") }
        let flags = try reader.u16(bytes)
        guard flags <= 1 else { throw reader.error("unknown flags") }
        auditRequired = flags == 1
        never = try Never(decoding: bytes.extracting(try reader.long(bytes)))
        let (roleCount, ceilingCount) = (try reader.u16(bytes), try reader.u16(bytes))
        (roles, ceiling) = ([], [])
        for _ in 0..<roleCount { roles.append(try RolePart(decoding: bytes.extracting(try reader.long(bytes)))) }
        for _ in 0..<ceilingCount { ceiling.append(try RolePart(decoding: bytes.extracting(try reader.long(bytes)))) }
        guard reader.offset == bytes.count else { throw reader.error("trailing bytes") }
    }
}

extension GrantsWriter {
    fileprivate mutating func put(_ prefix: AddressPrefix) {
        put(UInt8(prefix.address.count))
        bytes += prefix.address
        put(prefix.length)
    }
}

extension GrantsReader {
    fileprivate mutating func limit(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt32? {
        let value = try u32(bytes)
        return value == 0 ? nil : value
    }

    fileprivate mutating func numbers(_ bytes: Span<UInt8>) throws(GrantsError) -> [UInt8]? {
        try optionalList(bytes) { (reader, bytes) throws(GrantsError) in try reader.u8(bytes) }
    }

    fileprivate mutating func prefixes(_ bytes: Span<UInt8>) throws(GrantsError) -> [AddressPrefix]? {
        try optionalList(bytes) { (reader, bytes) throws(GrantsError) in
            var address: [UInt8] = []
            for _ in 0..<(try reader.u8(bytes)) { address.append(try reader.u8(bytes)) }
            guard let prefix = AddressPrefix(address: address, length: try reader.u8(bytes)) else {
                throw reader.error("not a prefix")
            }
            return prefix
        }
    }
}
