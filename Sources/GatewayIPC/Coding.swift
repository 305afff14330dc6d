/// Length of a self-check report inside `ready`, in bytes.
public let reportLength = 256

/// Seconds for which a list can be armed; a test holds it against the wire protocol's.
public let longestArming: UInt32 = 3600

private let textLength = 240
private let headerLength = 2

extension ChildMessage {
    private enum Kind: UInt16 {
        case ready = 1
        case failed, open, closed, sessionClosed, accepted, ended, diagnostics, tables, audit, armed, verified
        case misbehaved, keeperLost, measured, measuredAll, revoked, expiries, mapped

        var length: Int {
            switch self {
            case .ready: reportLength
            case .failed: textLength
            case .open: 4 + 1 + 1 + 2 + 4 + 2 * Endpoint.size
            case .closed, .sessionClosed: 4
            case .accepted, .ended: 8
            case .diagnostics, .tables: TablePart.size
            case .audit: AuditRecord.size
            case .armed: 8 + 4
            case .verified: VerifiedClient.size
            case .mapped: ClientMapping.size
            case .misbehaved: 8
            case .keeperLost: 0
            case .measured: SessionMeasures.size
            case .measuredAll: 0
            case .revoked: 8 + 4
            case .expiries: Expiries.size
            }
        }
    }

    /// The message's bytes.
    public func encode() -> [UInt8] {
        var writer = PacketWriter()
        switch self {
        case .ready(let report):
            writer.put(Kind.ready.rawValue)
            writer.put(report, count: reportLength)
        case .failed(let text):
            writer.put(Kind.failed.rawValue)
            writer.put(text, count: textLength)
        case .open(let request):
            writer.put(Kind.open.rawValue)
            request.write(to: &writer)
        case .closed(let connection):
            writer.put(Kind.closed.rawValue)
            writer.put(connection)
        case .sessionClosed(let connection):
            writer.put(Kind.sessionClosed.rawValue)
            writer.put(connection)
        case .accepted(let number):
            writer.put(Kind.accepted.rawValue)
            writer.put(number)
        case .ended(let session):
            writer.put(Kind.ended.rawValue)
            writer.put(session)
        case .diagnostics(let part):
            writer.put(Kind.diagnostics.rawValue)
            part.write(to: &writer)
        case .tables(let part):
            writer.put(Kind.tables.rawValue)
            part.write(to: &writer)
        case .audit(let record):
            writer.put(Kind.audit.rawValue)
            record.write(to: &writer)
        case .armed(let session, let seconds):
            writer.put(Kind.armed.rawValue)
            writer.put(session)
            writer.put(seconds)
        case .verified(let client):
            writer.put(Kind.verified.rawValue)
            client.write(to: &writer)
        case .mapped(let mapping):
            writer.put(Kind.mapped.rawValue)
            mapping.write(to: &writer)
        case .misbehaved(let frontend):
            writer.put(Kind.misbehaved.rawValue)
            writer.put(frontend)
        case .keeperLost: writer.put(Kind.keeperLost.rawValue)
        case .measured(let measures):
            writer.put(Kind.measured.rawValue)
            measures.write(to: &writer)
        case .measuredAll:
            writer.put(Kind.measuredAll.rawValue)
        case .revoked(let frontend, let connection):
            writer.put(Kind.revoked.rawValue)
            writer.put(frontend)
            writer.put(connection)
        case .expiries(let expiries):
            writer.put(Kind.expiries.rawValue)
            expiries.write(to: &writer)
        }
        return writer.bytes
    }

    /// Reads one message; `bytes` is exactly what one receive returned.
    ///
    /// - Throws: `MalformedMessage` for anything but a known kind of exactly its length with possible values.
    public init(_ bytes: [UInt8]) throws(MalformedMessage) {
        var (kind, reader) = try beginReading(bytes, Kind.init(rawValue:), { $0.length })
        switch kind {
        case .ready: self = .ready(report: reader.content(count: reportLength))
        case .failed: self = .failed(reader.text(count: textLength))
        case .open:
            guard let request = OpenRequest(from: &reader) else { throw malformed(bytes) }
            self = .open(request)
        case .closed: self = .closed(connection: reader.number())
        case .sessionClosed: self = .sessionClosed(connection: reader.number())
        case .accepted: self = .accepted(number: reader.number())
        case .ended: self = .ended(session: reader.number())
        case .diagnostics, .tables:
            guard let part = TablePart(from: &reader) else { throw malformed(bytes) }
            self = kind == .tables ? .tables(part) : .diagnostics(part)
        case .audit:
            guard let record = AuditRecord(from: &reader) else { throw malformed(bytes) }
            self = .audit(record)
        case .armed:
            let session = reader.number(UInt64.self)
            let seconds = reader.number(UInt32.self)
            guard seconds <= longestArming else { throw malformed(bytes) }
            self = .armed(session: session, seconds: seconds)
        case .verified: self = .verified(VerifiedClient(from: &reader))
        case .mapped: self = .mapped(ClientMapping(from: &reader))
        case .misbehaved: self = .misbehaved(frontend: reader.number())
        case .keeperLost: self = .keeperLost
        case .measured: self = .measured(SessionMeasures(from: &reader))
        case .measuredAll: self = .measuredAll
        case .revoked: self = .revoked(frontend: reader.number(), connection: reader.number())
        case .expiries:
            guard let expiries = Expiries(from: &reader) else { throw malformed(bytes) }
            self = .expiries(expiries)
        }
    }
}

