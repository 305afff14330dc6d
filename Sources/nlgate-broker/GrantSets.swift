import GatewayIPC
import GatewayPolicy

/// What a session may say, ready to judge; made once for each combination of grant set, protocol and read-only flag.
final class SessionRights {
    let judge: DatagramJudge
    let limits: SessionLimits

    init(_ grants: SessionGrants, protocolNumber: UInt32, readOnly: Bool) {
        judge = DatagramJudge(session: grants, protocolNumber: Int32(protocolNumber), readOnly: readOnly)
        limits = grants.limits
    }
}

/// The grant sets that the supervisor has sent, by their numbers.
///
/// Every function says with nil or false that the supervisor broke a rule; the process ends then.
struct GrantSets {
    /// Sets that a process holds at most.
    private static let most = 1024
    /// Bytes that they may have together, as they are sent.
    private static let budget = 32 << 20

    private struct Key: Hashable {
        var grantSet: UInt32
        var protocolNumber: UInt32
        var readOnly: Bool
    }

    private struct Entry {
        var grants: SessionGrants
        var size: Int
    }

    private struct Assembling {
        var number: UInt32
        var pieces = TableAssembly(limit: SessionGrants.maximumSize)
    }

    private var sets: [UInt32: Entry] = [:]
    private var rights: [Key: SessionRights] = [:]
    private var size = 0
    private var assembling: Assembling?

    /// Takes the next piece: of the set that is under way, or the first of a new one.
    mutating func take(_ number: UInt32, _ part: TablePart) -> Bool {
        var current = assembling ?? Assembling(number: number)
        guard current.number == number, sets[number] == nil, sets.count < GrantSets.most,
            size + Int(part.total) <= GrantSets.budget
        else { return false }
        switch current.pieces.take(part) {
        case .broken: return false
        case .partial: assembling = current
        case .complete(let bytes):
            assembling = nil
            guard let grants = try? SessionGrants(decoding: bytes.span) else { return false }
            sets[number] = Entry(grants: grants, size: bytes.count)
            size += bytes.count
        }
        return true
    }

    /// Sessions that still have the set keep it until they end.
    mutating func forget(_ number: UInt32) -> Bool {
        guard let entry = sets.removeValue(forKey: number) else { return false }
        size -= entry.size
        rights = rights.filter { $0.key.grantSet != number }
        return true
    }

    mutating func rights(_ grantSet: UInt32, protocolNumber: UInt32, readOnly: Bool) -> SessionRights? {
        let key = Key(grantSet: grantSet, protocolNumber: protocolNumber, readOnly: readOnly)
        if let made = rights[key] { return made }
        guard let grants = sets[grantSet]?.grants else { return nil }
        let made = SessionRights(grants, protocolNumber: protocolNumber, readOnly: readOnly)
        rights[key] = made
        return made
    }
}
