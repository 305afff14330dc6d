/// The first of the user ids that the processes have when there are no users for them and no `--uid-base`.
///
/// From 60,578 to 61,183 nobody gives any out: neither systemd, whose dynamic users begin behind them, nor Debian.
public let usualUserBase: UInt32 = 60_600

/// What every helper is told on its command line.
///
/// Both sides use this one type, so they can't disagree.
public struct SealOptions: Equatable, Sendable {
    /// User to become; nil when the gateway doesn't run as root.
    public var uid: UInt32?
    /// Group to become; nil when the gateway doesn't run as root.
    public var gid: UInt32?
    /// The supervisor's process id, compared with getppid().
    public var supervisorPID: Int32
    /// RLIMIT_NOFILE.
    public var descriptorLimit: UInt64
    /// Start in spite of a kernel below the floor.
    public var insecureOldKernel: Bool

    /// Options from their parts.
    public init(
        uid: UInt32?, gid: UInt32?, supervisorPID: Int32, descriptorLimit: UInt64, insecureOldKernel: Bool
    ) {
        self.uid = uid
        self.gid = gid
        self.supervisorPID = supervisorPID
        self.descriptorLimit = descriptorLimit
        self.insecureOldKernel = insecureOldKernel
    }

    var words: [String] {
        var words = ["supervisor=\(supervisorPID)", "descriptors=\(descriptorLimit)"]
        if let uid { words.append("uid=\(uid)") }
        if let gid { words.append("gid=\(gid)") }
        if insecureOldKernel { words.append("insecure-old-kernel=1") }
        return words
    }

    init?(_ words: Words) {
        guard let supervisorPID = words.number("supervisor", Int32.self),
            let descriptorLimit = words.number("descriptors", UInt64.self)
        else { return nil }
        self.init(
            uid: words.number("uid", UInt32.self), gid: words.number("gid", UInt32.self),
            supervisorPID: supervisorPID, descriptorLimit: descriptorLimit,
            insecureOldKernel: words["insecure-old-kernel"] == "1")
    }
}

/// The command line of `nlgate-broker`.
public struct BrokerOptions: Equatable, Sendable {
    /// How to seal.
    public var seal: SealOptions
    /// True: CAP_NET_ADMIN for one session.
    ///
    /// False: no capability, many sessions.
    public var isPrivileged: Bool
    /// Index of the served namespace.
    public var networkNamespace: UInt16
    /// Its name in HELLO; empty for the daemon's own.
    public var networkNamespaceName: String
    /// Descriptor of the namespace to join first; nil to stay.
    public var networkNamespaceDescriptor: Int32?
    /// Netlink protocols that this process may open.
    public var protocols: [Int32]
    /// Most bytes that one session's burst buffer holds.
    public var burstBuffer: UInt64
    /// Most bytes that all burst buffers of the process hold together.
    public var burstBudget: UInt64
    /// Largest receive buffer that a client may ask for, in bytes.
    public var receiveBuffer: UInt32

    /// Options from their parts.
    public init(
        seal: SealOptions, isPrivileged: Bool, networkNamespace: UInt16, networkNamespaceName: String,
        networkNamespaceDescriptor: Int32?, protocols: [Int32], burstBuffer: UInt64, burstBudget: UInt64,
        receiveBuffer: UInt32
    ) {
        self.seal = seal
        self.isPrivileged = isPrivileged
        self.networkNamespace = networkNamespace
        self.networkNamespaceName = networkNamespaceName
        self.networkNamespaceDescriptor = networkNamespaceDescriptor
        self.protocols = protocols
        self.burstBuffer = burstBuffer
        self.burstBudget = burstBudget
        self.receiveBuffer = receiveBuffer
    }

    /// The words to start the process with, its name not included.
    public var arguments: [String] {
        var words =
            seal.words + [
                "role=\(isPrivileged ? "broker" : "reader")", "netns=\(networkNamespace)",
                "netns-name=\(networkNamespaceName)",
                "protocols=" + protocols.map(String.init).joined(separator: ","), "burst-buffer=\(burstBuffer)",
                "burst-budget=\(burstBudget)", "receive-buffer=\(receiveBuffer)",
            ]
        if let networkNamespaceDescriptor { words.append("netns-fd=\(networkNamespaceDescriptor)") }
        return words
    }

    /// Reads the words; nil when one is missing or impossible.
    public init?(arguments: [String]) {
        let words = Words(arguments)
        guard let seal = SealOptions(words), let role = words["role"], role == "reader" || role == "broker",
            let networkNamespace = words.number("netns", UInt16.self), let name = words["netns-name"],
            let protocols = words["protocols"], let burstBuffer = words.number("burst-buffer", UInt64.self),
            let burstBudget = words.number("burst-budget", UInt64.self),
            let receiveBuffer = words.number("receive-buffer", UInt32.self)
        else { return nil }
        self.init(
            seal: seal, isPrivileged: role == "broker", networkNamespace: networkNamespace,
            networkNamespaceName: name, networkNamespaceDescriptor: words.number("netns-fd", Int32.self),
            protocols: protocols.split(separator: ",").compactMap { Int32($0) }, burstBuffer: burstBuffer,
            burstBudget: burstBudget, receiveBuffer: receiveBuffer)
    }
}

