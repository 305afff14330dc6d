import GatewayIPC
import GatewayURL

/// The command line.
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

    init(_ words: [String]) throws(StartError) {
        var words = words[...]
        while let word = words.popFirst() { try take(word, &words) }
        try checkCombination()
    }

    var usesTLS: Bool { speaks(.tls) }

    func speaks(_ scheme: GatewayURL.Scheme) -> Bool { listen.contains { $0.scheme == scheme } }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(StartError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if try takeSwitch(name, hasValue: parts.count == 2) { return }
        func value() throws(StartError) -> String {
            if parts.count == 2 { return String(parts[1]) }
            guard let next = rest.popFirst() else { throw .usage("\(name) needs a value") }
            return next
        }
        switch name {
        case "--listen": listen.append(try url(try value()))
        case "--key": key = try value()
        case "--cert": certificate = try value()
        case "--ca": authority = try value()
        case "--client-ca": clientAuthority = try value()
        case "--crl": revocationList = try value()
        case "--policy": policy = try PolicySource(try value())
        case "--audit": audit = try AuditDestination(try value())
        case "--netns": try addNamespace(try value())
        case "--frontends": frontends = try number(name, try value(), 1...256)
        case "--readers": readers = try number(name, try value(), 1...256)
        case "--uid-base": uidBase = UInt32(try number(name, try value(), 1...4_294_000_000))
        case "--admin": admin = try value()
        case "--limit": try limits.set(try value())
        default: throw .usage("unknown option \(name)")
        }
    }

    private mutating func takeSwitch(_ name: String, hasValue: Bool) throws(StartError) -> Bool {
        switch name {
        case "--help", "-h": throw .help(usage)
        case "--version": throw .help("nlgated \(nlgateVersion)")
        case "--check": checkOnly = true
        case "--stop-on-eof": stopOnEOF = true
        case "--insecure-tcp": insecureTCP = true
        case "--insecure-old-kernel": insecureOldKernel = true
        default: return false
        }
        guard !hasValue else { throw .usage("\(name) takes no value") }
        return true
    }

    private mutating func addNamespace(_ name: String) throws(StartError) {
        guard isNamespaceName(name) else { throw .usage("--netns takes a name that 'ip netns' shows, not \(name)") }
        guard !namespaces.contains(name) else { throw .usage("--netns \(name) is given twice") }
        namespaces.append(name)
    }

    private func checkCombination() throws(StartError) {
        guard !listen.isEmpty else { throw .usage("at least one --listen URL is needed") }
        if listen.contains(where: { $0.scheme == .tcp }), !insecureTCP {
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

private let usage = """
    usage: nlgated --listen URL... [options]

    Serves this host's netlink to clients on other hosts.

      --listen URL          tls://HOST:PORT, ssl://HOST:PORT (the same), unix:///PATH[?mode=0660], unix://@NAME,
                            or with --insecure-tcp tcp://HOST:PORT; may be given several times
      --key FILE            the server's private key, PEM, not readable by group or others
      --cert FILE           the server's certificate and the chain above it, PEM
      --ca FILE             the CA of the server's certificate, and of the clients that may connect, PEM
      --client-ca FILE      the clients' CA, when it isn't that of --ca
      --crl FILE            certificate revocation list of the clients' CA, PEM; others of the CAs above it may follow
                            SIGHUP reads these files again; sessions live on unless their certificate is revoked
      --policy FILE         who may say what; or builtin:read-only (default) or builtin:unrestricted; a file belongs
                            to root or the daemon's user, only its owner can write it, and SIGHUP reads it again
      --audit FILE          who came, what was refused and what was changed, as JSON lines: a file, opened again on
                            SIGHUP, '-' for standard error (default), 'journal', or 'none'
      --netns NAME          serve this network namespace too; may be given several times
      --frontends N         network-facing processes (default: one a core)
      --readers N           readers for each namespace (default: one a core, at least 2)
      --uid-base N          first of five user ids for the processes, where the nlgate-* users don't exist
      --admin PATH          admin socket (default /run/nlgate/admin.sock as root; 'none' for none)
      --limit NAME=VALUE    change a limit; '--limit help' lists them
      --check               check the command line and the files, then exit
      --stop-on-eof         stop when standard input ends
      --insecure-tcp        allow tcp:// listeners
      --insecure-old-kernel start on a kernel below Linux 6.1, with what that kernel has
      --version, --help

    Exit status: 0 stopped, 1 a file, listener or process can't be used, 2 wrong usage.

    """
