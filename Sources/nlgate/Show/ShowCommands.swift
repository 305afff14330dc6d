import ArgumentParser
import NetlinkFamilies

/// `nlgate link`.
struct LinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Network interfaces.",
        subcommands: [
            List.self, Changing<LinkSubject, Verbs.Add>.self, Changing<LinkSubject, Verbs.Set>.self,
            Changing<LinkSubject, Verbs.Change>.self, Changing<LinkSubject, Verbs.Replace>.self,
            Changing<LinkSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate link list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show network interfaces.",
            discussion: "Words: [dev] DEV, by its name or an alternative one; up, type KIND, master DEV, group N",
            aliases: ["show"])

        @Argument(help: "Which of them, in iproute2's words.")
        var words: [String] = []

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Flag(name: [.customShort("s"), .long], help: "Statistics too, as 'ip -s -s' has them (JSON).")
        var statistics = false

        func run() throws {
            let selection = try LinkSelection(words)
            let all = try Listing(connection).links()
            let links = try selection.links(all)
            show(
                options.json
                    ? Output.linkJSON(
                        links, names: LinkNames(all), details: options.details, statistics: statistics)
                    : Output.linkTable(links))
        }
    }
}

/// `nlgate addr`.
struct AddressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "addr", abstract: "Addresses of interfaces.",
        subcommands: [
            List.self, Changing<AddressSubject, Verbs.Add>.self, Changing<AddressSubject, Verbs.Change>.self,
            Changing<AddressSubject, Verbs.Replace>.self, Changing<AddressSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate addr list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show addresses.",
            discussion: "Words: [dev] DEV, up, type KIND, master DEV, group N, scope S, to PREFIX", aliases: ["show"])

        @Argument(help: "Which of them, in iproute2's words.")
        var words: [String] = []

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        func run() throws {
            let selection = try AddressSelection(words)
            let listing = try Listing(connection)
            let all = try listing.links()
            var links = try selection.links.links(all)
            let shown = Set(links.map(\.index))
            let addresses = try listing.addresses(options.family(otherwise: .unspecified))
                .filter { shown.contains($0.index) && selection.contains($0) }
            if selection.isOnlyAddresses {
                let left = Set(addresses.map(\.index))
                links.removeAll { !left.contains($0.index) }
            }
            show(
                options.json
                    ? Output.addressJSON(addresses, links: links, names: LinkNames(all), details: options.details)
                    : Output.addressTable(addresses, links: links))
        }
    }
}

/// `nlgate route`.
struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Routes.",
        subcommands: [
            List.self, RouteGet.self, Changing<RouteSubject, Verbs.Add>.self,
            Changing<RouteSubject, Verbs.Change>.self, Changing<RouteSubject, Verbs.Replace>.self,
            Changing<RouteSubject, Verbs.Append>.self, Changing<RouteSubject, Verbs.Prepend>.self,
            Changing<RouteSubject, Verbs.Delete>.self,
        ], defaultSubcommand: List.self)

    /// `nlgate route list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show routes; IPv4 ones of the main table, unless said otherwise.",
            discussion: """
                Words: [to] [root|match|exact] PREFIX, default, table T|all, dev DEV, via ADDR, src ADDR, proto P, \
                scope S, type TYPE
                """,
            aliases: ["show"])

        @Argument(help: "Which of them, in iproute2's words.")
        var words: [String] = []

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Option(help: "A table's number, main, local, default or all; as the word table.")
        var table: String?

        func run() throws {
            let listing = try Listing(connection)
            let links = try listing.links()
            let names = LinkNames(links)
            let all = words + (table.map { ["table", $0] } ?? [])
            let selection = try RouteSelection(all, LinkTable(links: links))
            let wanted = selection.table
            let family = options.family(otherwise: selection.family ?? .inet)
            let routes = try listing.routes(family, table: wanted).filter { selection.contains($0) }
            show(
                options.json
                    ? Output.routeJSON(routes, names: names, details: options.details, tableIsGiven: wanted != nil)
                    : Output.routeTable(routes, names: names, tableIsGiven: wanted != nil))
        }
    }
}
