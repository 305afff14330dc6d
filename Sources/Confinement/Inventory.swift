internal import CLinux
internal import LinuxSys

/// What was handed to the process by whoever started it.
enum Inventory {
    /// The open descriptors, rising.
    static func descriptors() throws(Errno) -> [Int32] {
        var numbers = [Int32](repeating: -1, count: 1024)
        // SAFETY: the C function writes at most as many numbers as the array has.
        let count = unsafe nlg_list_descriptors(&numbers, Int32(numbers.count))
        try check(count)
        guard count <= numbers.count else { throw Errno(rawValue: 7) }
        return numbers[..<Int(count)].sorted()
    }

    /// True when the environment is the clean one and nothing else.
    static func environmentIsClean() -> Bool {
        // SAFETY: the C function returns a NUL-terminated string of the environment or nil.
        guard let only = unsafe nlg_environment(0) else { return false }
        return unsafe String(cString: only) == cleanEnvironment && nlg_environment(1) == nil
    }

    /// True when nothing above standard error would survive an exec.
    static func nothingIsInheritable() throws(Errno) -> Bool {
        for number in try descriptors() where number > 2 {
            // F_GETFD, FD_CLOEXEC
            let flags = nlg_descriptor_flags(number)
            try check(flags)
            if flags & 1 == 0 { return false }
        }
        return true
    }
}
