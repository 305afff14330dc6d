import ArgumentParser
import NetlinkFamilies
import RemoteNetlink

/// `nlgate neigh`.
struct NeighbourCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neigh", abstract: "Neighbours (ARP, NDP) and bridges' forwarding tables.",
        subcommands: [
            List.self, Get.self, Changing<NeighbourSubject, Verbs.Add>.self,
            Changing<NeighbourSubject, Verbs.Change>.self, Changing<NeighbourSubject, Verbs.Replace>.self,
            Changing<NeighbourSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate neigh list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show neighbours.", discussion: "Words: [dev] DEV [nud STATE] [ADDR]",
            aliases: ["show"])

        @Argument(help: "Which of them, in iproute2's words.")
        var words: [String] = []

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Flag(help: "Bridges' forwarding tables instead.")
        var fdb = false

        func run() throws {
            let listing = try Listing(connection)
            let links = try listing.links()
            let names = LinkNames(links)
            let isWanted = try selection(LinkTable(links: links))
            let neighbours =
                (fdb
                ? try listing.forwardingTable()
                : try listing.neighbours(options.family(otherwise: .unspecified))).filter(isWanted)
            show(
                options.json
                    ? Output.neighbourJSON(neighbours, names: names)
                    : Output.neighbourTable(neighbours, names: names))
        }

        private func selection(_ links: LinkTable) throws -> (Neighbour) -> Bool {
            var words = Words(words)
            var tests: [(Neighbour) -> Bool] = []
            var hasState = fdb
            while let word = words.next() {
                if word == "nud" {
                    hasState = true
                    guard !words.take("all") else { continue }
                    let state = try words.choice(of: word, NeighbourWords.states)
                    tests.append { $0.state == state || (!state.isEmpty && !$0.state.isDisjoint(with: state)) }
                } else if let address = IPAddress(word) {
                    tests.append { $0.destination == address }
                } else {
                    let index = try links.index(word == "dev" ? try words.value(of: word) : word)
                    tests.append { $0.index == index }
                }
            }
            if !hasState { tests.append(Output.isListed) }
            return { neighbour in tests.allSatisfy { $0(neighbour) } }
        }
    }

    /// `nlgate neigh get`.
    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Show one neighbour.", discussion: "Words: ADDR dev DEV")

        @OptionGroup var options: ChangeOptions

        @Flag(name: [.customShort("j"), .long], help: "One JSON document with the names that 'ip -j' uses.")
        var json = false

        func run() async throws {
            do {
                let ip = try await options.connection.ip(readOnly: true)
                let asked = try await NeighbourWords(lookup: Lookup(ip)).neighbour(options.words)
                guard let address = asked.destination else { throw Failure(2, "neigh get needs an address") }
                let found = try await ip.neighbour(address, index: asked.index)
                let names = LinkNames(try await ip.links())
                show(
                    json ? Output.neighbourJSON([found], names: names) : Output.neighbourTable([found], names: names))
            } catch let error as NetlinkError {
                throw Failure(error)
            }
        }
    }
}

/// `nlgate rule`.
struct RuleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Routing policy rules.",
        subcommands: [
            List.self, Changing<RuleSubject, Verbs.Add>.self, Changing<RuleSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate rule list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show rules; IPv4 ones, unless said otherwise.",
            discussion: "Words: [table T] [priority N]", aliases: ["show"])

        @Argument(help: "Which of them, in iproute2's words.")
        var words: [String] = []

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        func run() throws {
            let isWanted = try selection()
            let rules = try Listing(connection).rules(options.family(otherwise: .inet)).filter(isWanted)
            show(options.json ? Output.ruleJSON(rules, details: options.details) : Output.ruleTable(rules))
        }

        private func selection() throws -> (Rule) -> Bool {
            var words = Words(words)
            var tests: [(Rule) -> Bool] = []
            while let word = words.next() {
                switch word {
                case "table", "lookup":
                    let table = try words.table(of: word)
                    tests.append { $0.table == table }
                case "priority", "pref", "preference", "order":
                    let priority: UInt32 = try words.number(of: word)
                    tests.append { ($0.priority ?? 0) == priority }
                default: throw Words.unknown(word, "rule list")
                }
            }
            return { rule in tests.allSatisfy { $0(rule) } }
        }
    }
}
