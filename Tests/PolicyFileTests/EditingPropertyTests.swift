import Foundation
import GatewayPolicy
import PolicyFile
import SeededInput
import Testing

/// What a role grants by itself, as `allow` and `deny` name it: an operation in one mode, or a group.
private func grants(_ file: PolicyFile, _ role: String) -> Set<String> {
    guard let role = file.showRoles().first(where: { $0.name == role }) else { return [] }
    let operations = role.operations.flatMap { grant in
        (grant.single ? ["\(grant.family) \(grant.operation) single"] : [])
            + (grant.dump ? ["\(grant.family) \(grant.operation) dump"] : [])
    }
    return Set(operations + role.groups.map { "listen \($0.family) \($0.group)" })
}

private let presets: [String] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../policy")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted()
}()

/// A preset without its tests, which many a change contradicts.
private func untested(_ name: String) throws -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../policy")
    let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    let end = try #require(text.range(of: "\ntests:"))
    return String(text[..<end.lowerBound]) + "\n"
}

/// Any operation that could be granted, or any group.
private let grantable: [String] = Catalogue.families.flatMap { family in
    family.operations.filter { !$0.grantable.isEmpty }.map { "\(family.label) \($0.name)" }
        + family.groups.filter(\.join.isServed).map { "listen \(family.label) \($0.name)" }
}

@Suite struct EditingPropertyTests {
    @Test func `the presets are here`() {
        #expect(presets.count == 7)
    }

    @Test(arguments: presets)
    func `every grant of a preset can be taken away, and no line but its own changes`(name: String) throws {
        let text = try untested(name)
        let file = check(text)
        let old = text.components(separatedBy: "\n")
        var (count, kept) = (0, 0)
        var generator = SeededNumbers(seed: 3)
        for role in file.roleNames {
            let mine = grants(file, role)
            // Some of hundreds.
            let few = Array(mine.sorted().shuffled(using: &generator).prefix(12))
            for grant in few {
                count += 1
                let result: PolicyEdit
                do throws(EditError) {
                    result = try file.denying(grant, role: role)
                } catch {
                    // The last grant of a role, and what an included role has as well.
                    #expect(words(error).contains("grants"), "\(role) \(grant): \(words(error))")
                    kept += 1
                    continue
                }
                #expect(grants(result.result, role) == mine.subtracting([grant]), "\(role) \(grant)")
                let new = result.result.source.text.components(separatedBy: "\n")
                let prefix = zip(old, new).prefix { $0 == $1 }.count
                let suffix = zip(old.dropFirst(prefix).reversed(), new.dropFirst(prefix).reversed()).prefix { $0 == $1 }
                    .count
                let gone = old.dropFirst(prefix).dropLast(suffix)
                // A list with a line for each name loses one, or a section with its last family.
                #expect(gone.count <= 3, "\(role) \(grant) changed \(gone)")
                #expect(gone.allSatisfy { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("#") }, "\(gone)")
            }
        }
        #expect(count > kept)
    }

    @Test(arguments: presets)
    func `anything can be granted in a preset, and no line but one changes`(name: String) throws {
        let text = try untested(name)
        let file = check(text)
        let old = text.components(separatedBy: "\n")
        var generator = SeededNumbers(seed: 7)
        for role in file.roleNames {
            for request in grantable.shuffled(using: &generator).prefix(10) {
                let result = try file.allowing(request, role: role)
                guard result.isChange else { continue }
                let added = grants(result.result, role).subtracting(grants(file, role))
                #expect(added.allSatisfy { $0.hasPrefix(request) } && !added.isEmpty, "\(role) \(request): \(added)")
                let new = result.result.source.text.components(separatedBy: "\n")
                let prefix = zip(old, new).prefix { $0 == $1 }.count
                let suffix = zip(old.dropFirst(prefix).reversed(), new.dropFirst(prefix).reversed()).prefix { $0 == $1 }
                    .count
                #expect(old.count - prefix - suffix <= 1, "\(role) \(request)")
                #expect(new.count - old.count <= 3)
                // And back again.
                guard let back = try? result.result.denying(request, role: role) else { continue }
                #expect(grants(back.result, role) == grants(file, role), "\(role) \(request)")
            }
        }
    }

