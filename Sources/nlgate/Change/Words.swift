import NetlinkFamilies
import RemoteNetlink

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

    mutating func number<Number: FixedWidthInteger>(of name: String, _ type: Number.Type = Number.self) throws -> Number
    {
        let text = try value(of: name)
        let isHex = text.hasPrefix("0x")
        guard let number = Number(isHex ? text.dropFirst(2) : text[...], radix: isHex ? 16 : 10) else {
            throw Failure(2, "\(name) takes a number up to \(Number.max), not \(text)")
        }
        return number
    }

    mutating func prefix(of name: String) throws -> IPPrefix {
        let text = try value(of: name)
        guard let prefix = IPPrefix(text) else { throw Failure(2, "\(name) takes an address, not \(text)") }
        return prefix
    }

    mutating func address(of name: String) throws -> IPAddress {
        let text = try value(of: name)
        guard let address = IPAddress(text) else { throw Failure(2, "\(name) takes an address, not \(text)") }
        return address
    }

    mutating func linkAddress(of name: String) throws -> LinkAddress {
        let text = try value(of: name)
        guard let address = LinkAddress(text) else {
            throw Failure(2, "\(name) takes an address such as 02:00:00:00:00:01, not \(text)")
        }
        return address
    }

    /// One of several words, with its number.
    mutating func choice<Number>(of name: String, _ words: KeyValuePairs<String, Number>) throws -> Number {
        let text = try value(of: name)
        guard let found = words.first(where: { $0.key == text }) else {
            throw Failure(2, "\(name) takes \(words.map(\.key).joined(separator: ", ")), not \(text)")
        }
        return found.value
    }

    /// Says that a word means nothing here.
    static func unknown(_ word: String, _ what: String) -> Failure {
        Failure(2, "\(what) doesn't know \(word)")
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
