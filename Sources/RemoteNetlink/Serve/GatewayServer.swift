public import LinuxSys
import Synchronization

/// A gateway that runs beside this program, with the processes and the confinement of any other.
///
/// The program holds one end of a socket whose other end is the daemon's standard input. When that ends, the daemon
/// stops, with everything it started: after ``stop()``, when nobody holds this object any more, and when the program ends,
/// however it ends. Threads don't matter.
///
///     let server = try await IPRoute().serve("tls://0.0.0.0:7000", key: "server.key", cert: "server.crt", ca: "ca.crt")
public final class GatewayServer: Sendable {
    /// What the gateway shall be.
    public struct Options: Sendable {
        /// Where to listen: `tls://host:port`, `unix:///path`, `unix://@name`, or with `insecureTCP` `tcp://host:port`.
        public var listen: [String]
        /// The server's private key, a PEM file.
        public var key: String?
        /// The server's certificate and the chain above it, a PEM file.
        public var certificate: String?
        /// The CA of the clients' certificates, a PEM file.
        public var authority: String?
        /// Certificate revocation list of the clients, a PEM file.
        public var revocationList: String?
        /// A policy file, or `builtin:read-only` (what holds where nothing is said) or `builtin:unrestricted`.
        public var policy: String?
        /// Network namespaces that are served too, by the names of `ip netns`.
        public var networkNamespaces: [String] = []
        /// Allows `tcp://`, which has no encryption and no identity.
        public var insecureTCP = false
        /// Further words for the daemon's command line.
        public var arguments: [String] = []
        /// The daemon's file; nil looks for it: NLGATE_NLGATED, beside the program, `/usr/sbin/nlgated`.
        public var executable: String?
        /// Longest time until the gateway listens.
        public var startTimeout: Duration = .seconds(30)

        /// A gateway that listens there.
        public init(
            listen: [String], key: String? = nil, certificate: String? = nil, authority: String? = nil,
            policy: String? = nil
        ) {
            self.listen = listen
            self.key = key
            self.certificate = certificate
            self.authority = authority
            self.policy = policy
        }
    }

    /// Where it listens.
    public let urls: [String]
    /// The daemon's file.
    public let executable: String
    /// Process id of the daemon.
    public let pid: Int32
    private let process: GatewayProcess

    /// Starts the daemon; it isn't listening yet.
    ///
    /// It serves the network namespace of the calling thread. Each line of its log goes to `log`, by default to standard
    /// error.
    ///
    /// - Throws: `notFound` when there is no `nlgated`, `system` when it can't be started.
    public init(
        _ options: Options, log: @escaping @Sendable (String) -> Void = { writeStandardError($0) }
    ) throws(GatewayServerError) {
        let program = try Executable.find(options.executable)
        urls = options.listen
        executable = program.path
        process = try GatewayProcess.start(program, options.words, log)
        pid = process.pid
    }

    /// Waits until it listens.
    ///
    /// - Throws: `ended` with its last words when it can't, `timedOut`.
    public func ready(within timeout: Duration = .seconds(30)) async throws(GatewayServerError) {
        try await process.state.ready(within: timeout)
    }

    /// Stops it and waits until it has ended, with everything it started.
    public func stop() async {
        process.hangUp()
        await process.state.ended()
    }

    /// Waits until it ends, for whatever reason; how it ended.
    ///
    /// nil when that can't be known.
    public func wait() async -> ExitStatus? {
        await process.state.ended()
    }
}

/// Why there is no gateway.
public enum GatewayServerError: Error, Equatable, Sendable {
    /// There is no `nlgated`; these places were looked at.
    case notFound([String])
    /// A system call failed.
    case system(String, Errno)
    /// The daemon ended before it listened; its last words.
    case ended(ExitStatus?, log: [String])
    /// The daemon didn't listen in time.
    case timedOut(Duration)
    /// The client is one of another host, whose kernel can't be served from here.
    case notLocal
}

extension GatewayServerError: CustomStringConvertible {
    /// What was wrong and what to do.
    public var description: String {
        switch self {
        case .notFound(let places):
            "there is no nlgated at \(places.joined(separator: ", ")); name it with executable: or NLGATE_NLGATED"
        case .system(let what, let error): "\(what): \(error)"
        case .ended(let status, let log):
            "nlgated ended with \(status?.description ?? "an unknown status"): \(log.last ?? "no word")"
        case .timedOut(let time): "nlgated doesn't listen after \(time)"
        case .notLocal: "only the local kernel can be served; this client is one of another host"
        }
    }
}

extension IPRoute {
    /// Serves the local kernel to other hosts, as long as this program and the result live.
    ///
    /// The gateway's processes serve the network namespace of the calling thread. Without a policy, clients with a
    /// certificate of the CA may read.
    ///
    /// - Throws: `notFound`, `ended` with the daemon's words, `timedOut`, `notLocal`.
    public func serve(
        _ url: String, key: String? = nil, cert: String? = nil, ca: String? = nil, policy: String? = nil,
        executable: String? = nil
    ) async throws(GatewayServerError) -> GatewayServer {
        guard host == .local else { throw .notLocal }
        var options = GatewayServer.Options(
            listen: [url], key: key, certificate: cert, authority: ca, policy: policy)
        options.executable = executable
        let server = try GatewayServer(options)
        try await server.ready(within: options.startTimeout)
        return server
    }
}

extension GatewayServer.Options {
    /// The daemon's command line.
    var words: [String] {
        var words = ["--stop-on-eof", "--admin", "none"]
        func add(_ option: String, _ value: String?) {
            if let value { words += [option, value] }
        }
        for url in listen { add("--listen", url) }
        add("--key", key)
        add("--cert", certificate)
        add("--ca", authority)
        add("--crl", revocationList)
        add("--policy", policy)
        for name in networkNamespaces { add("--netns", name) }
        if insecureTCP { words.append("--insecure-tcp") }
        return words + arguments
    }
}

/// The daemon's file.
enum Executable {
    /// The file that was named, else the first of the usual places.
    static func find(_ path: String?) throws(GatewayServerError) -> ProgramFile {
        var places: [String] = []
        if let path {
            places = [path]
        } else if let named = environmentVariable("NLGATE_NLGATED"), !named.isEmpty {
            places = [named]
        } else {
            places = (ownFolder().map { [$0 + "nlgated"] } ?? []) + ["/usr/sbin/nlgated"]
        }
        for place in places {
            do throws(Errno) {
                return try ProgramFile(path: place)
            } catch {
                guard error.rawValue == 2 else { throw .system(place, error) }
            }
        }
        throw .notFound(places)
    }
}
