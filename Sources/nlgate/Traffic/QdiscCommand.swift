import ArgumentParser
import NetlinkFamilies
import RemoteNetlink

/// `nlgate qdisc`.
struct QdiscCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qdisc", abstract: "Queueing disciplines.", subcommands: [List.self],
        defaultSubcommand: List.self)

    /// `nlgate qdisc list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show queueing disciplines.")

        @Argument(help: "Only those of this interface.")
        var name: String?

        @OptionGroup var connection: ConnectionOptions

        @Flag(help: "One JSON document with the names that 'tc -j' uses.")
        var json = false

        @Flag(name: [.customShort("s"), .long], help: "Counters too, as 'tc -s' has them (JSON).")
        var statistics = false

        func run() async throws {
            do {
                let ip = try await connection.ip(readOnly: true)
                let index: UInt32 = if let name { try await ip.index(name) } else { 0 }
                let names = LinkNames(try await ip.links())
                let qdiscs = try await ip.qdiscs(index: index)
                show(
                    json
                        ? Output.qdiscJSON(qdiscs, names: names, statistics: statistics)
                        : Output.qdiscTable(qdiscs, names: names))
            } catch let error as NetlinkError {
                throw Failure(error)
            }
        }
    }
}
