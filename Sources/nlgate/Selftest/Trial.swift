import CSelftest
import Glibc

/// What should come of a trial.
enum Wanted: Sendable {
    /// The kernel does it.
    case done
    /// The kernel does it, and the call returns this.
    case value(Int64)
    /// The kernel refuses with one of these.
    case errors([Int32])
    /// The call gets as far as the kernel, which does it or refuses: only a filter is in the way of that.
    case anyAnswer
    /// The process dies of SIGSYS.
    case killed

    static func error(_ number: Int32) -> Wanted { .errors([number]) }

    func isFulfilled(by answer: Answer) -> Bool {
        switch (self, answer) {
        case (.done, .done), (.anyAnswer, .done), (.anyAnswer, .error), (.killed, .killed(SIGSYS)): true
        case (.value(let wanted), .done(let value)): value == wanted
        case (.errors(let wanted), .error(let number)): wanted.contains(number)
        default: false
        }
    }
}

/// One thing that a process does by system calls, in a process without confinement and in a confined one.
struct Trial: Sendable {
    let name: String
    /// What it is without confinement; nil where that says nothing.
    let before: Wanted?
    let after: Wanted
    let body: @Sendable (TracedProcess) throws(SubjectLost) -> Int64

    init(
        _ name: String, before: Wanted? = .done, after: Wanted = .killed,
        _ body: @escaping @Sendable (TracedProcess) throws(SubjectLost) -> Int64
    ) {
        self.name = name
        self.before = before
        self.after = after
        self.body = body
    }

    /// What it is in this process.
    func answer(of subject: TracedProcess) -> Answer {
        do throws(SubjectLost) {
            return Answer(try body(subject))
        } catch {
            return error.answer
        }
    }

    /// What it is in a process that nothing confines.
    func answerUnconfined() -> Answer {
        do throws(SubjectLost) {
            return answer(of: try TracedProcess(unconfined: 0))
        } catch {
            return error.answer
        }
    }

    /// The verdict on both.
    func attempt(unconfined: Answer?, confined: Answer) -> Attempt {
        let shown = unconfined.map { answer in
            if case (.value?, .done(let value)) = (before, answer) { return "\(value)" }
            return "\(answer)"
        }
        if let before, let unconfined, !before.isFulfilled(by: unconfined) {
            // What doesn't work without confinement proves nothing about it.
            return Attempt(.notTried, name, "an unconfined process can't do it here: \(unconfined)")
        }
        if case (.value, .done(let value)) = (after, confined) {
            return Attempt(after.isFulfilled(by: confined), name, "\(value)", before: shown)
        }
        if case .untraceable = confined { return Attempt(.notTried, name, "\(confined)") }
        return Attempt(after.isFulfilled(by: confined), name, "\(confined)", before: shown)
    }
}

/// Trials that prove one measure.
struct TrialGroup {
    let measure: String
    let trials: [Trial]
    /// Why the kernel of this host can't have the measure; nil when it can.
    var missing: String?
}

// Numbers of the kernel's interface.
let workingDirectory = UInt64(bitPattern: -100)
let everything = UInt64.max

extension [UInt8] {
    /// struct sockaddr_in for 127.0.0.1.
    static func loopback(port: UInt16) -> [UInt8] {
        [2, 0, UInt8(port >> 8), UInt8(port & 255), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    /// struct sockaddr_un with an abstract name.
    static func abstract(_ name: String) -> [UInt8] { [1, 0, 0] + Array(name.utf8) }

    /// Words of 8 bytes.
    static func words(_ values: UInt64...) -> [UInt8] {
        values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
    }

    /// RTM_SETLINK that sets the loopback interface up, with NLM_F_ACK.
    static let linkUp: [UInt8] = [
        32, 0, 0, 0, 19, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
    ]
}