/// A listener that a frontend inherits.
public struct ListenerOption: Equatable, Sendable {
    /// The descriptor.
    public var descriptor: Int32
    /// What is spoken on it: `tls` or `tcp`.
    ///
    /// Unix listeners stay with the supervisor.
    public var transport: Transport

    /// An option from its parts.
    public init(descriptor: Int32, transport: Transport) {
        self.descriptor = descriptor
        self.transport = transport
    }
}

/// The command line of `nlgate-frontend`.
public struct FrontendOptions: Equatable, Sendable {
    /// How to seal.
    public var seal: SealOptions
    /// Listeners.
    public var listeners: [ListenerOption]
    /// Names of the served namespaces; index 0, the daemon's own, is not listed.
    public var networkNamespaces: [String]
    /// Most connections of this process.
    public var connections: Int
    /// Most unauthenticated connections of one address.
    public var unauthenticated: Int
    /// Seconds until an unfinished handshake ends.
    public var handshakeSeconds: UInt32
    /// Seconds of silence until PING.
    public var pingSeconds: UInt32

    /// Options from their parts.
    public init(
        seal: SealOptions, listeners: [ListenerOption], networkNamespaces: [String], connections: Int,
        unauthenticated: Int, handshakeSeconds: UInt32, pingSeconds: UInt32
    ) {
        self.seal = seal
        self.listeners = listeners
        self.networkNamespaces = networkNamespaces
        self.connections = connections
        self.unauthenticated = unauthenticated
        self.handshakeSeconds = handshakeSeconds
        self.pingSeconds = pingSeconds
    }

    /// The words to start the process with, its name not included.
    public var arguments: [String] {
        let words =
            seal.words + [
                "listeners=" + listeners.map { "\($0.transport.rawValue):\($0.descriptor)" }.joined(separator: ","),
                "connections=\(connections)", "unauthenticated=\(unauthenticated)", "handshake=\(handshakeSeconds)",
                "ping=\(pingSeconds)",
            ]
        return words + networkNamespaces.map { "serve=" + $0 }
    }

    /// Reads the words; nil when one is missing or impossible.
    public init?(arguments: [String]) {
        let words = Words(arguments)
        guard let seal = SealOptions(words), let list = words["listeners"],
            let connections = words.number("connections", Int.self),
            let unauthenticated = words.number("unauthenticated", Int.self),
            let handshakeSeconds = words.number("handshake", UInt32.self),
            let pingSeconds = words.number("ping", UInt32.self)
        else { return nil }
        var listeners: [ListenerOption] = []
        for item in list.split(separator: ",") {
            let parts = item.split(separator: ":")
            guard parts.count == 2, let number = UInt8(parts[0]), let transport = Transport(rawValue: number),
                let descriptor = Int32(parts[1])
            else { return nil }
            listeners.append(ListenerOption(descriptor: descriptor, transport: transport))
        }
        self.init(
            seal: seal, listeners: listeners, networkNamespaces: words.all("serve"), connections: connections,
            unauthenticated: unauthenticated, handshakeSeconds: handshakeSeconds,
            pingSeconds: pingSeconds)
    }
}

/// The command line of `nlgate-policyc`.
public struct CompilerOptions: Equatable, Sendable {
    /// What is compiled.
    public enum Source: Equatable, Sendable {
        /// A built-in policy by its name, without `builtin:`.
        case builtin(String)
        /// The file behind `fileDescriptor`, and what diagnostics call it.
        case file(name: String)
        /// The daemon's configuration behind `fileDescriptor`, and what diagnostics call it.
        case configuration(name: String)
    }

    /// The descriptor of the policy or the configuration, when it is a file.
    public static let fileDescriptor: Int32 = 4

    /// How to seal.
    public var seal: SealOptions
    /// What is compiled.
    public var source: Source

    /// Options from their parts.
    public init(seal: SealOptions, source: Source) {
        self.seal = seal
        self.source = source
    }

    /// The words to start the process with, its name not included.
    public var arguments: [String] {
        switch source {
        case .builtin(let name): seal.words + ["builtin=\(name)"]
        case .file(let name): seal.words + ["file=\(name)"]
        case .configuration(let name): seal.words + ["configuration=\(name)"]
        }
    }

    /// Reads the words; nil when one is missing or impossible.
    public init?(arguments: [String]) {
        let words = Words(arguments)
        guard let seal = SealOptions(words) else { return nil }
        switch (words["builtin"], words["file"], words["configuration"]) {
        case (let name?, nil, nil): self.init(seal: seal, source: .builtin(name))
        case (nil, let name?, nil): self.init(seal: seal, source: .file(name: name))
        case (nil, nil, let name?): self.init(seal: seal, source: .configuration(name: name))
        default: return nil
        }
    }
}

/// `name=value` words.
struct Words {
    private let pairs: [(name: String, value: String)]

    init(_ arguments: [String]) {
        pairs = arguments.compactMap { argument in
            guard let sign = argument.firstIndex(of: "=") else { return nil }
            return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
        }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    func number<Number: FixedWidthInteger>(_ name: String, _: Number.Type) -> Number? {
        self[name].flatMap { Number($0) }
    }
}
