internal import GatewayPolicy

/// IPv4 and IPv6 prefixes as text.
enum AddressText {
    /// The prefix that a text names, or why it names none.
    static func prefix(_ text: String) throws(NameError) -> AddressPrefix {
        let (address, length) = try split(text)
        if let prefix = AddressPrefix(address: address, length: UInt8(length)) { return prefix }
        let masked = self.masked(address, length)
        throw NameError(
            "'\(text.shortened)' has bits behind its length", hint: "did you mean \(self.text(masked))/\(length)?")
    }

    /// The prefix that a text names, as the broker reads it in a message: bits behind the length don't count.
    static func destination(_ text: String) throws(NameError) -> AddressPrefix? {
        if let address = address(text) { return AddressPrefix(address: address, length: UInt8(address.count * 8)) }
        let (address, length) = try split(text)
        return AddressPrefix(address: masked(address, length), length: UInt8(length))
    }

    private static func masked(_ address: [UInt8], _ length: Int) -> [UInt8] {
        var masked = address
        for bit in length..<(address.count * 8) { masked[bit / 8] &= ~(0x80 >> UInt8(bit % 8)) }
        return masked
    }

    private static func split(_ text: String) throws(NameError) -> (address: [UInt8], length: Int) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = address(String(parts[0])) else {
            throw NameError("'\(text.shortened)' is not a prefix", hint: "write it as 10.0.0.0/8 or 2001:db8::/32")
        }
        let width = address.count * 8
        guard parts.count == 2 else {
            throw NameError("'\(text.shortened)' has no length", hint: "did you mean \(text.shortened)/\(width)?")
        }
        let digits = parts[1]
        guard !digits.isEmpty, digits.count <= 3, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            digits == "0" || digits.first != "0", let length = Int(digits), length <= width
        else { throw NameError("'\(text.shortened)' has no length between 0 and \(width)") }
        return (address, length)
    }

    /// 4 or 16 bytes, or nil.
    static func address(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        return text.contains(":") ? ipv6(text) : ipv4(text)
    }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || part.first != "0", let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, !text.contains(":::") else { return nil }
        guard let head = groups(String(halves[0])) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(String(halves[1])), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: String) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let last = ipv4(String(part)) else { return nil }
                bytes += last
            } else {
                guard (1...4).contains(part.count), part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }

    /// As RFC 5952 writes it.
    static func text(_ address: [UInt8]) -> String {
        guard address.count == 16 else { return address.map { String($0) }.joined(separator: ".") }
        let groups = (0..<8).map { UInt16(address[2 * $0]) << 8 | UInt16(address[2 * $0 + 1]) }
        var (longest, start) = (1, -1)
        for first in 0..<8 {
            let run = groups[first...].prefix { $0 == 0 }.count
            if run > longest { (longest, start) = (run, first) }
        }
        func join(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard start >= 0 else { return join(groups[...]) }
        return join(groups[..<start]) + "::" + join(groups[(start + longest)...])
    }

    /// A prefix as text.
    static func text(_ prefix: AddressPrefix) -> String { "\(text(prefix.address))/\(prefix.length)" }
}
