internal import LinuxSys

extension SealingReport {
    /// What is in force, then what isn't and why, as `nlgate doctor` prints it below the process's name.
    public var lines: [String] {
        let present = Measure.allCases.filter { measures.has($0) }.map(words)
        return wrapped("in force: ", present.joined(separator: ", ")) + absent
    }

    /// One line for each reason, with the measures that share it.
    private var absent: [String] {
        let mandatory = Measures.mandatory(for: role, kernel: kernel, root: root)
        var groups: [(reason: String, measures: [String])] = []
        for measure in Measure.allCases where !measures.has(measure) {
            let reason = why(measure, mandatory: mandatory.has(measure))
            if let index = groups.firstIndex(where: { $0.reason == reason }) {
                groups[index].measures.append("\(measure)")
            } else {
                groups.append((reason, ["\(measure)"]))
            }
        }
        return groups.flatMap { wrapped("not in force (\($0.reason)): ", $0.measures.joined(separator: ", ")) }
    }

    private func words(_ measure: Measure) -> String {
        measure == .capabilities ? "capabilities: \(permitted)" : "\(measure)"
    }

    private func why(_ measure: Measure, mandatory: Bool) -> String {
        let reason = reasons[Int(measure.rawValue)]
        if reason != 0 { return "\(Errno(rawValue: Int32(reason)))" }
        if mandatory { return "MISSING" }
        if let needed = measure.firstRelease, kernel.release < needed { return "needs Linux \(needed) or later" }
        if let abi = measure.firstLandlockABI, kernel.landlockABI < abi { return "needs Landlock ABI \(abi) or later" }
        return measure.reasonForAbsence(in: role, root: root)
    }
}

/// `text` in lines that fit a terminal, the second and later ones indented.
private func wrapped(_ title: String, _ text: String) -> [String] {
    var lines: [String] = []
    var line = title
    var isStart = true
    for word in text.split(separator: " ") {
        if !isStart, line.count + 1 + word.count > 98 {
            lines.append(line)
            line = "  "
            isStart = true
        }
        line += isStart ? word : " " + word
        isStart = false
    }
    return lines + [line]
}

extension Measure {
    fileprivate var firstRelease: KernelRelease? { self == .memoryDenyWriteExecute ? KernelRelease(6, 3) : nil }

    fileprivate var firstLandlockABI: Int32? {
        switch self {
        case .landlockFiles: 1
        case .landlockNetwork: 4
        case .landlockScopes: 6
        default: nil
        }
    }

    fileprivate func reasonForAbsence(in role: ProcessRole, root: Bool) -> String {
        switch self {
        case .userNamespace where root: return "not needed by root"
        case .socketCreationDropped where role == .broker: return "taken with the session's HELLO, after this report"
        case .socketCreationDropped where role == .reader: return "each session opens a socket"
        case .socketCreationDropped where [.frontend, .compiler, .keeper].contains(role):
            return "its filter has no socket() at all"
        case .lockedMemory where role != .keeper: return "it holds no key"
        case .lockedMemory: return "the limit on locked memory can't be raised; the key alone is locked"
        default: break
        }
        if role == .supervisor { return "it starts processes that need this undone" }
        return root ? "not for this process" : "the daemon doesn't run as root"
    }
}

extension Measure: CustomStringConvertible {
    /// In a person's words.
    public var description: String {
        switch self {
        case .environment: "clean environment"
        case .descriptors: "expected descriptors only"
        case .notDumpable: "not dumpable"
        case .noCoreFiles: "no core files"
        case .parentDeathSignal: "dies with the supervisor"
        case .normalState: "normal signals and directory"
        case .userNamespace: "own user namespace"
        case .networkNamespace: "its network namespace"
        case .ipcNamespace: "own IPC namespace"
        case .mountNamespace: "own mount namespace"
        case .emptyRoot: "empty root directory"
        case .resourceLimits: "resource limits"
        case .lockedMemory: "memory locked"
        case .boundingSet: "bounding set"
        case .secureBits: "secure bits"
        case .identity: "own user and group"
        case .capabilities: "capabilities"
        case .ambientSet: "no ambient capabilities"
        case .singleThread: "one thread"
        case .memoryDenyWriteExecute: "no memory made executable"
        case .noNewPrivileges: "no new privileges"
        case .landlockFiles: "no files by Landlock"
        case .landlockNetwork: "no TCP by Landlock"
        case .landlockScopes: "no outside signals and sockets by Landlock"
        case .systemCallFilter: "system call filter"
        case .narrowedFilter: "narrowed filter"
        case .socketCreationDropped: "no further sockets"
        }
    }
}

extension CapabilitySet: CustomStringConvertible {
    /// Such as "NET_ADMIN", or "none".
    public var description: String {
        let names = numbers.map { number in Self.names[number] ?? "\(number)" }
        return names.isEmpty ? "none" : names.joined(separator: " ")
    }

    private static let names: [Int32: String] = [
        2: "DAC_READ_SEARCH", 5: "KILL", 6: "SETGID", 7: "SETUID", 8: "SETPCAP", 12: "NET_ADMIN", 18: "SYS_CHROOT",
        21: "SYS_ADMIN", 24: "SYS_RESOURCE",
    ]
}
