import Foundation
import NetlinkFamilies
import NetlinkWire
import Testing

/// One file of Tests/Vectors: messages of the kernel, and what iproute2 made of them.
struct Vector: CustomTestStringConvertible {
    let name: String
    /// Name of a link by its index.
    var links: [UInt32: String] = [:]
    /// The command whose messages these are.
    var command = ""
    /// What `ip` sent.
    var requests: [[UInt8]] = []
    /// What the kernel answered.
    var messages: [[UInt8]] = []
    /// The output of `ip -j`.
    var expected = ""

    var testDescription: String { name }
    var family: String { String(name.prefix { $0 != "/" }) }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors")

    static let all: [Vector] = {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        let found = (files?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "nl" }
        return found.compactMap { try? Vector($0) }.sorted { $0.name < $1.name }
    }()

    static func of(_ family: String) -> [Vector] { all.filter { $0.family == family } }

    init(_ url: URL) throws {
        let parts = url.deletingPathExtension().pathComponents.suffix(2)
        name = parts.joined(separator: "/")
        let text = try String(contentsOf: url, encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        var isRequest = false
        while let line = lines.popFirst() {
            if line.hasPrefix("#   ") {
                command = String(line.dropFirst(4))
            } else if line.hasPrefix("names ") {
                for pair in line.dropFirst(6).split(separator: " ") {
                    let sides = pair.split(separator: "=", maxSplits: 1)
                    if sides.count == 2, let index = UInt32(sides[0]) { links[index] = String(sides[1]) }
                }
            } else if line.hasPrefix("request ") || line.hasPrefix("message ") {
                isRequest = line.hasPrefix("request ")
                if isRequest { requests.append([]) } else { messages.append([]) }
            } else if line == "expected" {
                expected = lines.joined(separator: "\n")
                break
            } else if line.hasPrefix("  ") {
                let bytes = line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
                if isRequest {
                    requests[requests.count - 1] += bytes
                } else {
                    messages[messages.count - 1] += bytes
                }
            }
        }
    }

    /// The messages of one type, decoded.
    func decoded<Object: RouteMessage>(_ type: Object.Type = Object.self) throws -> [Object] {
        try messages.compactMap { bytes in
            var cursor = MessageCursor(bytes.span)
            let message = try #require(try cursor.next(in: bytes.span))
            guard message.header.type == Object.newType else { return nil }
            return try Object(message, in: bytes.span)
        }
    }
}

/// The attributes of a payload in an order of their own, so that two orders of the same attributes are equal.
func sortedAttributes(_ payload: [UInt8], header: Int) throws -> [RawAttribute] {
    var cursor = AttributeCursor(header..<payload.count)
    var found: [RawAttribute] = []
    while let attribute = try cursor.next(in: payload.span) {
        found.append(try RawAttribute(attribute, in: payload.span))
    }
    return found.sorted { $0.rawType < $1.rawType }
}

/// The bytes as text, with what looks like attributes sorted at every level.
func canonical(_ payload: [UInt8]) -> String {
    guard payload.count >= 4, let parts = try? sortedAttributes(payload, header: 0) else { return "\(payload)" }
    return "{" + parts.map { "\($0.rawType): \(canonical($0.payload))" }.sorted().joined(separator: ", ") + "}"
}
