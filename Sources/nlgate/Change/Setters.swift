import NetlinkFamilies

/// What one word of a kind's options does: it takes its values from the words that follow, and sets attributes.
typealias Setter<Info> = (inout Words, String, inout Info) async throws -> Void

/// Setters for attributes of one nest.
enum Setting {
    static func number<Info, Value: FixedWidthInteger & AttributeValue>(
        _ key: AttributeKey<Info, Value>
    ) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in info[key] = try words.number(of: name) }
    }

    static func named<Info, Value: FixedWidthInteger & AttributeValue>(
        _ key: AttributeKey<Info, Value>, _ names: KeyValuePairs<String, Value>
    ) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in info[key] = try words.named(of: name, names) }
    }

    /// Numbers 0, 1, … by their names.
    static func listed<Info, Value: FixedWidthInteger & AttributeValue>(
        _ key: AttributeKey<Info, Value>, _ names: [String]
    ) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in
            let text = try words.value(of: name)
            guard let place = names.firstIndex(of: text).map({ Value($0) }) ?? Words.number(text, Value.self) else {
                throw Failure(2, "\(name) takes \(names.joined(separator: ", ")), not \(text)")
            }
            info[key] = place
        }
    }

    /// A word that says all by itself.
    static func constant<Info, Value>(
        _ key: AttributeKey<Info, Value>, _ value: Value
    ) -> Setter<Info> where Info: AttributeContainer {
        { _, _, info in info[key] = value }
    }

    static func link<Info>(
        _ key: AttributeKey<Info, UInt32>, _ lookup: Lookup
    ) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in info[key] = try await lookup.index(try words.value(of: name)) }
    }

    static func linkAddress<Info>(
        _ key: AttributeKey<Info, LinkAddress>
    ) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in info[key] = try words.linkAddress(of: name) }
    }

    /// `on` and `off`.
    static func onOff<Info>(_ key: AttributeKey<Info, UInt8>) -> Setter<Info> where Info: AttributeContainer {
        { words, name, info in info[key] = try words.isOn(name) ? 1 : 0 }
    }

    /// A word with its opposite: `learning` and `nolearning`.
    static func pair<Info>(_ word: String, _ key: AttributeKey<Info, UInt8>) -> [(String, Setter<Info>)]
    where Info: AttributeContainer {
        [(word, constant(key, 1)), ("no" + word, constant(key, 0))]
    }
}

extension Words {
    /// Takes all words that are left; each must be one that `setters` has.
    mutating func set<Info>(
        _ info: inout Info, _ what: String, _ setters: [(String, Setter<Info>)]
    ) async throws {
        while let word = next() {
            guard let setter = setters.first(where: { $0.0 == word })?.1 else {
                let known = setters.map(\.0).joined(separator: ", ")
                throw Failure(2, "\(what) doesn't know \(word); it knows \(known)")
            }
            try await setter(&self, word, &info)
        }
    }
}