extension OpenRequest {
    func write(to writer: inout PacketWriter) {
        writer.put(connection)
        writer.put(transport.rawValue)
        writer.put(UInt8(readOnly ? 1 : 0))
        writer.put(networkNamespace)
        writer.put(protocolNumber)
        local.write(to: &writer)
        peer.write(to: &writer)
    }

    init?(from reader: inout PacketReader) {
        connection = reader.number()
        guard let transport = Transport(rawValue: reader.number()) else { return nil }
        self.transport = transport
        guard let readOnly = flag(reader.number()) else { return nil }
        self.readOnly = readOnly
        networkNamespace = reader.number()
        protocolNumber = reader.number()
        local = Endpoint(from: &reader)
        peer = Endpoint(from: &reader)
        guard protocolNumber < 32 else { return nil }
    }
}

extension SupervisorMessage {
    private enum Kind: UInt16 {
        // Apart from those of children, which have room to grow.
        case adopt = 64
        case opened, refused, assign, revoke, serve, stop, grants, forgetGrants, regrant, audited, attach, keeper
        case review, retire, measure, clients

        var length: Int {
            switch self {
            case .adopt: 12
            case .opened: 4
            case .refused: 8 + textLength
            case .assign: 8 + 4 + 2 + 1 + 4 + 160 + 160 + 2 * Endpoint.size
            case .revoke: 12 + textLength
            case .serve, .stop, .measure: 0
            case .grants: 4 + TablePart.size
            case .forgetGrants: 4
            case .regrant: 12 + 160
            case .audited: 9
            case .attach: 8
            case .keeper, .retire: 0
            case .review: 8 + 4 + ClientMemo.size
            case .clients: 4 + TablePart.size
            }
        }
    }

    /// The message's bytes.
    public func encode() -> [UInt8] {
        var writer = PacketWriter()
        switch self {
        case .adopt(let connection, let uid, let gid):
            writer.put(Kind.adopt.rawValue)
            writer.put(connection)
            writer.put(uid)
            writer.put(gid)
        case .opened(let connection):
            writer.put(Kind.opened.rawValue)
            writer.put(connection)
        case .refused(let connection, let reason, let text):
            writer.put(Kind.refused.rawValue)
            writer.put(connection)
            writer.put(reason)
            writer.put(text, count: textLength)
        case .assign(let assignment):
            writer.put(Kind.assign.rawValue)
            assignment.write(to: &writer)
        case .revoke(let session, let reason, let text):
            writer.put(Kind.revoke.rawValue)
            writer.put(session)
            writer.put(reason)
            writer.put(text, count: textLength)
        case .serve:
            writer.put(Kind.serve.rawValue)
        case .stop:
            writer.put(Kind.stop.rawValue)
        case .grants(let number, let part):
            writer.put(Kind.grants.rawValue)
            writer.put(number)
            part.write(to: &writer)
        case .forgetGrants(let number):
            writer.put(Kind.forgetGrants.rawValue)
            writer.put(number)
        case .regrant(let session, let grantSet, let roles):
            writer.put(Kind.regrant.rawValue)
            writer.put(session)
            writer.put(grantSet)
            writer.put(roles, count: 160)
        case .audited(let ticket, let isWritten):
            writer.put(Kind.audited.rawValue)
            writer.put(ticket)
            writer.put(UInt8(isWritten ? 1 : 0))
        case .attach(let frontend):
            writer.put(Kind.attach.rawValue)
            writer.put(frontend)
        case .keeper: writer.put(Kind.keeper.rawValue)
        case .measure:
            writer.put(Kind.measure.rawValue)
        case .review(let frontend, let connection, let memo):
            writer.put(Kind.review.rawValue)
            writer.put(frontend)
            writer.put(connection)
            writer.put(memo, count: ClientMemo.size)
        case .clients(let policy, let part):
            writer.put(Kind.clients.rawValue)
            writer.put(policy)
            part.write(to: &writer)
        case .retire: writer.put(Kind.retire.rawValue)
        }
        return writer.bytes
    }

