import ArgumentParser
import LinuxSys
import RemoteNetlink
import TLSSocket

/// Who this client is, and what it asks for: everything of a connection but whose kernel.
struct CredentialOptions: ParsableArguments {
    @Option(help: "This client's private key; NLGATE_KEY otherwise.")
    var key: String?

    @Option(
        help: ArgumentHelp(
            "A file with the private key's passphrase in its first line, if it has one.", valueName: "file"))
    var keyPassphraseFile: String?

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

    /// The three files, if they are named, with a key that is no longer encrypted.
    func credentials() throws -> Credentials? {
        guard let key = keyPath, let cert = certificatePath, let ca = authorityPath else { return nil }
        let credentials: Credentials
        do throws(ConnectError) {
            credentials = try Credentials(certificate: cert, key: key, authority: ca, revocationList: crl)
        } catch {
            throw Failure(error)
        }
        return try decrypted(credentials)
    }

    private func decrypted(_ credentials: Credentials) throws -> Credentials {
        guard TLSLibrary.isEncrypted(credentials.key) else { return credentials }
        var credentials = credentials
        let path = keyPath ?? "the private key"
        do throws(TLSError) {
            guard let keyPassphraseFile else {
                throw TLSError(.passphrase, "\(path) is encrypted: give its passphrase with --key-passphrase-file FILE")
            }
            let passphrase = try Passphrase.read(file: keyPassphraseFile)
            credentials.key = try TLSLibrary.decrypted(credentials.key, path, passphrase)
        } catch {
            throw Failure(3, "\(error)")
        }
        return credentials
    }

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
