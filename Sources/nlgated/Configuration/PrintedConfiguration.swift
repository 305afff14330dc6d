import GatewayIPC
import GatewayURL
import Glibc

extension Options {
    /// The options as a configuration file, which leads to the same options again; a comment behind each says where it
    /// comes from.
    var asConfiguration: String {
        var lines = ["config: 1"]
        lines += list("listen")
        for name in ["key", "cert", "ca", "client-ca", "crl"] { lines.append(single(name, default: nil)) }
        lines.append(single("policy", default: policy.name))
        lines.append(single("audit", default: "-"))
        lines += list("netns")
        lines.append(single("frontends", default: nil, note: "one a core"))
        lines.append(single("readers", default: nil, note: "one a core, at least 2"))
        lines.append(single("uid-base", default: nil, note: "the nlgate-* users, else from \(usualUserBase)"))
        lines.append(single("admin", default: getuid() == 0 ? usualAdminPath : "none"))
        lines.append("limits:")
        for limit in limits.all {
            let said = settings.last { $0.key == "limit " + limit.name }
            lines.append("  \(limit.name): \(limit.value)  # \(origin(said))")
        }
        for (name, value) in [("insecure-tcp", insecureTCP), ("stop-on-eof", stopOnEOF)] {
            lines.append("\(name): \(value)  # \(origin(settings.last { $0.name == name }))")
        }
        if insecureOldKernel { lines.append("# --insecure-old-kernel  # command line") }
        for scheme in activated { lines.append("# a \(scheme.rawValue) socket  # service manager") }
        return lines.joined(separator: "\n")
    }

    private func single(_ name: String, default value: String?, note: String = "none") -> String {
        let said = settings.last { $0.name == name }
        guard let value = said?.value ?? value else { return "# \(name):  # \(note), default" }
        return "\(name): \(quoted(value))  # \(origin(said))"
    }

    private func list(_ name: String) -> [String] {
        let said = settings.filter { $0.name == name }
        guard !said.isEmpty else { return ["\(name): []  # default"] }
        return ["\(name):"] + said.map { "  - \(quoted($0.value))  # \(origin($0))" }
    }

    private func origin(_ setting: Setting?) -> String {
        switch setting?.origin {
        case nil: "default"
        case .commandLine: "command line"
        case .file(let path, let line, _): "\(printable(path)):\(line)"
        }
    }

    private func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
