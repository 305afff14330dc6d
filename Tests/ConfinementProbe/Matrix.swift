import CProbe
import Confinement
import Glibc

/// One raw call, in a child that has only the filters of a role.
private final class Trial {
    let filters: [SystemCallFilter]
    let number: Int64
    let arguments: [UInt64]
    let int80: Bool

    init(_ filters: [SystemCallFilter], _ number: Int64, _ arguments: [UInt64] = [], int80: Bool = false) {
        self.filters = filters
        self.number = number
        self.arguments = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        self.int80 = int80
    }

    /// The wait status; SIGALRM when the call waits for something.
    func run() -> Int32 {
        let status = unsafe probe_in_child(
            { context in
                guard let context = unsafe context else { return 255 }
                // SAFETY: the pointer is the object that lives until the child has ended.
                return unsafe Unmanaged<Trial>.fromOpaque(context).takeUnretainedValue().attempt()
            }, Unmanaged.passUnretained(self).toOpaque(), 100)
        return withExtendedLifetime(self) { status }
    }

    private func attempt() -> Int32 {
        for filter in filters { guard (try? filter.install()) != nil else { return 99 } }
        // SAFETY: the C function reads six values.
        let result = int80 ? probe_int80(Int32(number)) : unsafe probe_syscall(number, arguments)
        return result == -38 ? 38 : 0
    }
}

private let killed = Int32(SIGSYS)

/// Tries every call number and every tested argument of a role's last table; says what was decided wrongly.
func runMatrix(_ options: Options) -> Never {
    // No process has this number, so that the one allowed tgkill hits nobody.
    let nobody: Int32 = 0x7fff_fff0
    let plan = options.plan(parent: 0)
    let tables = SyscallTable.tables(for: plan, pid: nobody)
    guard let table = tables.last,
        let filters = try? tables.map({ (table) throws(SealingError) in
            try SystemCallFilter(table)
        })
    else { stop(30, .table("it doesn't compile")) }
    guard call("prctl", 38, 1) == 0 else { exit(31) }
    var tried = 0
    var wrong = 0
    func expect(_ kill: Bool, _ trial: Trial, _ name: String) {
        tried += 1
        let status = trial.run()
        guard (status & 0x7f == killed) != kill else { return }
        wrong += 1
        say("wrong: \(name) ended with status \(status), \(kill ? "not killed" : "killed")")
    }
    let allowed = Set((table.rules.map(\.name) + table.absent).compactMap { SystemCalls.number($0, on: .native) })
    switch options["what"] {
    case "numbers":
        for number in Int32(0)..<512 where !allowed.contains(number) {
            expect(true, Trial(filters, Int64(number)), "\(number)")
        }
        for name in table.absent {
            let status = Trial(filters, Int64(SystemCalls.number(name) ?? -1)).run()
            if status != 38 << 8 { say("wrong: \(name) isn't ENOSYS but \(status)") }
        }
    case "foreign":
        for number in [Int64(39), 0, 1, 59, 41] { expect(true, Trial(filters, number | 0x4000_0000), "x32 \(number)") }
        for number in Int64(512)...547 {
            expect(true, Trial(filters, number), "\(number)")
            expect(true, Trial(filters, number | 0x4000_0000), "x32 \(number)")
        }
        // getpid, socketcall, execve, exit, read
        for number in [Int64(20), 102, 11, 1, 3] {
            expect(true, Trial(filters, number, int80: true), "int 0x80 \(number)")
        }
    default:
        for rule in table.rules { tryArguments(rule, filters, expect) }
    }
    say("tried: \(tried)")
    exit(wrong == 0 ? 0 : 32)
}

private func tryArguments(
    _ rule: SyscallRule, _ filters: [SystemCallFilter], _ expect: (Bool, Trial, String) -> Void
) {
    guard let number = SystemCalls.number(rule.name, on: .native) else { return }
    for alternative in rule.alternatives + rule.refused {
        var fitting = [UInt64](repeating: 0, count: 6)
        for argument in alternative { fitting[Int(argument.index)] = argument.test.example }
        expect(false, Trial(filters, Int64(number), fitting), "\(rule.name) \(fitting)")
        for argument in alternative {
            for change in [fitting[Int(argument.index)] ^ 1 << 32, fitting[Int(argument.index)] &+ 1, UInt64.max] {
                var changed = fitting
                changed[Int(argument.index)] = change
                expect(
                    !rule.accepts(changed) && !rule.refuses(changed), Trial(filters, Int64(number), changed),
                    "\(rule.name) \(changed)")
            }
        }
    }
}

extension ArgumentTest {
    /// A value that passes.
    fileprivate var example: UInt64 {
        switch self {
        case .equal(let value): value
        case .masked(_, let value): value
        }
    }
}
