import ArgumentParser
import NetlinkFamilies
import RemoteNetlink

/// What lists of traffic control objects take.
struct TrafficOptionsOfLists: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("j"), .long], help: "One JSON document with the names that 'tc -j' uses.")
    var json = false

    @Flag(name: [.customShort("s"), .long], help: "Counters too, as 'tc -s' has them (JSON).")
    var statistics = false

    /// Connects, asks, and shows what `show` makes of it.
    func run(_ text: (IPRoute, LinkNames) async throws -> String) async throws {
        do {
            let ip = try await connection.ip(readOnly: true)
            let names = LinkNames(try await ip.links())
            show(try await text(ip, names))
        } catch let error as NetlinkError {
            throw Failure(error)
        }
    }
}

/// `nlgate qdisc`.
struct QdiscCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qdisc", abstract: "Queueing disciplines.",
        subcommands: [
            List.self, Changing<QdiscSubject, Verbs.Add>.self, Changing<QdiscSubject, Verbs.Change>.self,
            Changing<QdiscSubject, Verbs.Replace>.self, Changing<QdiscSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate qdisc list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show queueing disciplines.",
            discussion: "Words: [dev] DEV [root|ingress|clsact|parent H] [handle H]", aliases: ["show"])

        @Argument(help: "Which of them, in tc's words.")
        var words: [String] = []

        @OptionGroup var options: TrafficOptionsOfLists

        func run() async throws {
            try await options.run { ip, names in
                let selection = try await TrafficSelection(words, Lookup(ip))
                let qdiscs = try await ip.qdiscs(index: selection.index).filter(selection.contains)
                return options.json
                    ? Output.qdiscJSON(qdiscs, names: names, statistics: options.statistics)
                    : Output.qdiscTable(qdiscs, names: names)
            }
        }
    }
}

/// `nlgate class`.
struct ClassCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "class", abstract: "Classes of queueing disciplines.",
        subcommands: [
            List.self, Changing<ClassSubject, Verbs.Add>.self, Changing<ClassSubject, Verbs.Change>.self,
            Changing<ClassSubject, Verbs.Replace>.self, Changing<ClassSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate class list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show the classes of an interface.",
            discussion: "Words: [dev] DEV [root|parent H] [classid H]", aliases: ["show"])

        @Argument(help: "Which of them, in tc's words.")
        var words: [String] = []

        @OptionGroup var options: TrafficOptionsOfLists

        func run() async throws {
            try await options.run { ip, names in
                let selection = try await TrafficSelection(words, Lookup(ip))
                guard selection.index != 0 else { throw Failure(2, "class list needs an interface: dev NAME") }
                let classes = try await ip.classes(index: selection.index).filter(selection.contains)
                return options.json
                    ? Output.classJSON(classes, names: names, statistics: options.statistics)
                    : Output.classTable(classes, names: names)
            }
        }
    }
}

/// `nlgate filter`.
struct FilterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter", abstract: "Filters that put packets into classes.",
        subcommands: [
            List.self, Changing<FilterSubject, Verbs.Add>.self, Changing<FilterSubject, Verbs.Change>.self,
            Changing<FilterSubject, Verbs.Replace>.self, Changing<FilterSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate filter list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show the filters at one place of an interface.",
            discussion: "Words: [dev] DEV [root|ingress|egress|parent H]; without a place those at the root",
            aliases: ["show"])

        @Argument(help: "Which of them, in tc's words.")
        var words: [String] = []

        @OptionGroup var options: TrafficOptionsOfLists

        func run() async throws {
            try await options.run { ip, names in
                let selection = try await TrafficSelection(words, Lookup(ip), isFilter: true)
                guard selection.index != 0 else { throw Failure(2, "filter list needs an interface: dev NAME") }
                let filters = try await ip.filters(
                    index: selection.index, parent: selection.parent ?? .unspecified)
                return options.json
                    ? Output.filterJSON(filters, names: names) : Output.filterTable(filters, names: names)
            }
        }
    }
}

/// Which traffic control objects a list shows.
struct TrafficSelection {
    private(set) var index: UInt32 = 0
    private(set) var parent: TrafficHandle?
    private var handle: TrafficHandle?

    init(_ words: [String], _ lookup: Lookup, isFilter: Bool = false) async throws {
        var words = Words(words)
        while let word = words.next() {
            switch word {
            case "dev": index = try await lookup.index(try words.value(of: word))
            case "root": parent = .root
            case "ingress": parent = isFilter ? .clsactIngress : .ingress
            case "egress" where isFilter: parent = .clsactEgress
            case "clsact" where !isFilter: parent = .ingress
            case "parent": parent = try words.handle(of: word)
            case "handle" where !isFilter, "classid" where !isFilter: handle = try words.handle(of: word)
            default:
                guard index == 0 else { throw Words.unknown(word, "list") }
                index = try await lookup.index(word)
            }
        }
    }

    func contains<Role>(_ object: TrafficControl<Role>) -> Bool {
        (parent == nil || object.parent == parent) && (handle == nil || object.handle == handle)
    }
}
