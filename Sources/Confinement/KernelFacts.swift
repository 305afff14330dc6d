internal import CLinux

/// The first two numbers of a kernel's version.
public struct KernelRelease: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The 6 of 6.18.
    public var major: Int32
    /// The 18 of 6.18.
    public var minor: Int32

    /// The release `major.minor`.
    public init(_ major: Int32, _ minor: Int32) {
        self.major = major
        self.minor = minor
    }

    /// Compares release numbers, not text: 6.9 is older than 6.12.
    public static func < (left: KernelRelease, right: KernelRelease) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Such as "6.18".
    public var description: String { "\(major).\(minor)" }
}

/// What the running kernel can enforce, asked by its own numbers.
public struct KernelFacts: Equatable, Sendable {
    /// The oldest kernel that has everything nlgate insists on.
    public static let floor = KernelRelease(6, 1)

    /// The kernel's version.
    public var release: KernelRelease
    /// Landlock's ABI number, 0 when the kernel was started without Landlock.
    public var landlockABI: Int32
    /// Start on a kernel below the floor, or without Landlock, all the same.
    ///
    /// Only `--insecure-old-kernel` sets it.
    public var insecureOldKernel: Bool

    /// Facts stated by the caller, for tests and for a report from another process.
    public init(release: KernelRelease, landlockABI: Int32, insecureOldKernel: Bool = false) {
        self.release = release
        self.landlockABI = landlockABI
        self.insecureOldKernel = insecureOldKernel
    }

    /// Asks the running kernel.
    public static func running(insecureOldKernel: Bool = false) -> KernelFacts {
        var major: Int32 = 0
        var minor: Int32 = 0
        // SAFETY: the C function writes two integers.
        _ = unsafe nlg_kernel_release(&major, &minor)
        return KernelFacts(
            release: KernelRelease(major, minor), landlockABI: max(0, nlg_landlock_abi()),
            insecureOldKernel: insecureOldKernel)
    }

    /// True when every mandatory measure can be asked for.
    public var meetsFloor: Bool { release >= Self.floor && landlockABI >= 1 }
}
