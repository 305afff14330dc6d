// The command line: a client of a gateway or of the local kernel, and the tools around the gateway.

import ArgumentParser

struct NLGate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nlgate",
        abstract: "Speak netlink with this host's kernel, or with another's through its gateway.",
        discussion: """
            Words are those of iproute2, and may be shortened as there: 'nlgate -H tls://edge1:7000 r a default via \
            192.0.2.1'. Exit status: 0 done; 1 the kernel or the policy said no, in words on standard error; 2 the \
            words are wrong; 3 no connection.
            """,
        version: nlgateVersionText,
        subcommands: [
            LinkCommand.self, AddressCommand.self, RouteCommand.self, NeighbourCommand.self, RuleCommand.self,
            QdiscCommand.self, ClassCommand.self, FilterCommand.self, MonitorCommand.self, TaskStatsCommand.self,
            ExecCommand.self, TunnelCommand.self, WhoamiCommand.self, DoctorCommand.self, SelftestCommand.self,
            StatusCommand.self, PolicyCommand.self, PKICommand.self,
        ])
}

run()
