import GatewayPolicy
import LinuxSys

/// Datagrams that were judged and are sent unless the client confirms in time.
struct ArmedList {
    struct Datagram {
        let bytes: [UInt8]
        let summary: DatagramSummary
    }

    /// The client's name for it.
    let tag: UInt32
    let seconds: UInt32
    let datagrams: [Datagram]
    /// When it is due, on the clock that also runs while the machine sleeps.
    var deadline: UInt64 = .max

    var name: String {
        "list \(tag), \(datagrams.count) \(datagrams.count == 1 ? "datagram" : "datagrams")"
    }

    func place(_ index: Int) -> String { "list \(tag), datagram \(index + 1) of \(datagrams.count)" }

    mutating func start() {
        deadline = Clock.boottimeMilliseconds() + UInt64(seconds) * 1000
    }

    /// 0 when it is due.
    var millisecondsLeft: UInt64 {
        let now = Clock.boottimeMilliseconds()
        return deadline > now ? deadline - now : 0
    }
}

/// A list that may be armed, but whose records aren't in the audit log yet.
struct PendingList {
    var list: ArmedList
    var missing: Set<UInt64>
    /// A record couldn't be written.
    var isUnlogged = false
}

/// Why a list is sent.
enum RollbackCause {
    /// Nobody confirmed it.
    case timeout
    /// The session's connection is gone.
    case connection
    /// The gateway stops, or the supervisor has ended.
    case stop
    /// The policy changed and doesn't grant any more what the list needs.
    case reload
    /// The gateway ends the session: its certificate, or its time.
    case expiry
}

/// What the kernel said to one write of a list.
struct RollbackVerdict {
    /// The datagram's place in the list.
    let datagram: Int
    let write: WriteVerdicts.Write
}
