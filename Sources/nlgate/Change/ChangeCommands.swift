import ArgumentParser
import GatewayURL
import NetlinkFamilies
import RemoteNetlink

/// What every command that changes something takes: words in iproute2's manner, and whose kernel.
struct ChangeOptions: ParsableArguments {
    @Argument(help: "Words as iproute2 takes them.")
    var words: [String] = []

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("4")], help: "IPv4, where the words don't say.")
    var ipv4 = false

    @Flag(name: [.customShort("6")], help: "IPv6, where the words don't say.")
    var ipv6 = false

    var family: AddressFamily { ipv6 ? .inet6 : .inet }

    /// Connects, and makes one change.
    func run(_ change: (IPRoute) async throws -> Reply) async throws {
        do {
            let reply = try await change(try await connection.ip(readOnly: false))
            // What the kernel remarks about a change that it made.
            if let warning = reply.warning { printError("nlgate: \(warning)") }
        } catch let error as NetlinkError {
            throw Failure(error)
        }
    }
}

extension ConnectionOptions {
    /// The library's client of the chosen kernel.
    func ip(readOnly: Bool) async throws -> IPRoute {
        let target = try url()
        if target == nil, let netns {
            throw Failure(2, "--netns \(netns) needs --host; locally use 'ip netns exec \(netns) nlgate …'")
        }
        var settings = ConnectionSettings()
        settings.readOnly = readOnly
        settings.networkNamespace = netns
        settings.clientName = "nlgate"
        do throws(NetlinkError) {
            guard let target else { return try IPRoute(settings: settings) }
            return try await IPRoute(target, credentials: try files(for: target), settings: settings)
        } catch {
            throw Failure(error)
        }
    }

    private func files(for url: GatewayURL) throws(NetlinkError) -> Credentials? {
        do {
            return try credentials(for: url)
        } catch {
            throw NetlinkError(.misuse((error as? Failure)?.text ?? "\(error)"))
        }
    }
}

/// `nlgate link add`.
struct LinkAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make an interface: NAME type KIND [OPTIONS].")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.add(try await LinkWords(ip: ip).added(options.words)) }
    }
}

/// `nlgate link set`.
struct LinkSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change an interface: NAME [up|down] [mtu N] [address MAC] [name NAME] …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.change(try await LinkWords(ip: ip).changed(options.words)) }
    }
}

/// `nlgate link del`.
struct LinkDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "del", abstract: "Delete an interface: NAME.", aliases: ["delete"])
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.delete(try await LinkWords(ip: ip).deleted(options.words)) }
    }
}

/// `nlgate addr add`.
struct AddressAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an address: PREFIX dev NAME [peer …] [broadcast …] [label …] …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.add(try await AddressWords(ip: ip).address(options.words)) }
    }
}

/// `nlgate addr replace`.
struct AddressReplace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Add an address or change it: PREFIX dev NAME …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.replace(try await AddressWords(ip: ip).address(options.words)) }
    }
}

/// `nlgate addr del`.
struct AddressDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "del", abstract: "Remove an address: PREFIX dev NAME.", aliases: ["delete"])
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.delete(try await AddressWords(ip: ip).address(options.words)) }
    }
}

/// `nlgate route add`.
struct RouteAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a route: PREFIX|default [via ADDR] [dev NAME] [src ADDR] [metric N] …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in
            try await ip.add(
                try await RouteWords(ip: ip, family: options.family).route(options.words, isDeleted: false))
        }
    }
}

/// `nlgate route replace`.
struct RouteReplace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Add a route or put it in the place of another: PREFIX|default …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in
            try await ip.replace(
                try await RouteWords(ip: ip, family: options.family).route(options.words, isDeleted: false))
        }
    }
}

/// `nlgate route del`.
struct RouteDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "del", abstract: "Remove a route: PREFIX|default …", aliases: ["delete"])
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in
            try await ip.delete(
                try await RouteWords(ip: ip, family: options.family).route(options.words, isDeleted: true))
        }
    }
}

/// `nlgate neigh add`.
struct NeighbourAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a neighbour: ADDR lladdr MAC dev NAME [nud STATE] [proxy].")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.add(try await AddressWords(ip: ip).neighbour(options.words)) }
    }
}

/// `nlgate neigh replace`.
struct NeighbourReplace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Add a neighbour or change it: ADDR lladdr MAC dev NAME …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.replace(try await AddressWords(ip: ip).neighbour(options.words)) }
    }
}

/// `nlgate neigh del`.
struct NeighbourDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "del", abstract: "Remove a neighbour: ADDR dev NAME.", aliases: ["delete"])
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in try await ip.delete(try await AddressWords(ip: ip).neighbour(options.words)) }
    }
}

/// `nlgate rule add`.
struct RuleAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a rule: [from PREFIX] [to PREFIX] [fwmark N] [priority N] table T …")
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in
            try await ip.add(try RouteWords(ip: ip, family: options.family).rule(options.words, isDeleted: false))
        }
    }
}

/// `nlgate rule del`.
struct RuleDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "del", abstract: "Remove a rule: what it is known by.", aliases: ["delete"])
    @OptionGroup var options: ChangeOptions
    func run() async throws {
        try await options.run { ip in
            try await ip.delete(try RouteWords(ip: ip, family: options.family).rule(options.words, isDeleted: true))
        }
    }
}
