import LinuxSys

/// Ids that tie a refusal's text to the log: unique within a process, and not to be guessed from another's.
final class DenialIDs {
    private let prefix: String
    private var count: UInt32 = 0

    init() {
        prefix = randomBytes(3).map { hexadecimal(UInt32($0), digits: 2) }.joined()
    }

    func next() -> String {
        count &+= 1
        return prefix + hexadecimal(count, digits: 4)
    }
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
