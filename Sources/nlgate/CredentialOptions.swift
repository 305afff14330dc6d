import ArgumentParser
import LinuxSys
import RemoteNetlink

/// Who this client is, and what it asks for: everything of a connection but whose kernel.
struct CredentialOptions: ParsableArguments {
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

    var keyPath: String? { key ?? nonemptyVariable("NLGATE_KEY") }
    var certificatePath: String? { cert ?? nonemptyVariable("NLGATE_CERT") }
    var authorityPath: String? { ca ?? nonemptyVariable("NLGATE_CA") }

    func settings(readOnly: Bool) -> ConnectionSettings {
        var settings = ConnectionSettings()
        settings.readOnly = readOnly
        settings.networkNamespace = netns
        settings.clientName = "nlgate"
        return settings
    }
}

/// A variable of the environment; one that is empty counts as not set.
func nonemptyVariable(_ name: String) -> String? {
    guard let value = environmentVariable(name), !value.isEmpty else { return nil }
    return value
}
