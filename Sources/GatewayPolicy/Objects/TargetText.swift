/// What a message is about, for the log.
///
/// Interfaces, prefixes, tables and the like by name, never anything secret; at most 64 bytes of printable ASCII without
/// a space inside a value.
enum TargetText {
    static let limit = 64

    static func text(_ objects: MessageObjects, _ links: inout LinkResolver) -> String {
        var parts: [String] = []
        for reference in objects.interfaces.prefix(4) {
            guard let name = name(reference, &links) else { continue }
            let part = "dev=\(word(name))"
            if !parts.contains(part) { parts.append(part) }
        }
        if objects.isWholeGroup { parts.append("dev=group") }
        if let destination = objects.destination { parts.append("dst=\(destination)") }
        if let name = objects.tableName { parts.append("table=\(word(name))") }
        if let table = objects.table { parts.append("table=\(table)") }
        if let number = objects.protocolNumber { parts.append("protocol=\(RouteProtocol.text(number))") }
        for kind in objects.linkKinds.prefix(2) { parts.append("kind=\(word(kind))") }
        var text = ""
        for part in parts where text.utf8.count + part.utf8.count < limit {
            text += text.isEmpty ? part : " \(part)"
        }
        return text
    }

    /// The name; where the server doesn't know the number, the number.
    private static func name(_ reference: InterfaceReference, _ links: inout LinkResolver) -> String? {
        switch reference {
        case .index(let index): (try? links.link(index: index))?.name ?? "#\(index)"
        case .name(let name), .newName(let name): name
        case .unknown: nil
        }
    }

    private static func word(_ text: String) -> String {
        String(decoding: text.utf8.prefix(48).map { (0x21...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}
