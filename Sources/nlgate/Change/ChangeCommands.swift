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

    @Option(
        help: ArgumentHelp(
            "Have the gateway undo the change unless it is confirmed in time, 1 to 3600 seconds.",
            discussion: """
                The gateway knows what undoes the change before it is made, and undoes it when the time is over or this \
                program or its connection ends. On a terminal the change is kept when you press Enter; otherwise when a \
                new connection to the gateway could be made after it.
                """, valueName: "seconds"))
    var confirmWithin: Int?

    func validate() throws {
        if ipv4, ipv6 { throw ValidationError("-4 and -6 exclude each other") }
    }

    var family: AddressFamily { ipv4 ? .inet : ipv6 ? .inet6 : .unspecified }

    /// Connects, and makes one change.
    func run(_ change: (IPRoute) async throws -> Reply) async throws {
        if let confirmWithin {
            return try await ConfirmedChange(connection: connection, seconds: confirmWithin).run(change)
        }
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
        let target = try target()
        let settings = own.settings(readOnly: readOnly)
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

/// What is done with an object, in iproute2's words.
enum Verb: String {
    case add
    case set
    case change
    case replace
    case append
    case prepend
    case delete = "del"

    /// What the kernel is asked.
    var change: RouteChange {
        switch self {
        case .add: .add
        case .set, .change: .change
        case .replace: .replace
        case .append: .append
        case .prepend: .prepend
        case .delete: .delete
        }
    }
}

/// Objects that can be changed: what their words mean, and the help about them.
protocol Subject {
    /// One of them with its article, as in "an interface".
    static var name: String { get }
    /// The words of a verb, and an example of them.
    static func words(_ verb: Verb) -> String
    /// The object that the words describe.
    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage
}

/// A verb as a type, because each command is one.
protocol VerbType {
    static var verb: Verb { get }
}

/// The verbs.
enum Verbs {
    enum Add: VerbType { static let verb = Verb.add }
    enum Set: VerbType { static let verb = Verb.set }
    enum Change: VerbType { static let verb = Verb.change }
    enum Replace: VerbType { static let verb = Verb.replace }
    enum Append: VerbType { static let verb = Verb.append }
    enum Prepend: VerbType { static let verb = Verb.prepend }
    enum Delete: VerbType { static let verb = Verb.delete }
}

/// A command that makes one change.
protocol ChangingCommand {
    /// What is asked of the kernel.
    func request(_ lookup: Lookup) async throws -> Request
}

/// The command of a verb for one kind of object.
struct Changing<What: Subject, Doing: VerbType>: AsyncParsableCommand, ChangingCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Doing.verb.rawValue, abstract: abstract, discussion: What.words(Doing.verb),
            aliases: Doing.verb == .delete ? ["delete"] : [])
    }

    private static var abstract: String {
        switch Doing.verb {
        case .add: "Make \(What.name)."
        case .set, .change: "Change \(What.name)."
        case .replace: "Make \(What.name), or put it in the place of the one that is there."
        case .append: "Make \(What.name) behind those of the same kind."
        case .prepend: "Make \(What.name) before those of the same kind."
        case .delete: "Delete \(What.name)."
        }
    }

    @OptionGroup var options: ChangeOptions

    func run() async throws {
        try await options.run { ip in
            try await ip.make(Doing.verb.change, try await object(Lookup(ip)))
        }
    }

    func request(_ lookup: Lookup) async throws -> Request {
        try Doing.verb.change.request(try await object(lookup))
    }

    private func object(_ lookup: Lookup) async throws -> any RouteMessage {
        try await What.object(Doing.verb, options.words, options.family, lookup)
    }
}
