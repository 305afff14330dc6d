import Foundation
import GatewayPolicy
import Testing

@testable import PolicyFile

/// `policy/schema.json` says the same as the compiler.
///
/// It is written by `NLGATE_RECORD=1 swift test --filter SchemaTests`.
@Suite struct SchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private let validator = Validator(root: PolicySchema.document)

    /// What an editor makes of a file: plain numbers and booleans are no texts.
    private func json(_ text: String) throws -> JSON {
        let collector = DiagnosticCollector(SourceMap(PolicySource(name: "p.yaml", text: text)))
        return json(try #require(SourceReader.read(collector)))
    }

    private func json(_ node: SourceNode) -> JSON {
        switch node.content {
        case .missing: .null
        case .sequence(let items): .array(items.map(json))
        case .mapping(let entries): .object(entries.map { ($0.key.value, json($0.value)) })
        case .scalar(let text, let quoted):
            quoted
                ? .string(text)
                : text == "true" ? true : text == "false" ? false : Int(text).map { .integer($0) } ?? .string(text)
        }
    }

    @Test func `the file is what the table of operations makes of it`() throws {
        let file = SchemaTests.root.appending(path: "policy/schema.json")
        let text = PolicySchema.document.text() + "\n"
        if ProcessInfo.processInfo.environment["NLGATE_RECORD"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
        _ = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    }

    @Test func `every family, operation and group that can be granted is listed`() {
        let definitions = PolicySchema.document["$defs"]
        for family in Catalogue.families {
            for kind in SectionKind.allCases {
                let section = definitions?[kind.rawValue]?["anyOf"]?.array?.last?["properties"]?[family.label]
                let list = section?["anyOf"]?.array?.last?["items"]?["anyOf"]?.array?.first?["enum"]
                let names = Set(list?.array?.compactMap(\.string) ?? [])
                let wanted =
                    kind == .listen
                    ? family.groups.filter(\.join.isServed).map(\.name)
                    : family.operations.filter { $0.kind == kind.operations && !$0.grantable.isEmpty }.map(\.name)
                #expect(names.isSuperset(of: wanted) && names.isEmpty == wanted.isEmpty, "\(kind) \(family.label)")
            }
        }
    }

    @Test func `what the compiler takes fits the schema`() throws {
        #expect(check(example).errors.isEmpty)
        #expect(try validator.problems(json(example)) == [])
        for text in Samples.accepted {
            #expect(check(text).errors.isEmpty, "\(text)")
            #expect(try validator.problems(json(text)) == [], "\(text)")
        }
    }

    @Test func `presets fit the schema`() throws {
        let folder = SchemaTests.root.appending(path: "policy").path()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        for name in names {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            #expect(try validator.problems(json(text)) == [], "\(name)")
        }
    }

    @Test(arguments: Samples.misshapen)
    func `what the schema refuses the compiler refuses too`(text: String) throws {
        #expect(!check(text).errors.isEmpty)
        #expect(try !validator.problems(json(text)).isEmpty)
    }
}
