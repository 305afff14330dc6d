import GatewayIPC
import LinuxSys

/// Warnings about certificates and revocation lists that come to their end.
extension Supervisor {
    /// With less than this left, there is a warning: thirty days, in seconds.
    static let warningSeconds: Int64 = 30 * 86_400
    private static let dayMilliseconds: UInt64 = 86_400_000

    /// The keeper says so before it is ready; false when no well-behaved process says this.
    func takeExpiries(_ expiries: Expiries, from child: Child) -> Bool {
        guard child.kind == .keeper, !child.isReady, child.expiries == nil else { return false }
        child.expiries = expiries
        return true
    }

    /// Once when there is a new keeper, then once a day.
    func warnOfExpiries() {
        guard now >= nextExpiryCheck, let keeper, keeper.isReady, let expiries = keeper.expiries else { return }
        nextExpiryCheck = now + Supervisor.dayMilliseconds
        for text in expiryWarnings(expiries, now: Clock.unixSeconds()) { log("warning: \(text)", .warning) }
    }

    /// For doctor: when what the keeper has ends.
    func expiryLines() -> [String] {
        guard let expiries = keeper?.expiries else { return [] }
        let now = Clock.unixSeconds()
        return expiries.named.filter { $0.end != 0 }.flatMap { item in
            let isDue = item.end - now < Supervisor.warningSeconds
            return ["\(item.what) \(endText(item.end, now: now))"] + (isDue ? broken(item.advice) : [])
        }
    }
}

/// What is said about ends that are near or over.
func expiryWarnings(_ expiries: Expiries, now: Int64) -> [String] {
    expiries.named.filter { $0.end != 0 && $0.end - now < Supervisor.warningSeconds }.map { item in
        "\(item.what) \(endText(item.end, now: now)): \(item.advice)"
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
    let days = (end - now) / 86_400
    let time = timestamp(end * 1000).prefix(19) + "Z"
    if end < now { return "ended at \(time)" }
    return "ends at \(time) (\(days == 0 ? "within a day" : days == 1 ? "in 1 day" : "in \(days) days"))"
}

extension Expiries {
    /// Each with what it is and what to do when its end is near.
    fileprivate var named: [(what: String, end: Int64, advice: String)] {
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
