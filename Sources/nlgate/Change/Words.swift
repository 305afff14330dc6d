import NetlinkFamilies
import RemoteNetlink

/// What words refer to on the kernel that is asked.
struct Lookup: Sendable {
    /// Index of the link of this name.
    let index: @Sendable (String) async throws -> UInt32
}

extension Lookup {
    /// Asks the kernel.
    init(_ ip: IPRoute) {
        index = { name in try await ip.index(name) }
    }
}

extension IPRoute {
    /// Index of the link of this name.
    func index(_ name: String) async throws -> UInt32 {
        do throws(NetlinkError) {
            return try await link(name).index
        } catch {
            if error.errno == 19 { throw Failure(1, "there is no interface \(name)") }
            throw Failure(error)
        }
    }
}

/// The words of a command in iproute2's manner, taken one after the other.
struct Words {
    private var rest: ArraySlice<String>

    init(_ words: [String]) {
        rest = words[...]
    }

    var isEmpty: Bool { rest.isEmpty }
    /// The next word, which stays.
    var peek: String? { rest.first }

    mutating func next() -> String? { rest.popFirst() }

    /// Takes the next word if it is this one.
    mutating func take(_ word: String) -> Bool {
        guard rest.first == word else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// The word that must follow `name`.
    mutating func value(of name: String) throws -> String {
        guard let value = rest.popFirst() else { throw Failure(2, "\(name) needs a value") }
        return value
    }

    /// A number, as C writes it: decimal, hexadecimal after 0x.
    mutating func number<Number: FixedWidthInteger>(of name: String, _ type: Number.Type = Number.self) throws -> Number
    {
        let text = try value(of: name)
        guard let number = Words.number(text, type) else {
            throw Failure(2, "\(name) takes a number from \(Number.min) to \(Number.max), not \(text)")
        }
        return number
    }

    static func number<Number: FixedWidthInteger>(_ text: String, _ type: Number.Type = Number.self) -> Number? {
        let isHex = text.hasPrefix("0x")
        guard text.first != "+" else { return nil }
        return Number(isHex ? text.dropFirst(2) : text[...], radix: isHex ? 16 : 10)
    }

    /// Two numbers with `separator` between them, or one for both.
    mutating func range<Number: FixedWidthInteger>(of name: String, _ separator: Character) throws -> ClosedRange<
        Number
    > {
        let text = try value(of: name)
        let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false).map {
            Words.number(String($0), Number.self)
        }
        guard let first = parts.first ?? nil, let last = parts.last ?? nil, first <= last else {
            throw Failure(2, "\(name) takes a number, or two as in 1\(separator)5, not \(text)")
        }
        return first...last
    }

    /// An address with a prefix length or a netmask; missing parts of an IPv4 address are 0.
    mutating func prefix(of name: String) throws -> IPPrefix {
        let text = try value(of: name)
        guard let prefix = Words.prefix(text) else {
            throw Failure(2, "\(name) takes an address such as 192.0.2.0/24 or 2001:db8::/32, not \(text)")
        }
        return prefix
    }

    static func prefix(_ text: String) -> IPPrefix? {
        if let prefix = IPPrefix(text) { return prefix }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].contains(":") else { return nil }
        let missing = 3 - parts[0].count { $0 == "." }
        let full = parts[0] + String(repeating: ".0", count: max(0, missing))
        if let prefix = IPPrefix("\(full)/\(parts[1])") { return prefix }
        guard let address = IPAddress(String(full)), let mask = IPAddress(String(parts[1])), mask.length == 4 else {
            return nil
        }
        let bits = UInt32(truncatingIfNeeded: mask.high >> 32)
        guard bits.leadingZeroBitCount == 0 || bits == 0,
            (~bits).nonzeroBitCount == (~bits).bitWidth - (~bits).leadingZeroBitCount
        else { return nil }
        return IPPrefix(address, length: UInt8(bits.nonzeroBitCount))
    }

    mutating func address(of name: String) throws -> IPAddress {
        let text = try value(of: name)
        guard let address = IPAddress(text) else { throw Failure(2, "\(name) takes an IP address, not \(text)") }
        return address
    }

    mutating func linkAddress(of name: String) throws -> LinkAddress {
        let text = try value(of: name)
        guard let address = LinkAddress(text) else {
            throw Failure(2, "\(name) takes an address such as 02:00:00:00:00:01, not \(text)")
        }
        return address
    }

    /// One of several words, with what it stands for.
    mutating func choice<Value>(of name: String, _ words: KeyValuePairs<String, Value>) throws -> Value {
        let text = try value(of: name)
        guard let found = words.first(where: { $0.key == text }) else {
            throw Failure(2, "\(name) takes \(words.map(\.key).joined(separator: ", ")), not \(text)")
        }
        return found.value
    }

    /// One of several words, or a number.
    mutating func named<Number: FixedWidthInteger>(of name: String, _ words: KeyValuePairs<String, Number>) throws
        -> Number
    {
        let text = try value(of: name)
        if let found = words.first(where: { $0.key == text }) { return found.value }
        guard let number = Words.number(text, Number.self) else {
            throw Failure(2, "\(name) takes \(words.map(\.key).joined(separator: ", ")) or a number, not \(text)")
        }
        return number
    }

    mutating func isOn(_ name: String) throws -> Bool {
        try choice(of: name, ["on": true, "off": false])
    }

    /// Says that a word means nothing here.
    static func unknown(_ word: String, _ what: String) -> Failure {
        Failure(2, "\(what) doesn't know \(word)")
    }
}

/// Names that several objects have.
extension Words {
    static let scopes: KeyValuePairs<String, RouteScope> = [
        "global": .universe, "universe": .universe, "site": .site, "link": .link, "host": .host, "nowhere": .nowhere,
    ]

    mutating func scope(of name: String) throws -> RouteScope {
        let text = try value(of: name)
        if let found = Words.scopes.first(where: { $0.key == text }) { return found.value }
        guard let number = Words.number(text, UInt8.self) else {
            throw Failure(
                2, "\(name) takes \(Words.scopes.map(\.key).joined(separator: ", ")) or a number, not \(text)")
        }
        return RouteScope(rawValue: number)
    }

    mutating func table(of name: String) throws -> RouteTable {
        RouteTable(
            rawValue: try named(
                of: name,
                [
                    "main": RouteTable.main.rawValue, "local": RouteTable.local.rawValue,
                    "default": RouteTable.standard.rawValue,
                ]))
    }

    /// Who set a route, a rule, a neighbour.
    mutating func origin(of name: String) throws -> UInt8 {
        let text = try value(of: name)
        if let found = Names.origins.first(where: { $0.value == text }) { return found.key }
        guard let number = Words.number(text, UInt8.self) else {
            throw Failure(2, "\(name) takes a name such as static or bgp, or a number up to 255, not \(text)")
        }
        return number
    }

    mutating func group(of name: String) throws -> UInt32 { try named(of: name, ["default": 0]) }
}
