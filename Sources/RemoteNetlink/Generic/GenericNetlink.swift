public import NetlinkFamilies
public import NetlinkWire

/// One family of generic netlink, found by its name.
///
///     let wireless = try await GenericNetlink(family: "nl80211", host: "tls://ap1:7000", key: …, cert: …, ca: …)
///     for try await message in wireless.dump(command: 5) { … }
///
/// Commands and attributes are numbers, as the family's header has them; the names of families and groups are the
/// kernel's.
public final class GenericNetlink: Sendable {
    /// The connection that requests go through.
    public let connection: NetlinkConnection
    /// The family as the kernel describes it: its number, commands and groups.
    public let family: GenericFamily

    /// A family of the kernel behind a gateway, or with a host of nil of the local one.
    ///
    /// - Throws: `refused` with ENOENT when the kernel has no such family, `connection`.
    public convenience init(
        family: ByteString, host: String? = nil, key: String? = nil, cert: String? = nil, ca: String? = nil,
        crl: String? = nil, settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        let connection = try await NetlinkConnection(
            host: host, .generic, key: key, cert: cert, ca: ca, crl: crl, settings: settings)
        try await self.init(connection, family: family)
    }

    /// A family through a connection that exists; it must speak NETLINK_GENERIC.
    ///
    /// - Throws: `refused` with ENOENT when the kernel has no such family.
    public init(_ connection: NetlinkConnection, family name: ByteString) async throws(NetlinkError) {
        guard connection.netlinkProtocol == .generic else {
            throw NetlinkError(.misuse("a connection for NETLINK_GENERIC is needed"), host: connection.host)
        }
        self.connection = connection
        family = try await GenericNetlink.resolve(name, connection)
    }

    /// Every family that the kernel has.
    ///
    /// Source: CTRL_CMD_GETFAMILY with NLM_F_DUMP.
    ///
    /// - Throws: `connection`, `timedOut`, `refused`.
    public static func families(_ connection: NetlinkConnection) async throws(NetlinkError) -> [GenericFamily] {
        try await connection.all(try built(connection) { () throws(WireError) in try ControllerRequest.dump() }) {
            (message, bytes) throws(WireError) in try GenericFamily(message, in: bytes)
        }
    }

    private static func resolve(
        _ name: ByteString, _ connection: NetlinkConnection
    ) async throws(NetlinkError) -> GenericFamily {
        let request = try built(connection) { () throws(WireError) in try ControllerRequest.family(named: name) }
        let reply = try await connection.request(request)
        guard let message = reply.messages.first else {
            throw NetlinkError(.noAnswer, request: request, host: connection.host)
        }
        do throws(WireError) {
            return try message.decode { (message, bytes) throws(WireError) in
                try GenericFamily(message, in: bytes)
            }
        } catch {
            throw NetlinkError(.malformed(error), request: request, host: connection.host)
        }
    }

    /// Whose kernel this is.
    public var host: NetlinkHost { connection.host }

    // MARK: - Requests

    /// A request of this family; `attributes` writes what follows the family's header.
    ///
    /// - Throws: `malformed` when an attribute doesn't fit its length field.
    public func request(
        command: UInt8, version: UInt8? = nil, flags: MessageFlags = [], header: [UInt8] = [],
        _ attributes: (inout MessageWriter) throws(WireError) -> Void = { _ in }
    ) throws(NetlinkError) -> Request {
        try GenericNetlink.built(connection) { () throws(WireError) in
            try Request(type: family.id, flags: flags) { (writer: inout MessageWriter) throws(WireError) in
                let version = version ?? UInt8(truncatingIfNeeded: family.version)
                GenericHeader(command: command, version: version).encode(into: &writer)
                writer.append(header)
                try attributes(&writer)
            }
        }
    }

    /// Asks a command, and waits for what it answers and for its acknowledgement.
    ///
    /// - Throws: `refused` with the kernel's error number and words, `timedOut`, `connection`.
    @discardableResult
    public func send(
        command: UInt8, header: [UInt8] = [],
        _ attributes: (inout MessageWriter) throws(WireError) -> Void = { _ in }
    ) async throws(NetlinkError) -> [GenericMessage] {
        let request = try request(command: command, flags: .ack, header: header, attributes)
        let reply = try await connection.request(request)
        do throws(WireError) {
            var messages: [GenericMessage] = []
            for message in reply.messages { messages.append(try GenericMessage(message, of: family)) }
            return messages
        } catch {
            throw NetlinkError(.malformed(error), request: request, host: host)
        }
    }

    /// A table of this family, part by part.
    ///
    /// - Throws: `malformed` when an attribute doesn't fit its length field.
    public func dump(
        command: UInt8, header: [UInt8] = [],
        _ attributes: (inout MessageWriter) throws(WireError) -> Void = { _ in }
    ) throws(NetlinkError) -> Dump<GenericMessage> {
        let request = try request(command: command, flags: .dump, header: header, attributes)
        let family = family
        return connection.dump(request) { (message, bytes) throws(WireError) in
            guard message.header.type == family.id else { return nil }
            return try GenericMessage(message, in: bytes, of: family)
        }
    }

    // MARK: - Groups

    /// Joins one of the family's multicast groups by its name.
    ///
    /// What it says comes from ``messages()``, which has to be asked for first.
    ///
    /// - Throws: `misuse` when the family has no such group, `refused`.
    public func join(_ group: ByteString) async throws(NetlinkError) {
        try await connection.join(try number(of: group))
    }

    /// Leaves one of the family's multicast groups.
    ///
    /// - Throws: `misuse` when the family has no such group, `refused`.
    public func leave(_ group: ByteString) async throws(NetlinkError) {
        try await connection.leave(try number(of: group))
    }

    private func number(of group: ByteString) throws(NetlinkError) -> UInt32 {
        guard let found = family.groups.first(where: { $0.name == group }) else {
            let names = family.groups.map(\.name.description).joined(separator: ", ")
            throw NetlinkError(
                .misuse("\(family.name) has no group \(group); it has \(names.isEmpty ? "none" : names)"), host: host)
        }
        return found.id
    }

    /// What comes of itself: messages of joined groups, and what the family sends to this socket alone.
    ///
    /// Only one task may wait at a time. What comes before the first call is dropped.
    public func messages() -> GenericMessages {
        GenericMessages(family: family, datagrams: connection.datagrams())
    }

    static func built(
        _ connection: NetlinkConnection, _ request: () throws(WireError) -> Request
    ) throws(NetlinkError) -> Request {
        do throws(WireError) {
            return try request()
        } catch {
            throw NetlinkError(.malformed(error), host: connection.host)
        }
    }
}
