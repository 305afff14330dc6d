import ArgumentParser
import Foundation
import GatewayURL
import RemoteNetlink

/// Which kernel: the local one, or with a URL a gateway's.
struct ConnectionOptions: ParsableArguments {
    @Option(name: [.customShort("H"), .long], help: "The gateway's URL; NLGATE_HOST otherwise, else the local kernel.")
    var host: String?

    @Option(help: "This client's private key; NLGATE_KEY otherwise.")
    var key: String?

    @Option(help: "This client's certificate; NLGATE_CERT otherwise.")
    var cert: String?

    @Option(help: "The CA of the server's certificate; NLGATE_CA otherwise.")
    var ca: String?

    @Option(help: "Revocation list for the server's certificate.")
    var crl: String?

    @Option(help: "A network namespace that the gateway serves.")
    var netns: String?

    func url() throws -> GatewayURL? {
        guard let text = host ?? variable("NLGATE_HOST") else { return nil }
        do throws(GatewayURLError) {
            return try GatewayURL(text)
        } catch {
            throw Failure(2, "\(error)")
        }
    }

    /// The three files, if they are named and the URL needs them.
    func credentials(for url: GatewayURL) throws -> Credentials? {
        guard url.scheme == .tls else { return nil }
        guard let key = key ?? variable("NLGATE_KEY"), let cert = cert ?? variable("NLGATE_CERT"),
            let ca = ca ?? variable("NLGATE_CA")
        else { return nil }
        do throws(ConnectError) {
            return try Credentials(certificate: cert, key: key, authority: ca, revocationList: crl)
        } catch {
            throw Failure(error)
        }
    }

    /// A client of the chosen kernel.
    func client(protocolNumber: UInt32 = 0, readOnly: Bool = true) throws -> NetlinkClient {
        let target = try url()
        if target == nil, let netns {
            throw Failure(2, "--netns \(netns) needs --host; locally use 'ip netns exec \(netns) nlgate …'")
        }
        let files = try target.flatMap { try credentials(for: $0) }
        do throws(ConnectError) {
            return try NetlinkClient(
                target, files, protocolNumber: protocolNumber, networkNamespace: netns, readOnly: readOnly)
        } catch {
            throw Failure(error)
        }
    }

    private func variable(_ name: String) -> String? {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
        return value
    }
}
