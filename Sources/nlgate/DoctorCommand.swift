import ArgumentParser
import GatewayIPC

/// `nlgate doctor`: what is in force in each process of the gateway on this host.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Show what confines each process of this host's gateway.")

    @Option(help: "The daemon's admin socket.")
    var admin = usualAdminPath

    func run() throws {
        print(String(decoding: try AdminClient(path: admin).ask(1), as: UTF8.self), terminator: "")
    }
}
