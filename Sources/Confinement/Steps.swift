internal import CLinux
import Glibc
internal import LinuxSys

/// prctl(2) operations (linux/prctl.h).
enum Prctl {
    static let setDeathSignal: Int32 = 1
    static let getDeathSignal: Int32 = 2
    static let getDumpable: Int32 = 3
    static let setDumpable: Int32 = 4
    static let setName: Int32 = 15
    static let readBounding: Int32 = 23
    static let dropBounding: Int32 = 24
    static let getSecureBits: Int32 = 27
    static let setSecureBits: Int32 = 28
    static let setNoNewPrivileges: Int32 = 38
    static let ambient: Int32 = 47
    static let ambientClearAll: UInt = 4
    static let setMDWE: Int32 = 65
    static let getMDWE: Int32 = 66
    static let refuseExecGain: UInt = 1
}

/// Namespace flags of unshare(2) and setns(2) (linux/sched.h).
enum Clone {
    static let mount: Int32 = 0x0002_0000
    static let ipc: Int32 = 0x0800_0000
    static let user: Int32 = 0x1000_0000
    static let network: Int32 = 0x4000_0000
}

/// NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off and NO_CAP_AMBIENT_RAISE, each locked (linux/securebits.h).
let lockedSecureBits: UInt = 0b1110_1111

/// The single steps, for those processes that take them.
enum Steps {
    static func prctl(_ operation: Int32, _ first: UInt = 0, _ second: UInt = 0) throws(Errno) {
        try Confinement.check(nlg_prctl(operation, first, second))
    }

    static func noCoreFiles() throws(Errno) {
        try Confinement.check(nlg_set_limit(Limit.core, 0, 0))
    }

    static func setName(_ name: String) {
        // SAFETY: the kernel reads at most 16 bytes of the NUL-terminated string during the call.
        _ = unsafe name.withCString { nlg_prctl(Prctl.setName, UInt(bitPattern: $0), 0) }
    }

    /// Drops everything but `kept`, up to the last capability that the kernel knows.
    static func dropBounding(keeping kept: CapabilitySet) throws(Errno) {
        for number in 0..<UInt(64) {
            let present = nlg_prctl(Prctl.readBounding, number, 0)
            if present < 0 { return }
            if present == 1, kept.rawValue & (1 << UInt64(number)) == 0 { try prctl(Prctl.dropBounding, number) }
        }
    }

    static func setCapabilities(_ permitted: CapabilitySet, effective: CapabilitySet) throws(Errno) {
        try CapabilityState(permitted: permitted, effective: effective).apply()
    }

    /// A user namespace in which the calling user stays itself; it brings the capabilities for the other namespaces.
    static func enterUserNamespace(_ process: borrowing Descriptor) throws(Errno) {
        let uid = getuid()
        let gid = getgid()
        try Confinement.check(nlg_unshare(Clone.user))
        // The map files belong to root while the process isn't dumpable.
        try prctl(Prctl.setDumpable, 1)
        try write("deny", to: "setgroups", of: process)
        try write("\(uid) \(uid) 1", to: "uid_map", of: process)
        try write("\(gid) \(gid) 1", to: "gid_map", of: process)
        try prctl(Prctl.setDumpable, 0)
    }

    private static func write(_ text: String, to path: String, of process: borrowing Descriptor) throws(Errno) {
        // SAFETY: both strings are NUL-terminated and only read during the call.
        try Confinement.check(unsafe nlg_write_file_at(process.raw, path, text))
    }

    static func landlock(files: Bool, kernel: KernelFacts) throws(Errno) {
        let abi = kernel.landlockABI
        let network: UInt64 = files && abi >= 4 ? 0x3 : 0
        let scopes: UInt64 = abi >= 6 ? 0x3 : 0
        let result = nlg_landlock_restrict(files ? fileRights(abi) : 0, network, scopes, abi)
        try Confinement.check(result)
    }

    /// Every LANDLOCK_ACCESS_FS_ bit that the ABI has.
    private static func fileRights(_ abi: Int32) -> UInt64 {
        if abi >= 5 { return 0xffff }
        if abi >= 3 { return 0x7fff }
        return abi == 2 ? 0x3fff : 0x1fff
    }
}
