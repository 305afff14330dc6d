/// Validates JSON against a schema, as far as `policy/schema.json` goes; a keyword that it doesn't know is an error.
struct Validator {
    let root: JSON

    private static let annotations: Set<String> = ["$schema", "title", "description", "$defs"]

    /// What is wrong, with the path to it.
    func problems(_ value: JSON, _ schema: JSON? = nil, at path: String = "") throws -> [String] {
        let schema = schema ?? root
        var problems: [String] = []
        for (keyword, argument) in schema.members ?? [] where !Validator.annotations.contains(keyword) {
            problems += try check(keyword, argument, value, schema, path)
        }
        return problems
    }

    private struct UnknownKeyword: Error {
        let keyword: String
    }

    private func check(
        _ keyword: String, _ argument: JSON, _ value: JSON, _ schema: JSON, _ path: String
    ) throws -> [String] {
        func demand(_ holds: Bool) -> [String] { holds ? [] : ["\(path): \(keyword)"] }
        switch keyword {
        case "$ref":
            let name = (argument.string ?? "").split(separator: "/").last.map(String.init) ?? ""
            guard let target = root["$defs"]?[name] else { throw UnknownKeyword(keyword: argument.string ?? "") }
            return try problems(value, target, at: path)
        case "type":
            let types = argument.array?.compactMap(\.string) ?? [argument.string ?? ""]
            return demand(types.contains(Validator.type(value)))
        case "const": return demand(value == argument)
        case "enum": return demand(argument.array?.contains(value) == true)
        case "anyOf":
            return demand(try argument.array?.contains { try problems(value, $0, at: path).isEmpty } == true)
        case "oneOf":
            return demand(try argument.array?.count { try problems(value, $0, at: path).isEmpty } == 1)
        case "pattern":
            guard let text = value.string else { return [] }
            return demand(try Regex(argument.string ?? "").firstMatch(in: text) != nil)
        case "maxLength": return demand(value.string.map { $0.unicodeScalars.count <= argument.integer ?? 0 } ?? true)
        case "minimum": return demand(value.integer.map { $0 >= argument.integer ?? 0 } ?? true)
        case "maximum": return demand(value.integer.map { $0 <= argument.integer ?? 0 } ?? true)
        default: return try checkCollection(keyword, argument, value, schema, path)
        }
    }

    private func checkCollection(
        _ keyword: String, _ argument: JSON, _ value: JSON, _ schema: JSON, _ path: String
    ) throws -> [String] {
        func demand(_ holds: Bool) -> [String] { holds ? [] : ["\(path): \(keyword)"] }
        let keys = value.members?.map(\.key) ?? []
        switch keyword {
        case "items":
            return try (value.array ?? []).enumerated().flatMap { try problems($1, argument, at: "\(path)/\($0)") }
        case "minItems": return demand(value.array.map { $0.count >= argument.integer ?? 0 } ?? true)
        case "maxItems": return demand(value.array.map { $0.count <= argument.integer ?? 0 } ?? true)
        case "uniqueItems":
            let items = value.array ?? []
            return demand(items.indices.allSatisfy { !items[..<$0].contains(items[$0]) })
        case "properties":
            return try (value.members ?? []).flatMap { key, value in
                try argument[key].map { try problems(value, $0, at: "\(path)/\(key)") } ?? []
            }
        case "additionalProperties":
            let known = schema["properties"]?.members?.map(\.key) ?? []
            return try (value.members ?? []).filter { !known.contains($0.key) }.flatMap { key, value in
                argument == false ? ["\(path)/\(key): \(keyword)"] : try problems(value, argument, at: "\(path)/\(key)")
            }
        case "propertyNames": return try keys.flatMap { try problems(.string($0), argument, at: "\(path)/\($0)") }
        case "minProperties": return demand(value.members.map { $0.count >= argument.integer ?? 0 } ?? true)
        case "required":
            guard value.members != nil else { return [] }
            return demand(argument.array?.compactMap(\.string).allSatisfy(keys.contains) == true)
        case "dependentRequired":
            return demand(
                (argument.members ?? []).allSatisfy { key, wanted in
                    !keys.contains(key) || wanted.array?.compactMap(\.string).allSatisfy(keys.contains) == true
                })
        default: throw UnknownKeyword(keyword: keyword)
        }
    }

    private static func type(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
