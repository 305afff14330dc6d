import ArgumentParser
import NetlinkFamilies

/// `nlgate link`.
struct LinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link", abstract: "Network interfaces.",
        subcommands: [List.self, LinkAdd.self, LinkSet.self, LinkDelete.self], defaultSubcommand: List.self)

    /// `nlgate link list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show network interfaces.")

        @Argument(help: "Only this interface, by its name or an alternative name.")
        var name: String?

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Flag(name: [.customShort("s"), .long], help: "Statistics too, as 'ip -s -s' has them (JSON).")
        var statistics = false

        func run() throws {
            let all = try Listing(connection).links()
            let links = try matching(all, name)
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
        subcommands: [List.self, AddressAdd.self, AddressReplace.self, AddressDelete.self],
        defaultSubcommand: List.self)

    /// `nlgate addr list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show addresses.")

        @Argument(help: "Only this interface, by its name or an alternative name.")
        var name: String?

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        func run() throws {
            let listing = try Listing(connection)
            let all = try listing.links()
            let links = try matching(all, name)
            let shown = Set(links.map(\.index))
            let addresses = try listing.addresses(options.family(otherwise: .unspecified))
                .filter { shown.contains($0.index) }
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
        subcommands: [List.self, RouteAdd.self, RouteReplace.self, RouteDelete.self], defaultSubcommand: List.self)

    /// `nlgate route list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show routes; IPv4 ones of the main table, unless said otherwise.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Option(help: "A table's number, main, local, default or all.")
        var table = "main"

        func run() throws {
            let wanted = try tableNumber(table)
            let listing = try Listing(connection)
            let names = LinkNames(try listing.links())
            let routes = try listing.routes(options.family(otherwise: .inet), table: wanted)
                .filter { !$0.flags.contains(.cloned) && (wanted == nil || $0.table == wanted) }
            show(
                options.json
                    ? Output.routeJSON(routes, names: names, details: options.details, tableIsGiven: wanted != nil)
                    : Output.routeTable(routes, names: names, tableIsGiven: wanted != nil))
        }
    }
}

/// `nlgate neigh`.
struct NeighbourCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neigh", abstract: "Neighbours (ARP, NDP) and bridges' forwarding tables.",
        subcommands: [List.self, NeighbourAdd.self, NeighbourReplace.self, NeighbourDelete.self],
        defaultSubcommand: List.self)

    /// `nlgate neigh list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show neighbours.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        @Flag(help: "Bridges' forwarding tables instead.")
        var fdb = false

        func run() throws {
            let listing = try Listing(connection)
            let names = LinkNames(try listing.links())
            let neighbours =
                fdb
                ? try listing.forwardingTable()
                : try listing.neighbours(options.family(otherwise: .unspecified)).filter(Output.isListed)
            show(
                options.json
                    ? Output.neighbourJSON(neighbours, names: names)
                    : Output.neighbourTable(neighbours, names: names))
        }
    }
}

/// `nlgate rule`.
struct RuleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Routing policy rules.",
        subcommands: [List.self, RuleAdd.self, RuleDelete.self], defaultSubcommand: List.self)

    /// `nlgate rule list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show rules; IPv4 ones, unless said otherwise.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var options: ShowOptions

        func run() throws {
            let rules = try Listing(connection).rules(options.family(otherwise: .inet))
            show(options.json ? Output.ruleJSON(rules, details: options.details) : Output.ruleTable(rules))
        }
    }
}

/// The links of this name, all without one.
private func matching(_ links: [Link], _ name: String?) throws -> [Link] {
    guard let name else { return links }
    let bytes = Array(name.utf8)
    let found = links.filter { $0.name.bytes == bytes || $0.alternativeNames.contains { $0.bytes == bytes } }
    guard !found.isEmpty else { throw Failure(1, "there is no interface \(name)") }
    return found
}

/// A table by its number or name; nil for all.
private func tableNumber(_ text: String) throws -> RouteTable? {
    switch text {
    case "all": return nil
    case "default": return .standard
    case "main": return .main
    case "local": return .local
    default:
        guard let number = UInt32(text), number > 0 else {
            throw Failure(2, "--table takes a number, main, local, default or all, not \(text)")
        }
        return RouteTable(rawValue: number)
    }
}
