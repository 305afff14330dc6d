import GatewayIPC
import GatewayURL

/// What the command line and the configuration file say together.
struct Options {
    var listen: [GatewayURL] = []
    var key: String?
    var certificate: String?
    var authority: String?
    var clientAuthority: String?
    var revocationList: String?
    var policy = PolicySource.builtin("read-only")
    var audit = AuditDestination.standardError
    var namespaces: [String] = []
    var frontends: Int?
    var readers: Int?
    var uidBase: UInt32?
    var admin: String?
    var limits = Limits()
    var checkOnly = false
    var insecureTCP = false
    var insecureOldKernel = false
    var stopOnEOF = false
    /// What sockets of a service manager speak.
    let activated: [GatewayURL.Scheme]

    /// Who said what, for --print-config.
    let settings: [Setting]

    /// Takes settings, later ones over earlier ones.
    ///
    /// - Throws: `usage` for the command line's first error, `configuration` with all errors of a file.
    init(_ settings: [Setting], activated: [GatewayURL.Scheme] = []) throws(StartError) {
        self.activated = activated
        self.settings = settings
        var errors: [String] = []
        for setting in settings {
            do throws(StartError) {
                try take(setting)
            } catch {
                guard case .usage(let text) = error, setting.origin != .commandLine else { throw error }
                errors.append(setting.error(text))
            }
        }
        guard errors.isEmpty else { throw .configuration(errors) }
        try checkCombination()
    }

    var usesTLS: Bool { speaks(.tls) }
    var printsConfiguration: Bool { settings.contains { $0.name == "print-config" } }

    func speaks(_ scheme: GatewayURL.Scheme) -> Bool {
        activated.contains(scheme) || listen.contains { $0.scheme == scheme }
    }

    private mutating func take(_ setting: Setting) throws(StartError) {
        let (option, value) = ("--" + setting.name, setting.value)
        switch setting.name {
        case "listen": listen.append(try url(value))
        case "key": key = value
        case "cert": certificate = value
        case "ca": authority = value
        case "client-ca": clientAuthority = value
        case "crl": revocationList = value
        case "policy": policy = try PolicySource(value)
        case "audit": audit = try AuditDestination(value)
        case "netns": try addNamespace(value)
        case "frontends": frontends = try number(option, value, 1...256)
        case "readers": readers = try number(option, value, 1...256)
        case "uid-base": uidBase = UInt32(try number(option, value, 1...4_294_000_000))
        case "admin": admin = value
        case "limit": try limits.set(value)
        case "check": checkOnly = true
        case "stop-on-eof": stopOnEOF = value == "true"
        case "insecure-tcp": insecureTCP = value == "true"
        case "insecure-old-kernel": insecureOldKernel = true
        case "config", "print-config": break
        default: throw .usage("unknown option \(option)")
        }
    }

    private mutating func addNamespace(_ name: String) throws(StartError) {
        guard isNamespaceName(name) else { throw .usage("--netns takes a name that 'ip netns' shows, not \(name)") }
        guard !namespaces.contains(name) else { throw .usage("--netns \(name) is given twice") }
        namespaces.append(name)
    }

    private func checkCombination() throws(StartError) {
        guard !listen.isEmpty || !activated.isEmpty else {
            throw .usage("at least one --listen URL is needed, a configuration with listen:, or a socket of systemd")
        }
        if speaks(.tcp), !insecureTCP {
            throw .usage("tcp:// has no encryption and no identity: it needs --insecure-tcp")
        }
        for url in listen {
            guard let name = url.networkNamespace else { continue }
            throw .usage("--listen \(url): clients choose the namespace, serve it with --netns \(name)")
        }
        guard usesTLS else { return }
        for (option, value) in [("--key", key), ("--cert", certificate), ("--ca", clientAuthority ?? authority)] {
            guard value != nil else { throw .usage("tls:// needs \(option) FILE; 'nlgate pki' makes one") }
        }
    }
}

private func url(_ text: String) throws(StartError) -> GatewayURL {
    do throws(GatewayURLError) {
        return try GatewayURL(text)
    } catch {
        throw .usage("--listen \(error)")
    }
}

func number(_ name: String, _ text: String, _ range: ClosedRange<Int>) throws(StartError) -> Int {
    guard let value = Int(text), range.contains(value) else {
        throw .usage("\(name) takes a number from \(range.lowerBound) to \(range.upperBound), not \(text)")
    }
    return value
}
