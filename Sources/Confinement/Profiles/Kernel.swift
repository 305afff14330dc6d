/// Numbers of the kernel's interface that the tables compare arguments with, the same on x86_64 and aarch64.
enum Kernel {
    static let closeOnExec: UInt64 = 0o2000000
    static let nonBlocking: UInt64 = 0o4000

    // sys/socket.h
    static let unix: UInt64 = 1
    static let inet: UInt64 = 2
    static let netlink: UInt64 = 16
    static let raw: UInt64 = 3
    static let dontWait: UInt64 = 0x40
    static let noSignal: UInt64 = 0x4000
    static let truncate: UInt64 = 0x20
    static let cmsgCloseOnExec: UInt64 = 0x4000_0000

    // levels and options of setsockopt
    static let socketLevel: UInt64 = 1
    static let tcpLevel: UInt64 = 6
    static let netlinkLevel: UInt64 = 270

    // sys/mman.h
    static let readWriteProtection: UInt64 = 0x3
    static let privateAnonymous: UInt64 = 0x22
    static let noReserve: UInt64 = 0x4000
    static let stack: UInt64 = 0x20000
    static let mayMove: UInt64 = 1
    static let dontNeed: UInt64 = 4
    // MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT
    static let lockEverything: UInt64 = 7

    // fcntl.h
    static let duplicateCloseOnExec: UInt64 = 1030

    // linux/futex.h: FUTEX_WAKE_PRIVATE
    static let wakePrivate: UInt64 = 129
}
