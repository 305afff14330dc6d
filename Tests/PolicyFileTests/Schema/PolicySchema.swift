import GatewayPolicy

@testable import PolicyFile

/// The JSON Schema of the language, made from the table of operations and the model's own keys.
enum PolicySchema {
    static var document: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "nlgate policy",
            "description":
                "Who may say what to the kernel. Names of families, operations and groups are listed as the kernel has them, without prefix; the compiler also takes them with it and in any case, which an editor doesn't.",
            "type": "object",
            "required": ["policy"],
            "additionalProperties": false,
            "properties": [
                "policy": ["const": 1, "description": "Version of the language."],
                "clients": [
                    "description": "Who; all keys of a client must match.", "type": "object",
                    "propertyNames": ["$ref": "#/$defs/name"], "additionalProperties": ["$ref": "#/$defs/client"],
                ],
                "roles": [
                    "description": "What; nothing is granted that no role names.", "type": "object",
                    "propertyNames": ["$ref": "#/$defs/name"], "additionalProperties": ["$ref": "#/$defs/role"],
                ],
                "bindings": [
                    "description": "Which client has which roles, and where.", "type": "array",
                    "items": ["$ref": "#/$defs/binding"],
                ],
                "never": never,
                "tests": [
                    "description": "A policy whose tests fail is not loaded.", "type": "array",
                    "items": ["$ref": "#/$defs/test"],
                ],
                "audit": [
                    "description": "required: what can't be logged isn't done.", "enum": ["normal", "required"],
                ],
            ],
            "$defs": .object(definitions + families),
        ]
    }

    private static let never: JSON = [
        "description": "Beats every grant and every ceiling.", "type": "object", "additionalProperties": false,
        "properties": [
            "link-kinds": ["description": "Kinds of links that nobody makes.", "$ref": "#/$defs/linkKinds"],
            "interfaces": ["description": "Interfaces that no write may select.", "$ref": "#/$defs/interfaces"],
        ],
    ]

    private static var definitions: [(key: String, value: JSON)] {
        [
            (
                "name",
                ["type": "string", "pattern": "^[A-Za-z0-9_.@+-]+$", "maxLength": .integer(ModelReader.longestName)]
            ),
            ("names", list(["$ref": "#/$defs/name"])),
            ("client", client), ("role", role), ("binding", binding), ("test", test), ("where", conditions),
            ("limits", limits),
            ("interfaces", list(["type": ["string", "integer"], "pattern": "^[!-.0-~]+$", "maxLength": 127])),
            ("linkKinds", list(["type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 55])),
            ("prefixes", list(["type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]+$"])),
            (
                "namespace",
                [
                    "description": "As ip netns has it; '.' is the daemon's own, \"*\" every one that is served.",
                    "type": ["string", "integer"], "pattern": "^(\\*|[!-)+-.0-~]+)$",
                ]
            ),
        ]
    }

    private static let client: JSON = {
        func text(_ description: String) -> JSON {
            ["description": .string(description), "type": "string", "maxLength": 255]
        }
        let glob = "* stands for any characters."
        let certificate: JSON = [
            "type": "object", "minProperties": 1, "additionalProperties": false,
            "properties": [
                "fingerprint": [
                    "description": "SHA-256 of the certificate.", "type": "string",
                    "pattern": "^[Ss][Hh][Aa]256:(:*[0-9A-Fa-f]){64}:*$",
                ],
                "common-name": text("The subject's common name; \(glob)"),
                "issuer": text("The issuer as RFC 4514 writes it, compared exactly."),
                "san-dns": text("A DNS name of the certificate; \(glob)"),
                "san-uri": text("A URI of the certificate; \(glob)"),
                "san-email": text("A mail address of the certificate; \(glob)"),
            ],
        ]
        func number(_ description: String) -> JSON {
            ["description": .string(description), "type": "integer", "minimum": 0, "maximum": 4_294_967_294]
        }
        let user: JSON = [
            "type": "object", "minProperties": 1, "additionalProperties": false,
            "properties": ["uid": number("User of a unix:// session."), "gid": number("Its group.")],
        ]
        let anonymous: JSON = [
            "type": "object", "required": ["anonymous"], "additionalProperties": false,
            "properties": ["anonymous": ["description": "Whoever comes by tcp://.", "const": true]],
        ]
        return ["oneOf": [certificate, user, anonymous]]
    }()

    private static let role: JSON = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "include": ["description": "Roles that come with it.", "$ref": "#/$defs/names"],
            "read": ["description": "Operations that change nothing.", "$ref": "#/$defs/read"],
            "write": ["description": "Operations that change something.", "$ref": "#/$defs/write"],
            "listen": ["description": "Multicast groups.", "$ref": "#/$defs/listen"],
            "extra": [
                "description": "What reading and writing don't imply.", "type": "array", "minItems": 1,
                "uniqueItems": true, "items": ["enum": .array(Extra.allCases.map { .string($0.rawValue) })],
            ],
            "netns-ids": [
                "description": "Ids of network namespaces that attributes may name; needs extra netns.",
                "type": "array", "minItems": 1, "uniqueItems": true,
                "items": ["type": "integer", "minimum": 0, "maximum": 2_147_483_647],
            ],
            "limits": ["$ref": "#/$defs/limits"],
            "where": ["description": "Binds the writes of this role that have the object.", "$ref": "#/$defs/where"],
        ],
    ]

    private static let binding: JSON = [
        "type": "object", "required": ["client", "roles"], "additionalProperties": false,
        "properties": [
            "client": ["$ref": "#/$defs/name"], "roles": ["$ref": "#/$defs/names"],
            "netns": list(["$ref": "#/$defs/namespace"]),
            "mode": [
                "description": "report: what the ceiling grants passes, and is logged where the roles refuse.",
                "enum": ["enforce", "report"],
            ],
            "ceiling": ["$ref": "#/$defs/name"],
        ],
        "dependentRequired": ["ceiling": ["mode"]],
    ]

    private static let test: JSON = [
        "type": "object", "required": ["client"], "additionalProperties": false,
        "properties": [
            "client": ["$ref": "#/$defs/name"],
            "allow": ["description": "As in 'route GETLINK dump' or 'listen route LINK'.", "type": "string"],
            "deny": ["description": "As in 'route NEWROUTE table=254' or 'listen xfrm SA'.", "type": "string"],
            "netns": ["$ref": "#/$defs/namespace"],
        ],
        "oneOf": [["required": ["allow"]], ["required": ["deny"]]],
    ]

    private static var conditions: JSON {
        func words(_ names: [String], _ numbers: JSON? = nil) -> JSON {
            let words: JSON = ["enum": .array(names.map { .string($0) })]
            return list(numbers.map { ["anyOf": [words, $0]] } ?? words)
        }
        let values: [WhereKey: JSON] = [
            .interface: ["$ref": "#/$defs/interfaces"], .linkKind: ["$ref": "#/$defs/linkKinds"],
            .destinationIn: ["$ref": "#/$defs/prefixes"], .notDestinationIn: ["$ref": "#/$defs/prefixes"],
            .table: list([
                "anyOf": [
                    ["type": "integer", "minimum": 1, "maximum": 4_294_967_295],
                    ["type": "string", "pattern": "^[1-9][0-9]*(-[1-9][0-9]*)?$"],
                    ["enum": .array(NumberNames.tables.map { .string($0.key) })],
                ]
            ]),
            .protocol: words(
                NumberNames.protocols.map(\.key), ["type": "integer", "minimum": 1, "maximum": 255]),
            .family: words(NumberNames.families.map(\.key)),
        ]
        return [
            "type": "object", "minProperties": 1, "additionalProperties": false,
            "properties": .object(WhereKey.allCases.compactMap { key in values[key].map { (key.rawValue, $0) } }),
        ]
    }

    private static var limits: JSON {
        let values = LimitKey.allCases.map { key -> (key: String, value: JSON) in
            let number: JSON = [
                "type": "integer", "minimum": .integer(Int(key.bounds.lowerBound)),
                "maximum": .integer(Int(key.bounds.upperBound)),
            ]
            let suffixes = key.isBytes ? "K|M|KiB|MiB" : "K|M"
            return (
                key.rawValue,
                ["anyOf": [number, ["type": "string", "pattern": .string("^[1-9][0-9]*(\(suffixes))$")]]]
            )
        }
        return [
            "type": "object", "minProperties": 1, "additionalProperties": false, "properties": .object(values),
        ]
    }

    private static func list(_ items: JSON) -> JSON {
        [
            "type": "array", "minItems": 1, "maxItems": .integer(ModelReader.longestList), "uniqueItems": true,
            "items": items,
        ]
    }
}

