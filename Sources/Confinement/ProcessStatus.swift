internal import LinuxSys

/// The parts of /proc/self/status that sealing is judged by.
struct ProcessStatus: Equatable {
    var uids: [UInt32] = []
    var gids: [UInt32] = []
    var groups: [UInt32] = []
    var threads: UInt32 = 0
    var noNewPrivileges: UInt32 = 0
    var seccompMode: UInt32 = 0
    var filterCount: UInt32 = 0
    var inheritable: CapabilitySet = []
    var permitted: CapabilitySet = []
    var effective: CapabilitySet = []
    var bounding: CapabilitySet = []
    var ambient: CapabilitySet = []
    /// Memory that stays out of swap space, in KiB.
    var lockedMemory: UInt32 = 0

    /// Reads a descriptor of the file to its end; nil when a field that decides something isn't there.
    init?(reading file: borrowing Descriptor) throws(Errno) {
        self.init(text: try file.readAll(limit: 64 * 1024))
    }

    init?(text: [UInt8]) {
        var fields: [String: [Substring]] = [:]
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let values = line[line.index(after: colon)...].split { $0 == "\t" || $0 == " " }
            fields[String(line[..<colon])] = values
        }
        func numbers(_ name: String) -> [UInt32]? { fields[name]?.compactMap { UInt32($0) } }
        func number(_ name: String) -> UInt32? { numbers(name)?.first }
        func set(_ name: String) -> CapabilitySet? {
            fields[name]?.first.flatMap { UInt64($0, radix: 16) }.map { CapabilitySet(rawValue: $0) }
        }
        guard let uids = numbers("Uid"), uids.count == 4, let gids = numbers("Gid"), gids.count == 4,
            let groups = numbers("Groups"), let threads = number("Threads"),
            let noNewPrivileges = number("NoNewPrivs"), let seccompMode = number("Seccomp"),
            let filterCount = number("Seccomp_filters"), let inheritable = set("CapInh"),
            let permitted = set("CapPrm"), let effective = set("CapEff"), let bounding = set("CapBnd"),
            let ambient = set("CapAmb")
        else { return nil }
        self.uids = uids
        self.gids = gids
        self.groups = groups
        self.threads = threads
        self.noNewPrivileges = noNewPrivileges
        self.seccompMode = seccompMode
        self.filterCount = filterCount
        self.inheritable = inheritable
        self.permitted = permitted
        self.effective = effective
        self.bounding = bounding
        self.ambient = ambient
        lockedMemory = number("VmLck") ?? 0
    }
}
