/// What came of trying one measure.
enum Verdict: String {
    /// It was tried, and it holds.
    case ok
    /// It was tried, and it doesn't hold.
    case failed = "FAILED"
    /// It could not be tried, which says nothing about it.
    case notTried = "not tried"
}

/// One thing that was tried.
struct Attempt {
    var verdict: Verdict
    /// What was tried, such as `open(/)`.
    var tried: String
    /// What came of it; for what is not tried, why not.
    var happened: String
    /// What came of it in a process without confinement; nil where there is nothing to compare.
    var before: String?

    init(_ isFulfilled: Bool, _ tried: String, _ happened: String, before: String? = nil) {
        self.init(isFulfilled ? .ok : .failed, tried, happened, before: before)
    }

    init(_ verdict: Verdict, _ tried: String, _ happened: String, before: String? = nil) {
        self.verdict = verdict
        self.tried = tried
        self.happened = happened
        self.before = before
    }
}

/// One measure of one process, with all that was tried for it: one line of the report.
struct Finding {
    var process: String
    var measure: String
    var attempts: [Attempt]

    init(_ process: String, _ measure: String, _ attempts: [Attempt]) {
        self.process = process
        self.measure = measure
        self.attempts = attempts
    }

    /// A measure that can't be tried on this host.
    init(_ process: String, _ measure: String, notTried reason: String) {
        self.init(process, measure, [Attempt(.notTried, "", reason)])
    }

    /// Failed when anything failed, and fulfilled only when everything was tried.
    var verdict: Verdict {
        if attempts.contains(where: { $0.verdict == .failed }) || attempts.isEmpty { return .failed }
        return attempts.contains { $0.verdict == .notTried } ? .notTried : .ok
    }

    /// The attempts that decide the verdict, those with the same outcome together.
    var summary: String {
        var groups: [(happened: String, tried: [String])] = []
        for attempt in attempts where attempt.verdict == verdict {
            let happened = attempt.happened + (attempt.before.map { " (unconfined: \($0))" } ?? "")
            if let place = groups.firstIndex(where: { $0.happened == happened }) {
                groups[place].tried.append(attempt.tried)
            } else {
                groups.append((happened, [attempt.tried]))
            }
        }
        return groups.map { group in
            let tried = group.tried.filter { !$0.isEmpty }.joined(separator: ", ")
            return tried.isEmpty ? group.happened : "\(tried) → \(group.happened)"
        }.joined(separator: "; ")
    }

    var json: JSON {
        var object = JSONObject()
        object["process"] = JSON(process)
        object["measure"] = JSON(measure)
        object["verdict"] = JSON(verdict.rawValue)
        object["attempts"] = .array(
            attempts.map { attempt in
                var object = JSONObject()
                object["verdict"] = JSON(attempt.verdict.rawValue)
                object["tried"] = attempt.tried.isEmpty ? nil : JSON(attempt.tried)
                object["happened"] = JSON(attempt.happened)
                object["unconfined"] = attempt.before.map { JSON($0) }
                return .object(object)
            })
        return .object(object)
    }
}