/// Families and their names.
extension PolicySchema {
    private static var families: [(key: String, value: JSON)] {
        SectionKind.allCases.map { kind in
            let members = Catalogue.families.compactMap { family -> (key: String, value: JSON)? in
                let names = names(kind, family)
                guard !names.isEmpty else { return nil }
                let name: JSON = ["anyOf": [["enum": .array(names.map { .string($0) })], ["$ref": "#/$defs/glob"]]]
                return (
                    family.label, ["anyOf": [["const": "all"], ["type": "array", "minItems": 1, "items": name]]]
                )
            }
            let mapping: JSON = [
                "type": "object", "minProperties": 1, "additionalProperties": false, "properties": .object(members),
            ]
            return (kind.rawValue, ["anyOf": [["const": "all"], mapping]])
        } + [("glob", ["description": "A name with *.", "type": "string", "pattern": "\\*"])]
    }

    /// What a section can name of a family; an operation with both modes also with one of them.
    static func names(_ kind: SectionKind, _ family: Family) -> [String] {
        guard let operations = kind.operations else { return family.groups.filter(\.join.isServed).map(\.name) }
        return family.operations.filter { $0.kind == operations }.flatMap { operation -> [String] in
            switch operation.grantable {
            case []: []
            case .both: [operation.name, "\(operation.name) dump", "\(operation.name) single"]
            default: [operation.name]
            }
        }
    }
}
