internal import GatewayPolicy

/// What an audit log comes to, line by line: who asked for what, each once.
public struct AuditDigest: Sendable {
    /// Bytes that a line may have; the daemon writes fewer than 4,096.
    public static let longestLine = 16_384
    /// Different things that are kept; beyond them lines are counted only.
    static let mostEntries = 20_000

    /// Who, and in which namespace.
    struct Subject: Hashable, Comparable {
        /// The name in the policy that was in force; empty where none told this client from others.
        let client: String
        /// Where there is no such name.
        let identity: String
        let namespace: String

        init(_ line: AuditLine) {
            let name = line.clients.first { !Subject.namesOfBuiltins.contains($0) }
            client = name ?? ""
            identity = name == nil ? line.identity : ""
            namespace = line.namespace
        }

        private static let namesOfBuiltins: Set<String> = ["certificate", "root", "daemon", "user", "anonymous"]

        /// For the draft.
        var name: String { client.isEmpty ? AuditIdentity(identity).name : client }

        static func < (left: Subject, right: Subject) -> Bool {
            (left.client, left.identity, left.namespace) < (right.client, right.identity, right.namespace)
        }
    }

    struct OperationKey: Hashable {
        let family: Int
        let number: UInt16
    }

    struct Write: Hashable {
        let operation: OperationKey
        let target: WriteTarget
        let extras: Grants.Extras
        let namespaceIDs: [Int32]
    }

    struct Seen {
        /// In the order of their first line.
        var identities: [String] = []
        var reads: [OperationKey: Modes] = [:]
        var groups: Set<Int> = []
        var writes: Set<Write> = []
        var extras: Grants.Extras = []
        var namespaceIDs: Set<Int32> = []
        var first = ""
        var last = ""
    }

    private let client: String?
    private(set) var seen: [Subject: Seen] = [:]
    private(set) var skipped: [AuditLine.Skip: Int] = [:]
    private(set) var refusedSessions: Set<String> = []
    private var entries = 0
    /// Lines that were read, empty ones aside.
    public private(set) var lines = 0
    /// Lines from which something was learned.
    public private(set) var learned = 0
    /// Denials that the log itself says it left out.
    public private(set) var omitted = 0

    /// Nothing yet; with a client, lines of others are passed over.
    public init(client: String? = nil) {
        self.client = client
    }

    /// Groups are numbered through all families.
    static func group(_ family: Int, _ group: Int) -> Int { family << 16 | group }

    /// Takes a line without its end in; one that can't be used is counted.
    public mutating func take(_ line: [UInt8]) {
        let trimmed = line.drop { $0.isBlank }
        guard !trimmed.isEmpty, trimmed.first != UInt8(ascii: "\r") || trimmed.count > 1 else { return }
        lines += 1
        guard line.count <= AuditDigest.longestLine else { return skip(.tooLong) }
        do throws(AuditLine.Skip) {
            try take(try AuditLine(line))
        } catch {
            skip(error)
        }
    }

    /// Counts a line that was too long to be kept.
    public mutating func takeOversizedLine() {
        lines += 1
        skip(.tooLong)
    }

    private mutating func skip(_ reason: AuditLine.Skip) { skipped[reason, default: 0] += 1 }

    private mutating func take(_ line: AuditLine) throws(AuditLine.Skip) {
        guard isWanted(line) else { return }
        switch line.content {
        case .other: return
        case .omitted(let count):
            omitted = omitted.addingReportingOverflow(count).partialValue
            return
        case .session:
            if refusedSessions.count < 64 { refusedSessions.insert(line.identity) }
            return
        case .operation, .group: break
        }
        let subject = Subject(line)
        guard entries < AuditDigest.mostEntries else { throw .tooMany }
        var seen = seen[subject] ?? Seen()
        let before = seen.size
        try AuditDigest.add(line, to: &seen)
        entries += seen.size - before
        learned += 1
        self.seen[subject] = seen
    }

    private static func add(_ line: AuditLine, to seen: inout Seen) throws(AuditLine.Skip) {
        switch line.content {
        case .operation(let index, let operation, let modes, let text):
            let key = OperationKey(family: index, number: operation.number)
            if operation.kind == .read {
                seen.reads[key, default: []].formUnion(modes)
                seen.extras.formUnion(line.extras.subtracting(key.extras))
                seen.namespaceIDs.formUnion(line.namespaceIDs)
            } else {
                let target = try WriteTarget(text, Catalogue.families[index], operation)
                seen.writes.insert(
                    Write(
                        operation: key, target: target, extras: line.extras,
                        namespaceIDs: line.namespaceIDs))
            }
        case .group(let family, let group): seen.groups.insert(AuditDigest.group(family, group))
        case .omitted, .session, .other: return
        }
        if !seen.identities.contains(line.identity), seen.identities.count < 64 { seen.identities.append(line.identity) }
        if !line.time.isEmpty {
            seen.first = seen.first.isEmpty ? line.time : min(seen.first, line.time)
            seen.last = max(seen.last, line.time)
        }
    }

    private func isWanted(_ line: AuditLine) -> Bool {
        guard let client else { return true }
        return line.clients.contains(client) || AuditIdentity(line.identity).name == client
    }
}

extension AuditDigest.Seen {
    fileprivate var size: Int { reads.count + groups.count + writes.count + identities.count }
}

/// An identity as the log shows it: `CN=noc-7 sha256:77aa...`, `uid=0 gid=0`, `anonymous`.
struct AuditIdentity {
    let text: String
    /// For a client of the draft.
    let name: String
    /// Keys of the client, as they stand in a policy; nil when the log doesn't say enough.
    let criteria: String?
    /// True for a name alone, which any CA could have given.
    let isNameAlone: Bool

    init(_ text: String) {
        // For a comment: nothing that could end it.
        self.text = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value > 0x7e ? "?" : $0 }))
        let words = self.text.split(separator: " ")
        let uid = words.first { $0.hasPrefix("uid=") }.flatMap { UInt32($0.dropFirst(4)) }
        let fingerprint = words.last { $0.hasPrefix("sha256:") }.map { String($0.dropFirst(7)) } ?? ""
        let commonName = self.text.hasPrefix("CN=")
            ? words.dropLast(fingerprint.isEmpty ? 0 : 1).joined(separator: " ").dropFirst(3) : ""
        let isFingerprint = fingerprint.utf8.count == 64 && fingerprint.allSatisfy { $0.isHexDigit && $0.isASCII }
        let isExactName = !commonName.isEmpty && commonName != "-" && !commonName.contains { "*\"\\?".contains($0) }
        if let uid {
            (name, criteria, isNameAlone) = ("uid-\(uid)", "uid: \(uid)", false)
        } else if self.text == "anonymous" {
            (name, criteria, isNameAlone) = ("anonymous", "anonymous: true", false)
        } else {
            let clean = String(decoding: commonName.utf8.prefix(48).map { byte in
                byte.isLetterOrDigit || "-_.@+".utf8.contains(byte) ? byte : UInt8(ascii: "-")
            }, as: UTF8.self)
            name = clean.isEmpty || commonName == "-" ? "client" : clean
            criteria =
                isFingerprint
                ? "fingerprint: \"sha256:\(fingerprint)\"" : isExactName ? "common-name: \"\(commonName)\"" : nil
            isNameAlone = !isFingerprint && isExactName
        }
    }
}
