import GatewayIPC
import LinuxSys

/// Warnings about certificates and revocation lists that come to their end.
extension Supervisor {
    /// How often somebody looks whether a warning is due, and how often it is said again, in milliseconds.
    private static let lookInterval: UInt64 = 10_000
    private static let warningInterval: UInt64 = 86_400_000

    /// The keeper says so before it is ready; false when no well-behaved process says this.
    func takeExpiries(_ expiries: Expiries, from child: Child) -> Bool {
        guard child.kind == .keeper, !child.isReady, child.expiries == nil else { return false }
        child.expiries = expiries
        return true
    }

    /// When an end comes near, when it is there, once a day from then on, and for every new keeper.
    func warnOfExpiries() {
        guard now >= nextExpiryCheck, let keeper, keeper.isReady, let expiries = keeper.expiries else { return }
        nextExpiryCheck = now + Supervisor.lookInterval
        let time = Clock.unixSeconds()
        for item in expiries.named {
            let state = item.expiry.state(at: time)
            let before = expiryWarnings[item.what]
            if let before, before.keeper == keeper.number, before.state == state, now < before.again { continue }
            expiryWarnings[item.what] = (keeper.number, state, now + Supervisor.warningInterval)
            guard state != .far else { continue }
            log("warning: \(item.what) \(endText(item.expiry.end, now: time)): \(item.advice)", .warning)
        }
    }

    /// For doctor: when what the keeper has ends.
    func expiryLines() -> [String] {
        guard let expiries = keeper?.expiries else { return [] }
        let now = Clock.unixSeconds()
        return expiries.named.filter { $0.expiry.end != 0 }.flatMap { item in
            let isDue = item.expiry.state(at: now) != .far
            return ["\(item.what) \(endText(item.expiry.end, now: now))"] + (isDue ? broken(item.advice) : [])
        }
    }
}

/// How near an end is.
enum ExpiryState {
    case far
    case near
    case over
}

extension Expiry {
    /// What isn't there has no end.
    func state(at now: Int64) -> ExpiryState {
        guard end != 0 else { return .far }
        return now > end ? .over : now >= warnsFrom ? .near : .far
    }
}

/// A text in lines of at most 90 columns, indented by two.
private func broken(_ text: String) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, last.count + word.count < 90 {
            lines[lines.count - 1] += " \(word)"
        } else {
            lines.append("  \(word)")
        }
    }
    return lines
}

private func endText(_ end: Int64, now: Int64) -> String {
    let time = timestamp(end * 1000).prefix(19) + "Z"
    if end < now { return "ended at \(time)" }
    let (days, hours, minutes) = ((end - now) / 86_400, (end - now) / 3600, (end - now) / 60)
    let left =
        days > 0 ? (days, "day") : hours > 0 ? (hours, "hour") : (minutes, "minute")
    return "ends at \(time) (in \(left.0) \(left.1)\(left.0 == 1 ? "" : "s"))"
}

extension Expiries {
    /// Each with what it is and what to do when its end is near.
    fileprivate var named: [(what: String, expiry: Expiry, advice: String)] {
        [
            (
                "the server's certificate", certificate,
                "get a new one ('nlgate pki renew DIR NAME' where the CA is), put it in its place, and reload nlgated"
            ),
            (
                "the CA of the server's certificate", authority,
                "make another CA, give clients both certificates in one file, then issue anew"
            ),
            (
                "the CA of clients", clientAuthority,
                "make another CA, put both certificates into the CA file, reload nlgated, then issue anew"
            ),
            (
                "the revocation list", revocationList,
                "after its end nobody is admitted: get a new one ('nlgate pki crl DIR' where the CA is), and reload "
                    + "nlgated"
            ),
        ]
    }
}
