import ArgumentParser
import Foundation
import LinuxSys
import PolicyFile

/// `nlgate policy allow FILE --role R REQUEST`.
struct PolicyAllow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allow",
        abstract: "Grant an operation or a group to a role, in the file.",
        discussion: """
            Comments and layout stay. The file is replaced when the result is valid and passes its own tests, else it
            stays as it is.

            Example: nlgate policy allow policy.yaml --role router "route NEWADDR"
            """)

    @OptionGroup var options: PolicyEditOptions

    func run() throws {
        try options.run { (policy, request, role) throws(EditError) in try policy.allowing(request, role: role) }
    }
}

/// `nlgate policy deny FILE --role R REQUEST`.
struct PolicyDeny: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny",
        abstract: "Take an operation or a group from a role, in the file.",
        discussion: """
            A glob or 'all' that covers it is replaced by the names that are left. What an included role grants has to
            be taken from that role.

            Example: nlgate policy deny policy.yaml --role monitor "listen route NEIGH"
            """)

    @OptionGroup var options: PolicyEditOptions

    func run() throws {
        try options.run { (policy, request, role) throws(EditError) in try policy.denying(request, role: role) }
    }
}

/// What `allow` and `deny` have in common.
struct PolicyEditOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The policy file.", valueName: "file"))
    var file: String

    @Argument(
        help: ArgumentHelp(
            "Such as \"route NEWADDR\", \"route GETROUTE dump\" or \"listen xfrm SA\".", valueName: "request"))
    var request: String

    @Option(help: "The role.")
    var role: String

    @Flag(name: .customLong("dry-run"), help: "Show the change without making it.")
    var isDryRun = false

    @OptionGroup var output: PolicyOutputOptions

    func run(_ change: (PolicyFile, String, String) throws(EditError) -> PolicyEdit) throws {
        let input = try PolicyInput(file)
        guard let state = input.state else { throw Failure(2, "\(file) can't be changed; copy it to a file first") }
        guard input.fileErrors.isEmpty else {
            DiagnosticOutput(input.policy.source).printErrors(input.fileErrors)
            throw Failure(1, "\(file) was not changed")
        }
        let edit: PolicyEdit
        do throws(EditError) {
            edit = try change(input.policy, request, role)
        } catch {
            try refuse(error, input)
        }
        if edit.isChange, !isDryRun { try replace(edit, state) }
        let difference = LineDifference(input.policy.source.text, edit.result.source.text)
        if output.json {
            PolicyJSON.write(json(edit, difference))
        } else {
            let notes = edit.notes.map { "note: \($0)\n" }.joined()
            let ending = edit.isChange && isDryRun ? "nothing was written (--dry-run)\n" : ""
            Terminal.output.write(edit.summary + "\n" + difference.text(file) + notes + ending)
        }
    }

    private func refuse(_ error: EditError, _ input: PolicyInput) throws -> Never {
        switch error {
        case .meaningless(let why): throw Failure(2, "\(why) (\(file) was not changed)")
        case .refused(let why): throw Failure(1, "\(why) (\(file) was not changed)")
        case .invalid(let policy):
            DiagnosticOutput(policy.source).printErrors(policy.diagnostics.filter { $0.severity == .error })
            let isOld = policy.source == input.policy.source
            throw Failure(
                1,
                isOld
                    ? "\(file) has errors and was not changed"
                    : "with that change \(file) would have errors; it was not changed")
        }
    }

    private func replace(_ edit: PolicyEdit, _ state: FileState) throws {
        do throws(Errno) {
            try replaceFile(file, with: Array(edit.result.source.text.utf8), state: state)
        } catch {
            let why: String
            switch error.rawValue {
            case EBUSY: why = "somebody else has changed it, or it is a symbolic link"
            default: why = "\(error)"
            }
            throw Failure(1, "\(file) was not changed: \(why)")
        }
    }

    private func json(_ edit: PolicyEdit, _ difference: LineDifference) -> JSON {
        PolicyJSON.object([
            "file": JSON(file), "changed": JSON(edit.isChange && !isDryRun), "summary": JSON(edit.summary),
            "line": edit.isChange ? PolicyJSON.number(difference.line) : nil,
            "removed": PolicyJSON.texts(difference.removed), "added": PolicyJSON.texts(difference.added),
            "notes": PolicyJSON.texts(edit.notes),
        ])
    }
}

/// The lines between what two texts begin and end with.
struct LineDifference {
    /// Where the first of them is, from 1.
    let line: Int
    let removed: [String]
    let added: [String]

    init(_ old: String, _ new: String) {
        func lines(_ text: String) -> [Substring] {
            text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        }
        var (old, new) = (lines(old)[...], lines(new)[...])
        var same = 0
        while let first = old.first, first == new.first {
            old.removeFirst()
            new.removeFirst()
            same += 1
        }
        while let last = old.last, last == new.last {
            old.removeLast()
            new.removeLast()
        }
        line = same + 1
        removed = old.map(String.init)
        added = new.map(String.init)
    }

    func text(_ file: String) -> String {
        guard !removed.isEmpty || !added.isEmpty else { return "" }
        let terminal = Terminal.output
        return "\(file):\(line)\n"
            + removed.map { terminal.paint("-\(Terminal.visible($0))", .red) + "\n" }.joined()
            + added.map { terminal.paint("+\(Terminal.visible($0))", .green) + "\n" }.joined()
    }
}
