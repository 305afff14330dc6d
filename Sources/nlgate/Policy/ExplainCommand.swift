import ArgumentParser
import PolicyFile

/// `nlgate policy explain FILE --client … REQUEST`.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say whether a client may make a request, and which line of the policy decides.",
        discussion: """
            A request is an operation, "route GETLINK dump", with what it is about if you like, "route NEWROUTE
            table=100 dst=10.0.0.0/8 protocol=bgp", or a group, "listen xfrm SA". Exits with 0 when it passes and with 1
            when it is denied.

            Example: nlgate policy explain policy.yaml --client common-name=noc-7 "route SETLINK dev=eth0"
            """)

    @OptionGroup var source: PolicyFileOptions

    @Argument(help: ArgumentHelp("The request, unless --hex gives its bytes.", valueName: "request"))
    var request: String?

    @OptionGroup var client: PolicyClientOptions

    @Option(help: "The bytes of a netlink datagram, in hexadecimal.")
    var hex: String?

    @Option(name: .customLong("protocol"), help: "The netlink protocol of --hex: 0 route, 12 netfilter, 16 generic.")
    var protocolNumber: Int32 = 0

    @OptionGroup var output: PolicyOutputOptions

    func validate() throws {
        guard !client.words.isEmpty else { throw ValidationError("whose request? give --client") }
        guard (request == nil) != (hex == nil) else { throw ValidationError("give a request or --hex, one of them") }
        if hex == nil, protocolNumber != 0 { throw ValidationError("--protocol goes with --hex") }
    }

    func run() throws {
        let input = try source.valid()
        let query = try asking { () throws(QueryError) in try ClientQuery(words: client.words) }
        if let hex {
            return try HexRequest(input, query, client.netns, protocolNumber).run(hex, json: output.json)
        }
        let explanation = try asking { () throws(QueryError) in
            try input.policy.explain(client: query, request: request ?? "", namespace: client.netns)
        }
        if output.json {
            PolicyJSON.write(PolicyJSON.object(PolicyJSON.explanation(explanation)))
        } else {
            Terminal.output.write(text(explanation, input))
        }
        guard explanation.passes else { throw ExitCode(1) }
    }

    private func text(_ explanation: Explanation, _ input: PolicyInput) -> String {
        let terminal = Terminal.output
        let source = DiagnosticOutput(input.policy.source)
        var text = terminal.paint(title(explanation.decision), explanation.passes ? .green : .red)
        text += explanation.passes && explanation.needsPrivilege ? ", by a privileged broker\n" : "\n"
        var isNear = false
        for reason in explanation.reasons {
            if !reason.decides, !isNear {
                text += explanation.passes ? "but for\n" : "nearest\n"
                isNear = true
            }
            let place = reason.position.map { "\(input.path):\($0.line):\($0.column): " } ?? ""
            text += "\(place)\(reason.role.map { "role \($0): " } ?? "")\(Terminal.visible(reason.text))\n"
            if let position = reason.position { text += source.excerpt(position, terminal) }
        }
        return text
    }

    private func title(_ decision: Explanation.Decision) -> String {
        switch decision {
        case .allowed: "allowed"
        case .conditional: "allowed if the message fits"
        case .reported: "passes and is reported"
        case .partial: "partly allowed: say single or dump"
        case .denied: "denied"
        }
    }
}
