import ArgumentParser
import Foundation
import GatewayURL
import LinuxSys
import NetlinkWire
import RemoteNetlink

/// `nlgate monitor`.
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor", abstract: "Changes as they happen, on one host or several.",
        discussion: """
            Groups: link, addr, route, neigh, rule, qdisc; all of them without a word. Lost events are told, and what \
            exists is told anew after them.
            """)

    @Argument(help: "What to watch.")
    var groups: [String] = []

    @Option(
        name: [.customShort("H"), .customLong("host")],
        help: "A gateway's URL; may be given several times. NLGATE_HOST otherwise, else the local kernel.")
    var hosts: [String] = []

    @OptionGroup var files: CredentialOptions

    @Flag(help: "What exists comes first.")
    var snapshot = false

    @Flag(name: [.customShort("j"), .long], help: "One JSON object a line, with the names that 'ip -j' uses.")
    var json = false

    func run() async throws {
        let groups = try eventGroups(groups)
        let network = try await clients()
        var printer = EventPrinter(json: json, showsHost: network.clients.count > 1)
        for client in network.clients {
            if let links = try? await client.links() { printer.learn(links, of: client.host) }
        }
        for await event in network.events(groups, snapshot: snapshot) {
            guard let line = printer.line(for: event) else { continue }
            // A reader that goes away ends the command.
            guard (try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))) != nil else { return }
        }
    }

    /// The passphrase is read once, so that it may come from a pipe.
    private func decryptedClients(_ hosts: [String?]) async throws -> [IPRoute] {
        let credentials = try files.credentials()
        let settings = files.settings(readOnly: true)
        var clients: [IPRoute] = []
        for host in hosts {
            let url: GatewayURL?
            do throws(GatewayURLError) {
                url = try host.map { (host) throws(GatewayURLError) in try GatewayURL(host) }
            } catch {
                throw Failure(2, "\(error)")
            }
            do throws(NetlinkError) {
                guard let url else {
                    clients.append(try IPRoute(settings: settings))
                    continue
                }
                clients.append(
                    try await IPRoute(
                        url, credentials: url.scheme == .tls ? credentials : nil, settings: settings))
            } catch {
                throw Failure(error)
            }
        }
        return clients
    }

    private func clients() async throws -> IPRouteHosts {
        let named: [String?] = hosts.isEmpty ? [nonemptyVariable("NLGATE_HOST")] : hosts
        if files.keyPassphraseFile != nil { return IPRouteHosts(try await decryptedClients(named)) }
        do throws(NetlinkError) {
            return try await IPRouteHosts(
                named, key: files.keyPath, cert: files.certificatePath, ca: files.authorityPath, crl: files.crl,
                settings: files.settings(readOnly: true))
        } catch {
            throw Failure(error)
        }
    }
}

/// The groups that these words stand for.
private func eventGroups(_ words: [String]) throws -> EventGroups {
    guard !words.isEmpty else { return .all }
    return try words.reduce(into: []) { groups, word in
        switch word {
        case "all": groups.formUnion(.all)
        case "link": groups.formUnion(.link)
        case "addr", "address": groups.formUnion(.addresses)
        case "route": groups.formUnion(.routes)
        case "neigh", "neighbour": groups.formUnion(.neighbour)
        case "rule": groups.formUnion(.rules)
        case "qdisc", "tc": groups.formUnion(.trafficControl)
        default: throw Failure(2, "no group is called \(word); there are link, addr, route, neigh, rule, qdisc and all")
        }
    }
}

extension Failure {
    /// What the library couldn't do: 1 where the kernel or the policy said no, 3 where there is no connection.
    init(_ error: NetlinkError) {
        switch error.reason {
        case .connection(let error): self.init(error)
        case .timedOut: self.init(3, "\(error)")
        case .misuse: self.init(2, "\(error)")
        case .refused(let answer): self.init(1, answer.text ?? "\(Errno(rawValue: answer.code))")
        default: self.init(1, "\(error)")
        }
    }
}
