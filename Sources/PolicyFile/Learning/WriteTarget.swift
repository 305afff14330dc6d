internal import GatewayPolicy

/// What a write was about, as far as a `where` can say it.
struct WriteTarget: Hashable {
    var interfaces: [String] = []
    var table: UInt32?
    var routeProtocol: String?
    var linkKinds: [String] = []
    /// Apart from the rest, since a role can have many.
    var destination: String?

    /// The longest that each part of the log's text can be: one that is missing may have had no room.
    private static let room: KeyValuePairs<WhereKey, Int> = [
        .interface: 20, .table: 16, .protocol: 20, .linkKind: 20, .destinationIn: 48,
    ]
    private static let longestText = 64

    /// Nothing.
    init() {}

    /// What the log's text says.
    ///
    /// - Throws: `AuditLine.Skip` when a role made of it would let pass more than was seen.
    init(_ text: String, _ family: Family, _ operation: Operation) throws(AuditLine.Skip) {
        let keys = ConditionObjects.keys(family, operation)
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[1].isEmpty else { throw .incomplete }
            try take(parts[0], parts[1], keys)
        }
        for (key, length) in WriteTarget.room where keys.contains(key) && !has(key) {
            guard text.utf8.count + length < WriteTarget.longestText else { throw .incomplete }
        }
        interfaces = Set(interfaces).sorted()
        linkKinds = Set(linkKinds).sorted()
    }

    private mutating func take(_ name: String, _ value: String, _ keys: [WhereKey]) throws(AuditLine.Skip) {
        switch name {
        case "dev" where keys.contains(.interface):
            // A link that had no name by then, one message for many links, and what would be a pattern in a policy.
            guard !value.hasPrefix("#"), value != "group", WriteTarget.isExact(value), !value.contains("/") else {
                throw .incomplete
            }
            interfaces.append(value)
        case "kind" where keys.contains(.linkKind):
            guard value.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
            else { throw .incomplete }
            linkKinds.append(value)
        case "table" where keys.contains(.table):
            guard let number = UInt32(value), number > 0 else { throw .incomplete }
            table = number
        case "protocol" where keys.contains(.protocol):
            guard NumberNames.value(value, in: NumberNames.protocols) != nil || UInt8(value).map({ $0 > 0 }) == true
            else { throw .incomplete }
            routeProtocol = value
        case "dst" where keys.contains(.destinationIn):
            let isAddress = AddressText.address(value)
            let text = isAddress.map { "\(value)/\($0.count * 8)" } ?? value
            guard (try? AddressText.prefix(text)) != nil else { throw .incomplete }
            destination = text
        default: return
        }
    }

    private static func isExact(_ text: String) -> Bool {
        !text.contains("*") && text.utf8.count < 128 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }

    private func has(_ key: WhereKey) -> Bool {
        switch key {
        case .interface: !interfaces.isEmpty
        case .table: table != nil
        case .protocol: routeProtocol != nil
        case .linkKind: !linkKinds.isEmpty
        case .destinationIn: destination != nil
        case .notDestinationIn, .family: true
        }
    }

    /// As a test asks for it.
    var words: String {
        var words: [String] = []
        if interfaces.count == 1 { words.append("dev=\(interfaces[0])") }
        if let destination { words.append("dst=\(destination)") }
        if let table { words.append("table=\(table)") }
        if let routeProtocol { words.append("protocol=\(routeProtocol)") }
        if linkKinds.count == 1 { words.append("kind=\(linkKinds[0])") }
        return words.joined(separator: " ")
    }
}
