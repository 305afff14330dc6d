internal import GatewayPolicy
internal import Roles

/// What a policy file says, with the bytes that say it; names are not resolved yet.
struct PolicyModel: Sendable {
    var clients: [ClientModel] = []
    var roles: [RoleModel] = []
    var bindings: [BindingModel] = []
    var neverLinkKinds: [Located<String>] = []
    var neverInterfaces: [Located<String>] = []
    var tests: [TestModel] = []
    var auditRequired = false
    /// Top-level keys and their values, by the key's name.
    var sections: [String: SourceNode.Entry] = [:]
}

/// Somebody, by what an identity must have.
struct ClientModel: Sendable {
    enum Kind: Sendable {
        case certificate
        case user
        case anonymous
    }

    let name: Located<String>
    let range: Range<Int>
    let kind: Kind
    let criteria: [Located<PolicyTables.Criterion>]
}

/// A role as it stands in the file.
struct RoleModel: Sendable {
    let name: Located<String>
    /// Its value.
    let range: Range<Int>
    var includes: [Located<String>] = []
    var sections: [SectionModel] = []
    var extras: [Located<Extra>] = []
    var namespaceIDs: [Located<Int32>] = []
    var limits: [LimitKey: Located<UInt32>] = [:]
    var conditions: [WhereKey: ConditionModel] = [:]
    /// Keys and values as they stand, for whoever edits the file in place.
    var entries: [SourceNode.Entry] = []

    func section(_ kind: SectionKind) -> SectionModel? { sections.first { $0.kind == kind } }
}

/// `read`, `write` or `listen` of a role.
struct SectionModel: Sendable {
    let kind: SectionKind
    let key: Range<Int>
    let value: Range<Int>
    /// Where `all` stands in place of families.
    let all: Range<Int>?
    let families: [FamilyModel]
}

/// One family of a section, and what of it.
struct FamilyModel: Sendable {
    let label: Located<String>
    let value: Range<Int>
    /// Where `all` stands in place of a list.
    let all: Range<Int>?
    let names: [Located<String>]
}

/// What reading and writing don't imply.
enum Extra: String, CaseIterable, Sendable {
    case secrets
    case traffic
    case code
    case netns
    case group
    case itself = "self"

    var bits: Grants.Extras {
        switch self {
        case .secrets: .secrets
        case .traffic: .traffic
        case .code: .code
        case .netns: .netns
        case .group: .group
        case .itself: .itself
        }
    }
}

/// Keys of `limits`.
enum LimitKey: String, CaseIterable, Sendable {
    case sessions
    case sessionMinutes = "session-minutes"
    case messagesPerSecond = "messages-per-second"
    case bytesPerSecond = "bytes-per-second"
    case dumps
    case burstBuffer = "burst-buffer"
    case receiveBuffer = "receive-buffer"

    /// What makes sense: less stops every client, more is no limit.
    var bounds: ClosedRange<UInt32> {
        switch self {
        case .sessions: 1...10_000
        case .sessionMinutes: 1...525_600
        case .messagesPerSecond: 1...10_000_000
        case .bytesPerSecond: 1024...4_000_000_000
        case .dumps: 1...1024
        case .burstBuffer: 65_536...4_194_304
        case .receiveBuffer: 4096...268_435_456
        }
    }

    /// True for what may be written with KiB and MiB.
    var isBytes: Bool {
        switch self {
        case .bytesPerSecond, .burstBuffer, .receiveBuffer: true
        default: false
        }
    }

    /// True for what every session has for itself, so that a client has it times `sessions`.
    var isPerSession: Bool { self != .sessions && self != .sessionMinutes }
}

/// Keys of `where`.
enum WhereKey: String, CaseIterable, Sendable {
    case interface
    case table
    case `protocol`
    case destinationIn = "destination-in"
    case notDestinationIn = "not-destination-in"
    case linkKind = "link-kind"
    case family
}

/// One key of a `where`, resolved.
struct ConditionModel: Sendable {
    enum Value: Sendable {
        case names([String])
        case ranges([ClosedRange<UInt32>])
        case numbers([UInt8])
        case prefixes([AddressPrefix])
    }

    let key: Range<Int>
    let value: Value
    /// As the file has it.
    let texts: [String]
}

/// Which roles a client has, and where.
struct BindingModel: Sendable {
    let range: Range<Int>
    let client: Located<String>
    let roles: [Located<String>]
    /// Empty for the daemon's own.
    let namespaces: [Located<String>]
    /// In report mode.
    let ceiling: Located<String>?
}

/// What the policy must or must not allow.
struct TestModel: Sendable {
    let range: Range<Int>
    let client: Located<String>
    let request: Located<String>
    let expectsAllow: Bool
    let namespace: Located<String>?
}
