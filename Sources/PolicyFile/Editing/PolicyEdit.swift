/// A policy file with one change.
public struct PolicyEdit: Sendable {
    /// The whole file as it is to be; checked, and its tests pass.
    public let result: PolicyFile
    /// What was done, or why nothing had to be.
    public let summary: String
    /// What else has to be known: an `extra` that is missing, a `where` that binds the operation.
    public let notes: [String]
    /// False when the file says it already.
    public let isChange: Bool
}

/// Why a policy file wasn't changed.
public enum EditError: Error, Sendable {
    /// The words name no operation, no group or no role.
    case meaningless(QueryError)
    /// The change can't be made here.
    case refused(QueryError)
    /// The file, or what it would become, has errors or fails its own tests.
    case invalid(PolicyFile)
}

extension PolicyFile {
    /// Grants an operation or a group, such as `route NEWADDR`, `route GET*` or `listen route LINK`, to a role.
    ///
    /// Only what is needed changes: comments, layout, quotes and the style of lists stay.
    ///
    /// - Throws: `EditError` when the file is not valid afterwards, or the words name nothing.
    public func allowing(_ words: String, role: String) throws(EditError) -> PolicyEdit {
        try RoleEditor(self, role: role).allow(EditRequest(words))
    }

    /// Takes an operation or a group from a role; a glob or `all` that covers it gives way to the names that are left.
    ///
    /// - Throws: `EditError` when the file is not valid afterwards, when an included role grants it, or the words name
    ///   nothing.
    public func denying(_ words: String, role: String) throws(EditError) -> PolicyEdit {
        try RoleEditor(self, role: role).deny(EditRequest(words))
    }
}
