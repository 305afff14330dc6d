import Foundation
import Programs

/// The package as its manifest describes it.
struct Manifest: Sendable {
    /// Read once for all tests.
    static let shared = Result { try Manifest() }

    struct Target: Sendable {
        var name: String
        var kind: String
        /// Folder of the sources, within the package.
        var path: String
        var dependencies: [String]
        var products: [String]
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    var targets: [String: Target] = [:]

    /// Asks SwiftPM, in a scratch folder of its own: the usual one may be in use by whoever runs the tests.
    init() throws {
        let scratch = FileManager.default.temporaryDirectory.path() + "/nlgate-layering-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let json = try FinishedProgram(
            "/usr/bin/env",
            ["swift", "package", "--package-path", Manifest.root.path(), "--scratch-path", scratch, "dump-package"]
        ).successful()
        for target in try JSONDecoder().decode(Dump.self, from: Data(json.utf8)).targets {
            let folder = target.type == "test" ? "Tests" : "Sources"
            let names = target.dependencies.map { ($0.byName ?? $0.target)?.first.flatMap { $0 } }
            targets[target.name] = Target(
                name: target.name, kind: target.type, path: target.path ?? "\(folder)/\(target.name)",
                dependencies: names.compactMap { $0 },
                products: target.dependencies.compactMap { $0.product?.first.flatMap { $0 } })
        }
    }

    private struct Dump: Decodable {
        struct Target: Decodable {
            struct Dependency: Decodable {
                var byName: [String?]?
                var target: [String?]?
                var product: [String?]?

                private enum CodingKeys: CodingKey {
                    case byName
                    case target
                    case product
                }

                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    byName = try? container.decodeIfPresent([String?].self, forKey: .byName)
                    target = try? container.decodeIfPresent([String?].self, forKey: .target)
                    product = try? container.decodeIfPresent(Names.self, forKey: .product)?.names
                }
            }

            var name: String
            var type: String
            var path: String?
            var dependencies: [Dependency]
        }

        var targets: [Target]
    }

    /// The strings of a list that has other things in it as well.
    private struct Names: Decodable {
        var names: [String?] = []

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            names.append(try container.decode(String.self))
        }
    }

    /// The target and everything below it.
    func closure(_ name: String) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            guard found.insert(next).inserted else { continue }
            open += targets[next]?.dependencies ?? []
        }
        return found
    }

    /// The Swift files of a target.
    func sources(_ target: Target) -> [SourceFile] { files(target.path, ["swift"]) }

    /// The files below a folder that end so.
    func files(_ folder: String, _ extensions: [String]) -> [SourceFile] {
        let base = Manifest.root.path() + folder
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return names.filter { extensions.contains(($0 as NSString).pathExtension) }.sorted()
            .map { SourceFile(path: "\(folder)/\($0)") }
    }
}

/// One file of the package.
struct SourceFile: CustomStringConvertible {
    /// Within the package.
    let path: String
    let lines: [Substring]

    init(path: String) {
        self.path = path
        let content = FileManager.default.contents(atPath: Manifest.root.path() + path) ?? Data()
        lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    var description: String { path }

    /// The modules that it imports.
    var imports: [String] {
        lines.filter { $0.contains("import ") }.compactMap { line in
            line.firstMatch(of: /^(?:@\w+ )?(?:public |internal |package |private )?import (?:struct |func )?(\w+)/)
                .map { String($0.1) }
        }
    }

    /// The numbers of the lines where one of these words stands outside of comments and quotes.
    func places(of words: [String]) -> [Int] {
        lines.indices.filter { index in
            guard words.contains(where: { lines[index].contains($0) }) else { return false }
            let code = String(lines[index]).replacing(/\/\/.*$/, with: "").replacing(/"(?:[^"\\]|\\.)*"/, with: "")
            return code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { words.contains(String($0)) }
        }.map { $0 + 1 }
    }
}
