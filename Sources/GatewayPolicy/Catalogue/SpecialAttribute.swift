/// An attribute that makes an operation more than a read or a write.
public struct SpecialAttribute: Equatable, Sendable {
    /// Label of the family.
    public let family: String
    /// The kernel's constants from the outside in; `*` is an entry of a list.
    public let path: [String]
    /// Attribute numbers along the path and what must stand beside them, as the head of `operations.table` explains.
    public let steps: String
    /// What it carries: a descriptor, a process, a namespace, key material and more.
    public let kinds: Tags
    /// The operations that it concerns, by name.
    public let operations: [String]
}

/// A message that only the kernel sends.
public struct Notification: Equatable, Sendable {
    /// Label of the family.
    public let family: String
    /// The kernel's name without its prefix.
    public let name: String
    /// Its number, as operations have theirs.
    public let number: UInt16
    /// What it carries.
    public let tags: Tags
}

extension Catalogue {
    /// Every attribute that the judge refuses, or for which it asks an extra grant; in the table's order.
    public static let specialAttributes: [SpecialAttribute] = {
        var found: [SpecialAttribute] = []
        TableParser.forEachFamilyLine(of: PackageResources.operations_table) { family, words in
            guard words[0] == "attr" else { return }
            guard words.count >= 5 else { preconditionFailure("an attribute's line is wrong") }
            let kinds = words[3].split(separator: ",").reduce(into: Tags()) { kinds, word in
                kinds.insert(TableParser.tag(String(word)))
            }
            found.append(
                SpecialAttribute(
                    family: family, path: words[1].split(separator: "/").map(String.init), steps: words[2],
                    kinds: kinds, operations: Array(words.dropFirst(4))))
        }
        return found
    }()

    /// Every message that nobody may send; in the table's order.
    public static let notifications: [Notification] = {
        var found: [Notification] = []
        TableParser.forEachFamilyLine(of: PackageResources.operations_table) { family, words in
            guard words[0] == "notify" else { return }
            guard words.count >= 3, let number = UInt16(words[2]) else {
                preconditionFailure("a notification's line is wrong")
            }
            let tags = words.dropFirst(3).reduce(into: Tags()) { $0.insert(TableParser.tag($1)) }
            found.append(Notification(family: family, name: words[1], number: number, tags: tags))
        }
        return found
    }()
}