    /// Reads one message; `bytes` is exactly what one receive returned.
    ///
    /// - Throws: `MalformedMessage` for anything but a known kind of exactly its length with possible values.
    public init(_ bytes: [UInt8]) throws(MalformedMessage) {
        var (kind, reader) = try beginReading(bytes, Kind.init(rawValue:), { $0.length })
        switch kind {
        case .adopt: self = .adopt(connection: reader.number(), uid: reader.number(), gid: reader.number())
        case .opened: self = .opened(connection: reader.number())
        case .refused:
            self = .refused(
                connection: reader.number(), reason: reader.number(), text: reader.text(count: textLength))
        case .assign:
            guard let assignment = Assignment(from: &reader) else { throw malformed(bytes) }
            self = .assign(assignment)
        case .revoke:
            self = .revoke(session: reader.number(), reason: reader.number(), text: reader.text(count: textLength))
        case .serve: self = .serve
        case .stop: self = .stop
        case .grants:
            let number = reader.number(UInt32.self)
            guard let part = TablePart(from: &reader) else { throw malformed(bytes) }
            self = .grants(number: number, part: part)
        case .forgetGrants: self = .forgetGrants(number: reader.number())
        case .regrant:
            self = .regrant(session: reader.number(), grantSet: reader.number(), roles: reader.text(count: 160))
        case .audited:
            let ticket = reader.number(UInt64.self)
            guard let isWritten = flag(reader.number()) else { throw malformed(bytes) }
            self = .audited(ticket: ticket, isWritten: isWritten)
        case .attach: self = .attach(frontend: reader.number())
        case .keeper: self = .keeper
        case .measure: self = .measure
        case .review:
            self = .review(
                frontend: reader.number(), connection: reader.number(),
                memo: reader.content(count: ClientMemo.size))
        case .clients:
            let policy = reader.number(UInt32.self)
            guard let part = TablePart(from: &reader) else { throw malformed(bytes) }
            self = .clients(policy: policy, part: part)
        case .retire: self = .retire
        }
    }

    /// True for the kinds that carry exactly one descriptor; the others carry none.
    public var carriesDescriptor: Bool {
        switch self {
        case .adopt, .opened, .assign, .attach, .keeper: true
        case .refused, .revoke, .serve, .stop, .grants, .forgetGrants, .regrant, .audited, .review, .retire, .measure,
            .clients:
            false
        }
    }
}

extension Assignment {
    func write(to writer: inout PacketWriter) {
        writer.put(session)
        writer.put(protocolNumber)
        writer.put(networkNamespace)
        writer.put(UInt8(readOnly ? 1 : 0))
        writer.put(grantSet)
        writer.put(identity, count: 160)
        writer.put(roles, count: 160)
        local.write(to: &writer)
        peer.write(to: &writer)
    }

    init?(from reader: inout PacketReader) {
        session = reader.number()
        protocolNumber = reader.number()
        networkNamespace = reader.number()
        guard let readOnly = flag(reader.number()) else { return nil }
        self.readOnly = readOnly
        grantSet = reader.number()
        identity = reader.text(count: 160)
        roles = reader.text(count: 160)
        local = Endpoint(from: &reader)
        peer = Endpoint(from: &reader)
        guard protocolNumber < 32 else { return nil }
    }
}

func flag(_ value: UInt8) -> Bool? {
    value <= 1 ? value == 1 : nil
}

private func malformed(_ bytes: [UInt8]) -> MalformedMessage {
    MalformedMessage(
        kind: bytes.count >= headerLength ? UInt16(bytes[0]) | UInt16(bytes[1]) << 8 : nil, length: bytes.count)
}

/// The kind of a message whose length is exactly right, and a reader behind it.
private func beginReading<Kind>(
    _ bytes: [UInt8], _ kindOf: (UInt16) -> Kind?, _ length: (Kind) -> Int
) throws(MalformedMessage) -> (Kind, PacketReader) {
    guard bytes.count >= headerLength, let kind = kindOf(UInt16(bytes[0]) | UInt16(bytes[1]) << 8),
        bytes.count == headerLength + length(kind)
    else { throw malformed(bytes) }
    return (kind, PacketReader(bytes, from: headerLength))
}
