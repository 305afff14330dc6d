import GatewayIPC
import LinuxSys

/// One option, as somebody said it.
struct Setting {
    /// Who said it.
    enum Origin: Equatable {
        case commandLine
        case file(String, line: UInt32, column: UInt32)
    }

    /// The option without its dashes.
    let name: String
    /// Its value; `true` or `false` for a switch.
    let value: String
    let origin: Origin

    /// What of the file is put aside when the command line says it too: for a limit, that limit.
    var key: String {
        name == "limit" ? "limit " + value.prefix { $0 != "=" } : name
    }

    /// An error about it, with the place that it comes from.
    func error(_ text: String) -> String {
        guard case .file(let path, let line, let column) = origin else { return text }
        return "\(printable(path)):\(line):\(column): error: \(text.hasPrefix("--") ? String(text.dropFirst(2)) : text)"
    }
}

/// The command line, taken apart.
struct OptionWords {
    static let defaultConfiguration = "/etc/nlgate/nlgated.yaml"
    private static let switches = ["check", "print-config", "stop-on-eof", "insecure-tcp", "insecure-old-kernel"]
    private static let values = [
        "config", "listen", "key", "cert", "ca", "client-ca", "crl", "policy", "audit", "netns", "frontends",
        "readers", "uid-base", "admin", "limit",
    ]

    private(set) var settings: [Setting] = []

    init(_ words: [String]) throws(StartError) {
        var rest = words[...]
        while let word = rest.popFirst() { try take(word, &rest) }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(StartError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch parts[0] {
        case "--help", "-h": throw .help(usage)
        case "--version": throw .help("nlgated \(nlgateVersion)")
        default: break
        }
        let name = String(parts[0].dropFirst(2))
        guard parts[0].hasPrefix("--"), OptionWords.switches.contains(name) || OptionWords.values.contains(name) else {
            throw .usage("unknown option \(parts[0])")
        }
        guard OptionWords.values.contains(name) else {
            guard parts.count == 1 else { throw .usage("--\(name) takes no value") }
            return settings.append(Setting(name: name, value: "true", origin: .commandLine))
        }
        let value = parts.count == 2 ? parts[1] : rest.popFirst()
        guard let value else { throw .usage("--\(name) needs a value") }
        settings.append(Setting(name: name, value: value, origin: .commandLine))
    }

    func last(_ name: String) -> String? { settings.last { $0.name == name }?.value }

    /// The configuration file: the one that is named, or the usual one where nothing says what to listen on.
    func configuration(isActivated: Bool) -> String? {
        if let path = last("config") { return path == "none" ? nil : path }
        guard !isActivated, last("listen") == nil else { return nil }
        let usual = OptionWords.defaultConfiguration
        return (try? FileStatus(ofPath: usual)) == nil ? nil : usual
    }

    /// The command line, before which goes what the file says and the command line doesn't.
    func over(_ file: [Setting]) -> [Setting] {
        let said = Set(settings.map(\.key))
        return file.filter { !said.contains($0.key) } + settings
    }
}

private let usage = """
    usage: nlgated --listen URL... [options]
           nlgated [--config FILE] [options]

    Serves this host's netlink to clients on other hosts.

      --config FILE         options as a YAML file, see nlgated.yaml(5); the command line goes before it. The default is
                            \(OptionWords.defaultConfiguration) where no --listen says otherwise; 'none' for none
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
      --print-config        print the options as a configuration file that says where each comes from, then exit
      --stop-on-eof         stop when standard input ends
      --insecure-tcp        allow tcp:// listeners
      --insecure-old-kernel start on a kernel below Linux 6.1, with what that kernel has; never in a file, because
                            what reads files is confined as well
      --version, --help

    Exit status: 0 stopped, 1 a file, listener or process can't be used, 2 wrong usage or configuration.

    """
