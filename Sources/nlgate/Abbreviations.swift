import ArgumentParser

/// Shortened words and options before the command, as iproute2 takes them.
///
/// `nlgate -6 -j r s` is `nlgate route list -6 -j`. What a shortened word means is decided by iproute2's own order, so
/// that `link s` is `link set` and `addr s` is `addr list` here too.
enum Abbreviations {
    /// Commands that may be shortened, in iproute2's order, and what they are called here.
    private static let commands: [(String, String)] = [
        ("address", "addr"), ("route", "route"), ("rule", "rule"), ("neighbor", "neigh"), ("neighbour", "neigh"),
        ("link", "link"), ("monitor", "monitor"), ("qdisc", "qdisc"), ("class", "class"), ("filter", "filter"),
    ]

    private static let shown = [("show", "list"), ("lst", "list"), ("list", "list")]
    private static let changed = [("change", "change"), ("chg", "change")]

    private static let verbs: [String: [(String, String)]] = [
        "link": [("add", "add"), ("set", "set")] + changed + [("replace", "replace"), ("delete", "del")] + shown,
        "addr": [("add", "add")] + changed + [("replace", "replace"), ("delete", "del")] + shown,
        "route": shown + [("get", "get"), ("add", "add")] + changed
            + [("replace", "replace"), ("prepend", "prepend"), ("append", "append"), ("delete", "del")],
        "neigh": [("add", "add")] + changed + [("replace", "replace"), ("delete", "del"), ("get", "get")] + shown,
        "rule": shown + [("add", "add"), ("delete", "del")],
        "qdisc": [("add", "add")] + changed + [("replace", "replace"), ("delete", "del")] + shown,
        "class": [("add", "add")] + changed + [("replace", "replace"), ("delete", "del")] + shown,
        "filter": [("add", "add")] + changed + [("replace", "replace"), ("delete", "del")] + shown,
    ]

    /// Options that take a value.
    private static let valued: Set = [
        "-H", "--host", "--key", "--key-passphrase-file", "--cert", "--ca", "--crl", "--netns", "--confirm-within",
    ]
    /// iproute2's long options with one dash.
    private static let long = [
        "-json": "--json", "-details": "--details", "-statistics": "--statistics", "-stats": "--statistics",
    ]
    private static let completions = ["--generate-completion-script", "---completion"]
    private static let help: Set = ["help", "-h", "--help"]

    /// The words as the commands know them.
    static func expand(_ arguments: [String]) -> [String] {
        // A shell's completions are the parser's own business; its option has a value that looks like a command.
        if let first = arguments.first, completions.contains(where: first.hasPrefix) { return arguments }
        var leading: [String] = []
        var rest = arguments[...]
        while let option = rest.first, option.hasPrefix("-"), option != "--" {
            leading.append(long[option] ?? option)
            rest = rest.dropFirst()
            if valued.contains(option), let value = rest.popFirst() { leading.append(value) }
        }
        guard let word = rest.popFirst() else { return arguments }
        let command = isName(word) ? word : commands.first { $0.0.hasPrefix(word) }?.1 ?? word
        guard let verbs = verbs[command] else { return [command] + leading + rest }
        if let first = rest.first, help.contains(first) {
            return first == "help" ? ["help", command] : [command] + leading + rest
        }
        let verb = rest.first.flatMap { first in verbs.first { !first.isEmpty && $0.0.hasPrefix(first) }?.1 }
        if verb != nil { rest = rest.dropFirst() }
        return [command, verb ?? "list"] + leading + rest.map { long[$0] ?? $0 }
    }

    private static func isName(_ word: String) -> Bool {
        NLGate.configuration.subcommands.contains { $0.configuration.commandName == word }
    }
}
