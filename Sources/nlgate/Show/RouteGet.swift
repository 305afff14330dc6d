import ArgumentParser
import NetlinkFamilies
import RemoteNetlink

/// `nlgate route get`.
struct RouteGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show the route that a packet would take.",
        discussion: "Words: [to] ADDR [from ADDR]")

    @Argument(help: "Words as iproute2 takes them.")
    var words: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("j"), .long], help: "One JSON document with the names that 'ip -j' uses.")
    var json = false

    func run() async throws {
        var words = Words(words)
        _ = words.take("to")
        let destination = try words.address(of: "route get")
        let source = words.take("from") ? try words.address(of: "from") : nil
        if let word = words.next() { throw Words.unknown(word, "route get") }
        do {
            let ip = try await connection.ip(readOnly: true)
            let route = try await ip.route(to: destination, from: source)
            let names = LinkNames(try await ip.links())
            show(
                json
                    ? Output.routeJSON([route], names: names, details: false, tableIsGiven: false)
                    : Output.routeTable([route], names: names, tableIsGiven: false))
        } catch let error as NetlinkError {
            throw Failure(error)
        }
    }
}
