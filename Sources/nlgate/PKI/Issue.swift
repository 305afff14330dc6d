internal import ArgumentParser
internal import TLSSocket

extension PKICommand {
    /// `nlgate pki server DIR NAME...`.
    struct Server: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "server", abstract: "Make a key and a certificate for a server.")

        @Argument(help: "The CA's folder.")
        var directory: String

        @Argument(help: "The DNS names and addresses that clients connect to; the first names the files.")
        var names: [String]

        @OptionGroup var options: IssueOptions

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let passphrases = try options.passphrases(for: "the server's key")
            let files = try reporting { () throws(TLSError) in
                try folder.issueServer(
                    names: names, validity: Validity(days: options.days), folder: options.out,
                    replacing: options.force, passphrases: passphrases)
            }
            showIssued(files, folder, receiver: "the server")
            print("there: \(usage(of: files, folder))")
            if passphrases.key != nil {
                warn("nlgated takes no key with a passphrase: 'openssl pkey -in … -out …' there makes one without")
            }
            warnOfEnds(folder)
        }
    }

    /// `nlgate pki client DIR NAME`.
    struct Client: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "client", abstract: "Make a key and a certificate for a client.")

        @Argument(help: "The CA's folder.")
        var directory: String

        @Argument(help: "The client's common name, by which policies know it; it also names the files.")
        var name: String

        @Option(name: .customLong("san-uri"), help: "A URI of the client; may be given several times.")
        var uris: [String] = []

        @Option(name: .customLong("san-email"), help: "A mail address of the client; may be given several times.")
        var emails: [String] = []

        @Option(name: .customLong("san-dns"), help: "A DNS name of the client; may be given several times.")
        var dnsNames: [String] = []

        @OptionGroup var options: IssueOptions

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let names = uris.map(ClientName.uri) + emails.map(ClientName.email) + dnsNames.map(ClientName.dns)
            let passphrases = try options.passphrases(for: "the client's key")
            let files = try reporting { () throws(TLSError) in
                try folder.issueClient(
                    commonName: name, names: names, validity: Validity(days: options.days), folder: options.out,
                    replacing: options.force, passphrases: passphrases)
            }
            showIssued(files, folder, receiver: "the client")
            print("there: \(usage(of: files, folder))")
            warnOfEnds(folder)
        }
    }

    /// `nlgate pki renew DIR NAME|FILE`.
    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "renew", abstract: "Make a new certificate, by default with a new key, for the same names.",
            discussion: """
                The old certificate goes on being valid until its end, or until it is revoked. With --keep-key no key \
                file is needed here: only the certificate changes.

                'ca' for a name means the CA itself: it gets a new certificate for the same key and the same name, under \
                which everything that it has issued stays valid.
                """)

        @Argument(help: "The CA's folder.")
        var directory: String

        @Argument(help: "The holder's common name, the file of its certificate, or 'ca' for the CA itself.")
        var name: String?

        @Option(help: "The serial number in hexadecimal, instead of a name.")
        var serial: String?

        @Option(help: "Days until the certificate expires; 365, and 3650 for the CA's, unless said otherwise.")
        var days: Int?

        @Option(help: ArgumentHelp("Where to put the files, instead of in the old ones' place.", valueName: "folder"))
        var out: String?

        @Flag(help: "The holder keeps its key.")
        var keepKey = false

        @Flag(help: "Revoke the old certificate at once.")
        var revokeOld = false

        @Flag(help: "The new key has no passphrase although the old one has.")
        var noPassphrase = false

        @OptionGroup var key: KeyOptions
        @OptionGroup var authority: AuthorityOptions

        func validate() throws {
            if let days { try checkDays(days) }
            _ = try certificateSelector(name, serial)
            guard !keepKey || !key.passphrase && key.passphraseFile == nil && !noPassphrase else {
                throw ValidationError("--keep-key leaves the key as it is, also its passphrase")
            }
        }

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let selector = try certificateSelector(name, serial)
            if try reporting({ () throws(TLSError) in try folder.meansAuthority(selector) }) {
                return try renewAuthority(folder)
            }
            var how = Renewal()
            how.keepsKey = keepKey
            how.dropsPassphrase = noPassphrase
            how.revokesOld = revokeOld
            let passphrases = IssuePassphrases(authority: authority.source, key: try key.chosen(for: "the new key"))
            let files = try reporting { () throws(TLSError) in
                try folder.renew(
                    selector, validity: Validity(days: days ?? 365), how, folder: out, passphrases: passphrases)
            }
            if keepKey {
                print("made \(files.certificate)   for the key that its holder has")
            } else {
                showIssued(files, folder, receiver: "the \(files.role == .server ? "server" : "client")")
            }
            if revokeOld { showList(folder) }
            warnOfEnds(folder)
        }

        private func renewAuthority(_ folder: PKIDirectory) throws {
            guard out == nil, !revokeOld, !noPassphrase, !key.passphrase, key.passphraseFile == nil else {
                warn("the CA keeps its key, its folder and what it has issued: --days is all there is")
                throw ExitCode(2)
            }
            try reporting { () throws(TLSError) in
                try folder.renewAuthority(validity: Validity(days: days ?? 3650), passphrase: authority.source)
            }
            print("made \(folder.certificatePath)   for the same key and name; what it has issued stays valid")
            if folder.anchorPath == folder.certificatePath {
                print("copy it to every server and client, in the old one's place")
            } else {
                print(
                    "every server and client shows it behind its own certificate: 'nlgate pki renew \(directory) NAME "
                        + "--keep-key' makes such a file")
            }
            warnOfEnds(folder)
        }
    }
}

/// What is meant by a name or file, or by --serial.
func certificateSelector(_ name: String?, _ serial: String?) throws -> CertificateSelector {
    switch (name, serial) {
    case (let name?, nil): return .named(name)
    case (nil, let serial?): return .serial(serial)
    default: throw ValidationError("give a NAME, the FILE of a certificate, or --serial HEX")
    }
}
