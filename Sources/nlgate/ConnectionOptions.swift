import ArgumentParser
import GatewayURL
import RemoteNetlink

/// Which kernel: the local one, or with a URL a gateway's.
struct ConnectionOptions: ParsableArguments {
    @Option(name: [.customShort("H"), .long], help: "The gateway's URL; NLGATE_HOST otherwise, else the local kernel.")
    var host: String?

    @OptionGroup var own: CredentialOptions

    var netns: String? { own.netns }

    func url() throws -> GatewayURL? {
        guard let text = host ?? nonemptyVariable("NLGATE_HOST") else { return nil }
        do throws(GatewayURLError) {
            return try GatewayURL(text)
        } catch {
            throw Failure(2, "\(error)")
        }
    }

    /// The three files, if they are named and the URL needs them.
    func credentials(for url: GatewayURL) throws -> Credentials? {
        url.scheme == .tls ? try own.credentials() : nil
    }

    /// The gateway, or nil for the local kernel, which has no namespace to choose.
    func target() throws -> GatewayURL? {
        if let url = try url() { return url }
        if let netns {
            throw Failure(2, "--netns \(netns) needs --host; locally use 'ip netns exec \(netns) nlgate …'")
        }
        return nil
    }

    /// A client of the chosen kernel.
    func client(protocolNumber: UInt32 = 0, readOnly: Bool = true) throws -> NetlinkClient {
        let target = try target()
        let files = try target.flatMap { try credentials(for: $0) }
        do throws(ConnectError) {
            return try NetlinkClient(
                target, files, protocolNumber: protocolNumber, networkNamespace: netns, readOnly: readOnly)
        } catch {
            throw Failure(error)
        }
    }
}
