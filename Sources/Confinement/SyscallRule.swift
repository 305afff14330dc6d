/// How one argument of a system call must be; always all 64 bits of the register.
public enum ArgumentTest: Equatable, Sendable {
    /// The argument is exactly this value.
    case equal(UInt64)
    /// The bits of the mask are exactly this value.
    case masked(UInt64, UInt64)

    /// Every bit outside `bits` is clear.
    public static func only(_ bits: UInt64) -> ArgumentTest { .masked(~bits, 0) }

    /// `bits` are set, and beyond them none but `optional`.
    public static func exactly(_ bits: UInt64, optional: UInt64) -> ArgumentTest { .masked(~optional, bits) }

    /// What the filter decides for this value.
    public func accepts(_ value: UInt64) -> Bool {
        switch self {
        case .equal(let wanted): value == wanted
        case .masked(let mask, let wanted): value & mask == wanted
        }
    }
}

/// One argument of a system call and what it must be.
public struct ArgumentRule: Equatable, Sendable {
    /// 0 to 5.
    public var index: UInt32
    /// The condition.
    public var test: ArgumentTest

    /// Argument `index` passes `test`.
    public init(_ index: UInt32, _ test: ArgumentTest) {
        self.index = index
        self.test = test
    }

    /// Argument `index` is exactly `value`.
    public init(_ index: UInt32, _ value: UInt64) {
        self.init(index, .equal(value))
    }
}

/// One allowed system call.
public struct SyscallRule: Equatable, Sendable {
    /// Where the call exists.
    public enum Architectures: Sendable {
        /// x86_64 and aarch64.
        case both
        /// Only x86_64; newer architectures have a replacement.
        case x86
    }

    /// The kernel's name.
    public var name: String
    /// Any of these lists of conditions admits the call; none at all admits every argument.
    public var alternatives: [[ArgumentRule]]
    /// These forms answer EPERM instead of ending the process: a library tries them and can do without.
    public var refused: [[ArgumentRule]] = []
    /// Who calls it, and why its arguments are as they are.
    public var reason: String
    /// Where the call exists.
    public var architectures: Architectures

    /// A call with all its conditions at once.
    public init(_ name: String, _ arguments: [ArgumentRule], on: Architectures = .both, _ reason: String) {
        self.init(name, anyOf: [arguments], on: on, reason)
    }

    /// A call with whatever arguments.
    public init(_ name: String, on: Architectures = .both, _ reason: String) {
        self.init(name, anyOf: [], on: on, reason)
    }

    /// A call with several forms.
    public init(_ name: String, anyOf alternatives: [[ArgumentRule]], on: Architectures = .both, _ reason: String) {
        self.name = name
        self.alternatives = alternatives
        self.reason = reason
        architectures = on
    }

    /// What the filter decides for these six arguments.
    public func accepts(_ arguments: [UInt64]) -> Bool {
        alternatives.isEmpty || Self.matches(alternatives, arguments)
    }

    /// True when the filter answers EPERM.
    public func refuses(_ arguments: [UInt64]) -> Bool { Self.matches(refused, arguments) }

    private static func matches(_ forms: [[ArgumentRule]], _ arguments: [UInt64]) -> Bool {
        forms.contains { $0.allSatisfy { $0.test.accepts(arguments[Int($0.index)]) } }
    }
}

/// The allow-list of one process at one stage.
public struct SyscallTable: Sendable {
    /// For error texts.
    public var name: String
    /// The allowed calls.
    public var rules: [SyscallRule]
    /// Calls answered ENOSYS, where the C library falls back to an allowed one.
    public var absent: [String]

    /// A table; ``lint()`` finds mistakes in it.
    public init(name: String, rules: [SyscallRule], absent: [String] = ["clone3"]) {
        self.name = name
        self.rules = rules
        self.absent = absent
    }

    /// What is wrong with the table; empty when nothing is.
    public func lint() -> [String] {
        var faults: [String] = []
        var seen: Set<String> = []
        for name in rules.map(\.name) + absent where !seen.insert(name).inserted {
            // libseccomp would keep the wider of two rules without a word.
            faults.append("\(name) is listed twice")
        }
        for rule in rules {
            if rule.reason.isEmpty { faults.append("\(rule.name) has no reason") }
            if SystemCalls.number(rule.name) == nil { faults.append("\(rule.name) is no system call") }
            if rule.alternatives.isEmpty, !rule.refused.isEmpty { faults.append("\(rule.name) refuses what it allows") }
            for alternative in rule.alternatives + rule.refused { faults += Self.lint(rule.name, alternative) }
        }
        return faults
    }

    private static func lint(_ name: String, _ alternative: [ArgumentRule]) -> [String] {
        if alternative.isEmpty { return ["\(name) has a form without conditions beside others"] }
        if Set(alternative.map(\.index)).count != alternative.count { return ["\(name) tests an argument twice"] }
        if alternative.contains(where: { $0.index > 5 }) { return ["\(name) tests an argument that doesn't exist"] }
        let impossible = alternative.contains {
            if case .masked(let mask, let value) = $0.test { value & ~mask != 0 } else { false }
        }
        return impossible ? ["\(name) can never match"] : []
    }
}
