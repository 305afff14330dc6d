// The command line: a client of a gateway or of the local kernel, and the tools around the gateway.

import ArgumentParser

struct NLGate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nlgate",
        abstract: "Speak netlink with this host's kernel, or with another's through its gateway.",
        version: nlgateVersionText,
        subcommands: [
            LinkCommand.self, AddressCommand.self, RouteCommand.self, NeighbourCommand.self, RuleCommand.self,
            QdiscCommand.self, MonitorCommand.self, TaskStatsCommand.self, WhoamiCommand.self, DoctorCommand.self,
            TunnelCommand.self, PolicyCommand.self, PKICommand.self,
        ])
}

await run()
