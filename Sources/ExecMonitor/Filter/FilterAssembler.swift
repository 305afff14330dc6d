/// One instruction of the kernel's filter machine (`struct sock_filter`, linux/filter.h).
struct FilterInstruction: Equatable, Sendable {
    var code: UInt16
    var jumpTrue: UInt8 = 0
    var jumpFalse: UInt8 = 0
    var value: UInt32

    /// Loads 32 bits of `struct seccomp_data`.
    static func load(_ offset: UInt32) -> FilterInstruction { FilterInstruction(code: 0x20, value: offset) }
    /// Goes on behind the next instruction unless the loaded value equals.
    static func skipUnlessEqual(_ value: UInt32, _ count: UInt8) -> FilterInstruction {
        FilterInstruction(code: 0x15, jumpFalse: count, value: value)
    }
    static func skipIfEqual(_ value: UInt32, _ count: UInt8) -> FilterInstruction {
        FilterInstruction(code: 0x15, jumpTrue: count, value: value)
    }
    static func skipUnlessAtLeast(_ value: UInt32, _ count: UInt8) -> FilterInstruction {
        FilterInstruction(code: 0x35, jumpFalse: count, value: value)
    }
    static func skipUnlessBits(_ value: UInt32, _ count: UInt8) -> FilterInstruction {
        FilterInstruction(code: 0x45, jumpFalse: count, value: value)
    }
    static func decide(_ verdict: FilterVerdict) -> FilterInstruction {
        FilterInstruction(code: 0x06, value: verdict.rawValue)
    }

    /// The 8 bytes in this machine's order.
    var bytes: [UInt8] {
        [UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8), jumpTrue, jumpFalse]
            + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
}

/// What a filter answers (`SECCOMP_RET_…`, linux/seccomp.h).
struct FilterVerdict: Equatable, Sendable {
    let rawValue: UInt32

    static let allow = FilterVerdict(rawValue: 0x7fff_0000)
    static let notify = FilterVerdict(rawValue: 0x7fc0_0000)
    static let killProcess = FilterVerdict(rawValue: 0x8000_0000)
    static func errno(_ number: Int32) -> FilterVerdict {
        FilterVerdict(rawValue: 0x0005_0000 | UInt32(UInt16(truncatingIfNeeded: number)))
    }
}

/// A condition on one argument; the kernel takes the arguments in question as 32-bit integers.
enum ArgumentCondition: Equatable, Sendable {
    case atLeast(Int, UInt32)
    case anyOf(Int, [UInt32])
    case hasBits(Int, UInt32)
    /// All 64 bits: a pointer that isn't NULL.
    case isNotNull(Int)

    /// Goes on behind these instructions when it holds, and `distance` further when it doesn't.
    fileprivate func test(_ distance: Int) -> [FilterInstruction] {
        let miss = UInt8(distance)
        switch self {
        case .atLeast(let index, let value):
            return [.load(Self.low(index)), .skipUnlessAtLeast(value, miss)]
        case .hasBits(let index, let bits):
            return [.load(Self.low(index)), .skipUnlessBits(bits, miss)]
        case .anyOf(let index, let values):
            let last = values.count - 1
            return [.load(Self.low(index))]
                + values.enumerated().map { place, value in
                    place == last
                        ? .skipUnlessEqual(value, miss) : .skipIfEqual(value, UInt8(last - place))
                }
        case .isNotNull(let index):
            return [
                .load(Self.low(index)), FilterInstruction(code: 0x15, jumpFalse: 2, value: 0),
                .load(Self.low(index) + 4), .skipIfEqual(0, miss),
            ]
        }
    }

    private static func low(_ index: Int) -> UInt32 { UInt32(16 + 8 * index) }
}

/// What is done with one system call.
struct FilterRule: Equatable, Sendable {
    var number: Int32
    /// The first whose conditions all hold decides; otherwise the call is carried out.
    var cases: [(conditions: [ArgumentCondition], verdict: FilterVerdict)]

    init(_ number: Int32, _ conditions: [ArgumentCondition] = [], _ verdict: FilterVerdict = .notify) {
        self.number = number
        cases = [(conditions, verdict)]
    }

    init(_ number: Int32, cases: [(conditions: [ArgumentCondition], verdict: FilterVerdict)]) {
        self.number = number
        self.cases = cases
    }

    static func == (left: FilterRule, right: FilterRule) -> Bool {
        left.number == right.number && left.cases.elementsEqual(right.cases) { $0 == $1 }
    }

    fileprivate var instructions: [FilterInstruction] {
        cases.flatMap { FilterRule.assemble($0.conditions, $0.verdict) } + [.decide(.allow)]
    }

    private static func assemble(_ conditions: [ArgumentCondition], _ verdict: FilterVerdict) -> [FilterInstruction] {
        var code = [FilterInstruction.decide(verdict)]
        for condition in conditions.reversed() { code = condition.test(code.count) + code }
        return code
    }
}

/// Rules turned into a program.
struct FilterAssembler {
    /// The instruction set whose calls are meant.
    var architecture: UInt32
    var rules: [FilterRule]

    /// Calls of another instruction set end the process; those of the x32 kind don't exist.
    func assemble() -> [FilterInstruction] {
        var code: [FilterInstruction] = [
            .load(4), .skipIfEqual(architecture, 1), .decide(.killProcess), .load(0),
            .skipUnlessAtLeast(0x4000_0000, 1), .decide(.errno(38)),
        ]
        for rule in rules {
            let body = rule.instructions
            code += [.skipUnlessEqual(UInt32(bitPattern: rule.number), UInt8(body.count))] + body
        }
        return code + [.decide(.allow)]
    }
}
