internal import ArgumentParser
internal import Foundation
internal import LinuxSys
internal import TLSSocket

/// `nlgate pki`: certificates for servers and clients, from a CA of one's own.
struct PKICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki",
        abstract: "Make a certificate authority, and certificates for servers and clients; renew, revoke, list them.",
        discussion: """
            The CA's folder belongs on a host that is not one of the servers. Exit status: 0 done; 1 a file could not \
            be read or made, or a passphrase is wrong; 2 a name is not acceptable or not known.
            """,
        subcommands: [
            Initialise.self, Server.self, Client.self, Renew.self, Revoke.self, RevocationListing.self, List.self,
            Show.self,
        ])

    /// Whence the passphrase of the CA's key comes.
    struct AuthorityOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "A file with the passphrase of the CA's key in its first line; asked for on the terminal otherwise.",
                valueName: "file"))
        var caPassphraseFile: String?

        var source: PassphraseSource { caPassphraseFile.map(PassphraseSource.file) ?? .terminal }
    }

    /// Whether a new key gets a passphrase, and which.
    struct KeyOptions: ParsableArguments {
        @Flag(help: "Ask on the terminal, twice, for a passphrase for the new key.")
        var passphrase = false

        @Option(
            help: ArgumentHelp("A file with a passphrase for the new key in its first line.", valueName: "file"))
        var passphraseFile: String?

        func validate() throws {
            guard !passphrase || passphraseFile == nil else {
                throw ValidationError("--passphrase asks on the terminal; give it or --passphrase-file, not both")
            }
        }

        func chosen(for what: String) throws -> Passphrase? {
            let source = passphraseFile.map(PassphraseSource.file) ?? (passphrase ? .terminal : .none)
            return try reporting { () throws(TLSError) in try source.chosen(for: what) }
        }
    }

    /// What issuing for a server and for a client have in common.
    struct IssueOptions: ParsableArguments {
        @Option(help: "Days until the certificate expires.")
        var days: Int = 365

        @Option(help: ArgumentHelp("Where to put the two files.", valueName: "folder"))
        var out: String?

        @Flag(help: "Replace files that exist.")
        var force = false

        @OptionGroup var key: KeyOptions
        @OptionGroup var authority: AuthorityOptions

        func validate() throws { try checkDays(days) }

        func passphrases(for what: String) throws -> IssuePassphrases {
            IssuePassphrases(authority: authority.source, key: try key.chosen(for: what))
        }
    }
}

func checkDays(_ days: Int) throws {
    guard (1...36_500).contains(days) else { throw ValidationError("--days must be from 1 to 36500") }
}

/// Says what was made and who gets it.
func showIssued(_ files: IssuedFiles, _ folder: PKIDirectory, receiver: String) {
    print("made \(files.key)   secret: only for \(receiver)")
    print("made \(files.certificate)")
    print("copy these two and \(folder.anchorPath) to \(receiver)")
}

/// The last part of a path.
func baseName(_ path: String) -> Substring {
    path.split(separator: "/").last ?? ""
}

/// The command that the holder starts with its files.
func usage(of files: IssuedFiles, _ folder: PKIDirectory) -> String {
    let options =
        "--key \(baseName(files.key)) --cert \(baseName(files.certificate)) --ca \(baseName(folder.anchorPath))"
    return files.role == .server ? "nlgated \(options) --listen …" : "nlgate \(options) -H tls://…"
}

/// `2026-03-01T12:00:00Z`.
func timeText(_ seconds: Int64) -> String {
    guard (-62_135_596_800..<253_402_300_800).contains(seconds) else { return "an unreadable time" }
    return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
}

/// Whole days from now on; negative when they are over.
func daysLeft(_ seconds: Int64) -> Int64 {
    (max(seconds, -62_135_596_800) - Int64(Date().timeIntervalSince1970)) / 86_400
}

func warn(_ text: String) {
    let standardError = Descriptor(owning: 2)
    _ = try? standardError.write(Array("nlgate pki: \(text)\n".utf8).span)
    _ = standardError.release()
}

private func isNear(_ end: Int64, from begin: Int64) -> Bool {
    PEMLifetime.warningTime(from: begin, to: end) <= Int64(Date().timeIntervalSince1970)
}

/// Warns of a CA and of lists whose end is near.
func warnOfEnds(_ folder: PKIDirectory) {
    if let authority = try? folder.authorityDescription(),
        isNear(authority.peer.notAfter, from: authority.peer.notBefore)
    {
        warn(
            "warning: the CA of \(folder.path) ends at \(timeText(authority.peer.notAfter)), and all its certificates "
                + "with it: 'nlgate pki renew \(folder.path) ca' gives it a new one")
    }
    for list in (try? folder.revocationLists()) ?? [] {
        guard let end = list.nextUpdate, isNear(end, from: list.lastUpdate ?? end) else { continue }
        warn(
            "warning: the list of \(list.issuer) in \(folder.revocationListPath) ends at \(timeText(end)), and then "
                + "admits nobody: 'nlgate pki crl' on its folder renews it")
    }
}

/// Says until when the list holds that the command has made.
func showList(_ folder: PKIDirectory) {
    guard let list = (try? folder.revocationLists())?.first, let end = list.nextUpdate else { return }
    print(
        "made \(folder.revocationListPath)   number \(list.number ?? 0), \(list.count) revoked, until \(timeText(end)): "
            + "copy it to the servers that use it")
}

/// Says what was wrong and ends with 2 for a bad name, 1 for everything else.
func reporting<T>(_ body: () throws(TLSError) -> T) throws -> T {
    do throws(TLSError) { return try body() } catch {
        warn("\(error)")
        throw ExitCode(error.code == .badName ? 2 : 1)
    }
}
