import Foundation
import Testing

/// Samples of the documentation are code that compiles: each stands in DocumentationSamples.swift too.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// One line without comments; a semicolon is as good as the end of a line.
    private func plain(_ code: some StringProtocol) -> String {
        code.split(separator: "\n").map { String($0).replacing(/\s\/\/ .*/, with: "") }.joined(separator: " ")
            .replacing(";", with: " ").split(separator: " ").joined(separator: " ")
    }

    @Test func `the right column of the table compiles`() throws {
        let samples = plain(try text("Tests/RemoteNetlinkTests/DocumentationSamples.swift"))
        let page = try text("Sources/RemoteNetlink/RemoteNetlink.docc/ComingFromPyroute2.md")
        var count = 0
        for line in page.split(separator: "\n") where line.hasPrefix("| ") && line.contains("`") {
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let right = try #require(columns.last)
            for span in right.matches(of: /`([^`]+)`/) {
                #expect(samples.contains(plain(span.output.1)), "\(span.output.1)")
                count += 1
            }
        }
        #expect(count >= 25)
    }

    @Test(arguments: ["Sources/RemoteNetlink/RemoteNetlink.docc/RemoteNetlink.md", "README.md", "docs/rollback.md"])
    func `blocks of Swift compile`(_ page: String) throws {
        let samples = plain(try text("Tests/RemoteNetlinkTests/DocumentationSamples.swift"))
        let blocks = try text(page).matches(of: /```swift\n(.*?)```/.dotMatchesNewlines())
        #expect(!blocks.isEmpty)
        for block in blocks {
            let code = plain(String(block.output.1).replacing("import RemoteNetlink\n", with: ""))
            #expect(samples.contains(code), "\(code)")
        }
    }
}
