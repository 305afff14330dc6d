import Foundation
import PolicyFile
import Testing

/// One case of a golden file: a command, the roles of a policy before it, and what becomes of them.
struct EditCase: CustomTestStringConvertible, Sendable {
    enum Outcome: Sendable {
        case changed(String)
        case unchanged
        case refused(String)
    }

    let place: String
    let isAllow: Bool
    let role: String
    let request: String
    let before: String
    let outcome: Outcome

    var testDescription: String { "\(place): \(isAllow ? "allow" : "deny") \(role) \(request)" }

    /// The rest of the policy around the roles.
    static func file(_ roles: String) -> String {
        """
        # The head of the file.
        policy: 1
        clients: { noc: { common-name: "noc-*", issuer: "CN=Ops CA" } }
        roles:
        \(roles)
        bindings:
          - { client: noc, roles: [mon] }   # the end
        """
    }

    func apply(to text: String) throws(EditError) -> PolicyEdit {
        let file = check(text)
        return isAllow ? try file.allowing(request, role: role) : try file.denying(request, role: role)
    }

    static let all = ["allow", "deny"].flatMap { name in (try? read(name)) ?? [] }

    private static func read(_ name: String) throws -> [EditCase] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let text = try String(contentsOf: folder.appending(path: "\(name).golden"), encoding: .utf8)
        var cases: [EditCase] = []
        for part in text.components(separatedBy: "\n>>> ").dropFirst() {
            let lines = part.components(separatedBy: "\n")
            let words = lines[0].split(separator: " ").map(String.init)
            let mark = try #require(lines.firstIndex { ["<<<", "!!!", "==="].contains($0.prefix(3)) }, "\(part)")
            let before = lines[1..<mark].joined(separator: "\n")
            var after = Array(lines[(mark + 1)...])
            while after.last == "" { after.removeLast() }
            let outcome: Outcome =
                switch lines[mark].prefix(3) {
                case "<<<": .changed(after.joined(separator: "\n"))
                case "===": .unchanged
                default: .refused(String(lines[mark].dropFirst(4)))
                }
            cases.append(
                EditCase(
                    place: "\(name).golden case \(cases.count + 1)", isAllow: words[0] == "allow", role: words[1],
                    request: words.dropFirst(2).joined(separator: " "), before: before, outcome: outcome))
        }
        return cases
    }
}

@Suite struct EditingTests {
    @Test func `the golden files were read`() {
        #expect(EditCase.all.count > 50)
    }

    @Test(arguments: EditCase.all)
    func `the file changes where it must and nowhere else`(edit: EditCase) throws {
        let text = EditCase.file(edit.before)
        do throws(EditError) {
            let result = try edit.apply(to: text)
            switch edit.outcome {
            case .changed(let after):
                #expect(result.isChange)
                #expect(result.result.source.text == EditCase.file(after))
                // What was done once is done.
                let again = try edit.apply(to: result.result.source.text)
                #expect(!again.isChange && again.result.source.text == result.result.source.text)
            case .unchanged:
                #expect(!result.isChange && result.result.source.text == text, "\(result.summary)")
            case .refused(let why): Issue.record("was not refused: \(why)")
            }
        } catch {
            guard case .refused(let why) = edit.outcome else {
                Issue.record("was refused: \(words(error))")
                return
            }
            #expect(words(error).contains(why))
        }
    }

    @Test(arguments: EditCase.all)
    func `lines keep the ends that they have`(edit: EditCase) throws {
        guard case .changed(let after) = edit.outcome else { return }
        func windows(_ text: String) -> String { text.replacing("\n", with: "\r\n") }
        let result = try edit.apply(to: windows(EditCase.file(edit.before)))
        #expect(result.result.source.text == windows(EditCase.file(after)))
    }

    @Test func `a file without a last newline gets one where a line is added`() throws {
        let head = "policy: 1\nclients: { a: { uid: 0 } }\nbindings: [{ client: a, roles: [r] }]\nroles:\n  r:\n"
        let file = check(head + "    read:\n      route:\n        - GETLINK")
        let result = try file.allowing("route GETADDR", role: "r").result.source.text
        #expect(result == head + "    read:\n      route:\n        - GETLINK\n        - GETADDR")
    }

    @Test func `all of everything gives way to everything else`() throws {
        let head = "policy: 1\nclients: { a: { uid: 0 } }\nbindings: [{ client: a, roles: [r] }]\nroles:\n"
        for text in [head + "  r: { read: all }\n", head + "  r:\n    read: all   # wide\n", head + "  r:\n    read: all\n"] {
            let before = try #require(check(text).showRoles().first)
            let edit = try check(text).denying("route GETLINK", role: "r")
            let after = try #require(edit.result.showRoles().first)
            #expect(before.operations.count == after.operations.count + 1)
            #expect(!after.operations.contains { $0.family == "route" && $0.operation == "GETLINK" })
            #expect(text.contains("# wide") == edit.result.source.text.contains("read:   # wide\n"))
            #expect(edit.result.warnings.allSatisfy { !$0.contains("every family") })
        }
    }

    @Test func `what the file's tests say is not edited away`() throws {
        let text = EditCase.file("  mon: { read: { route: [GETLINK, GETADDR] } }")
        let tested = text + "\ntests:\n  - { client: noc, allow: \"route GETLINK\" }\n  - { client: noc, deny: \"route GETRULE\" }\n"
        #expect(check(tested).isValid)
        for (isAllow, request) in [(false, "route GETLINK"), (true, "route GETRULE")] {
            do throws(EditError) {
                _ = isAllow ? try check(tested).allowing(request, role: "mon") : try check(tested).denying(request, role: "mon")
                Issue.record("\(request) was changed although a test says otherwise")
            } catch {
                #expect(words(error).contains("test failed"), "\(words(error))")
            }
        }
        _ = try check(tested).denying("route GETADDR", role: "mon")
    }

    @Test func `notes say what else is needed`() throws {
        let file = check(
            EditCase.file("  mon: { read: { route: [GETLINK] }, where: { table: [100] }, write: { route: [NEWROUTE] } }\n  free: { read: { route: [GETADDR] } }"))
        func notes(_ request: String, _ role: String = "mon") throws -> [String] {
            try file.allowing(request, role: role).notes
        }
        #expect(try notes("route DELROUTE") == ["the where of mon binds it: table is 100"])
        #expect(try notes("route NEWQDISC") == ["no where of mon binds it"])
        #expect(
            try notes("generic/wireguard GET_DEVICE") == [
                "it passes only with 'extra: [secrets]', which mon doesn't have"
            ])
        #expect(try notes("route GETLINK", "free") == ["nobody has the role free yet: add a binding"])
    }

    @Test func `who still has what was taken away is named`() throws {
        let text = EditCase.file("  mon: { read: { route: [GETLINK, GETADDR] } }\n  other: { read: { route: [GETLINK] } }")
            .replacing("roles: [mon]", with: "roles: [mon, other]")
        #expect(try check(text).denying("route GETLINK", role: "mon").notes == ["noc still has it by the role other"])
        #expect(try check(text).denying("route GETADDR", role: "mon").notes == [])
    }
}

/// What an edit was refused for, in words.
func words(_ error: EditError) -> String {
    switch error {
    case .meaningless(let why), .refused(let why): why.description
    case .invalid(let file): "the file has errors: " + file.errors.joined(separator: "\n")
    }
}