    /// Roles in every layout that people use.
    private static let layouts = """
        # a policy
        policy: 1
        clients: { noc: { common-name: "noc-*", issuer: "CN=Ops CA" } }
        roles:
          flow: { read: { route: [GETLINK, GETADDR] }, listen: { route: [LINK] } }   # flow
          block:
            # read
            read:
              route:
                - GETLINK   # links
                # addresses
                - GETADDR
              generic/ethtool: [STATS_GET]
            limits: { dumps: 1 }
          wide:
            read:
              route: all   # all
              generic/ethtool: ["*_GET", RSS_GET]
            listen: { route: ["IPV4_*", LINK] }
            write:
              route: [
                NEWROUTE,   # routes
                DELROUTE,
              ]
          quoted:
            "read": { 'route': ['rtm_getlink', 'rtm_getaddr'] }
        bindings:
          - { client: noc, roles: [flow, block, wide, quoted] }   # the end

        """

    @Test(arguments: 1...5)
    func `any sequence of changes keeps the file valid and the decisions right`(seed: Int) throws {
        var generator = SeededNumbers(seed: UInt64(seed))
        var file = check(Self.layouts)
        let families = ["route", "generic/ethtool", "generic/nlctrl", "netfilter/nftables"]
        let requests = grantable.filter { request in
            families.contains { request.split(separator: " ").contains(Substring($0)) }
        }
        var expected = Dictionary(uniqueKeysWithValues: file.roleNames.map { ($0, grants(file, $0)) })
        var (changed, refused) = (0, 0)
        for step in 1...40 {
            let isAllow = Bool.random(using: &generator)
            let role = try #require(file.roleNames.randomElement(using: &generator))
            // What is granted is taken away more often than what isn't.
            let own = expected[role]?.sorted().randomElement(using: &generator)
            let other = try #require(requests.randomElement(using: &generator))
            let request = !isAllow && Bool.random(using: &generator) ? own ?? other : other
            let all = Set(everything(request))
            do throws(EditError) {
                let edit = isAllow ? try file.allowing(request, role: role) : try file.denying(request, role: role)
                file = edit.result
                if edit.isChange { changed += 1 }
                if isAllow { expected[role]?.formUnion(all) } else { expected[role]?.subtract(all) }
            } catch {
                #expect(!isAllow && words(error).contains("that is all that the role"), "\(words(error))")
                refused += 1
            }
            let note: Comment =
                "seed \(seed), step \(step): \(isAllow ? "allow" : "deny") \(role) \(request)\n\(file.source.text)"
            #expect(file.errors == [], note)
            for role in file.roleNames { #expect(grants(file, role) == expected[role], note) }
            try decisionsHold(file, request, expected, note)
        }
        #expect(changed > 12, "seed \(seed): \(changed) changes, \(refused) refusals")
        for comment in ["# a policy", "# flow", "# the end"] { #expect(file.source.text.contains(comment)) }
    }

    /// `route GETLINK` is both of its modes.
    private func everything(_ request: String) -> [String] {
        let words = request.split(separator: " ").map(String.init)
        guard words.count == 2, let family = Catalogue.family(words[0]),
            let operation = family.operations.first(where: { $0.name == words[1] })
        else { return [request] }
        return (operation.grantable.contains(.single) ? ["\(request) single"] : [])
            + (operation.grantable.contains(.dump) ? ["\(request) dump"] : [])
    }

    private func decisionsHold(
        _ file: PolicyFile, _ request: String, _ expected: [String: Set<String>], _ note: Comment
    ) throws {
        let united = expected.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        for part in everything(request) where !part.hasPrefix("listen") || united.contains(part) {
            let explanation = try file.explain(client: .named("noc"), request: part)
            let needsExtra = explanation.reasons.contains { $0.text.contains("needs extra") }
            #expect(explanation.passes == united.contains(part) || needsExtra, note)
        }
    }
}
