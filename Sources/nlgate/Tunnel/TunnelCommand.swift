import ArgumentParser
import GatewayURL
import LinuxSys
import RemoteNetlink
import TLSSocket

/// `nlgate tunnel`: a local socket whose bytes go to a gateway over TLS, for clients that can't speak it.
struct TunnelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel", abstract: "Carry clients that don't speak TLS 1.3 to a gateway.",
        discussion: """
            Bytes pass as they are, whatever dialect they are in, and each client gets a connection of its own to the \
            gateway, under this client's certificate. The Unix socket is for this user and root alone.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "unix:///path or unix://@name; with --insecure-tcp also tcp://127.0.0.1:port.")
    var listen: String

    @Flag(help: "Let --listen be a TCP port, which every user of this host can use.")
    var insecureTcp = false

    func run() throws {
        guard let target = try connection.url(), target.scheme == .tls else {
            throw Failure(2, "a tunnel leads to a gateway's tls:// URL: give --host tls://host:port or set NLGATE_HOST")
        }
        guard target.networkNamespace == nil, connection.netns == nil else {
            throw Failure(2, "a tunnel carries bytes as they are, so its clients choose the network namespace")
        }
        guard let credentials = try connection.credentials(for: target) else {
            throw Failure(ConnectError.credentialsMissing(target))
        }
        let local = try localURL()
        let context: TLSClientContext
        do throws(TLSError) {
            context = try TLSClientContext(
                certificate: credentials.certificate, key: credentials.key, ca: credentials.authority,
                crl: credentials.revocationList)
        } catch {
            throw Failure(3, "\(error)")
        }
        do throws(TunnelError) {
            var tunnel = try Tunnel(listener: try TunnelListener(local), to: target, context)
            writeStandardError("nlgate tunnel: listening on \(local), to \(target)")
            try tunnel.run()
        } catch {
            throw Failure(3, "\(error)")
        }
    }

    private func localURL() throws -> GatewayURL {
        let url: GatewayURL
        do throws(GatewayURLError) {
            url = try GatewayURL(listen)
        } catch {
            throw Failure(2, "\(error)")
        }
        switch url.scheme {
        case .unix:
            guard url.mode == nil, url.networkNamespace == nil else {
                throw Failure(2, "the tunnel's socket has mode 0600 and no namespace: --listen takes no query")
            }
        case .tcp:
            guard insecureTcp else {
                throw Failure(2, "every user of this host could use a TCP port; --insecure-tcp if that is meant")
            }
            guard ["127.0.0.1", "::1"].contains(url.host) else {
                throw Failure(2, "a tunnel listens on this host only: 127.0.0.1 or [::1]")
            }
        case .tls: throw Failure(2, "a tunnel listens on unix:// (or, with --insecure-tcp, on tcp://127.0.0.1:port)")
        }
        return url
    }
}

/// Why the tunnel, or one connection of it, can't go on.
enum TunnelError: Error, CustomStringConvertible {
    case system(String, Errno)
    case connect(ConnectError)
    case tls(GatewayURL, TLSError)
    case timedOut(GatewayURL)

    var description: String {
        switch self {
        case .system(let what, let error): "\(what): \(error)"
        case .connect(let error): "\(error)"
        case .tls(let url, let error): "\(url): \(error)"
        case .timedOut(let url): "\(url): no TLS connection within \(Tunnel.connectSeconds) s"
        }
    }
}
