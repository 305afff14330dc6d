import ArgumentParser
import GatewayProtocol
import GatewayURL
import RemoteNetlink

/// `nlgate whoami`: who the gateway takes this client for, and what it may say.
struct WhoamiCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who the gateway takes you for and what it grants you.")

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Netlink protocol number, such as 0 for route and 16 for generic.")
    var family: UInt32 = 0

    @Flag(help: "Ask for a session that only reads.")
    var readOnly = false

    func run() throws {
        guard let url = try connection.url() else {
            throw Failure(2, "whoami asks a gateway: give --host URL or set NLGATE_HOST")
        }
        let credentials = try connection.credentials(for: url)
        do throws(ConnectError) {
            let hello = Hello(
                protocolNumber: family, networkNamespace: connection.netns ?? url.networkNamespace, readOnly: readOnly,
                clientName: "nlgate whoami")
            let session = try GatewaySession(url, credentials, hello)
            let welcome = session.welcome
            print("gateway   \(url), nlgate \(welcome.serverVersion), Linux \(welcome.kernelRelease)")
            for line in try session.describe() { print(line) }
        } catch {
            throw Failure(error)
        }
    }
}
