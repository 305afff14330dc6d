internal import ArgumentParser
internal import LinuxSys
internal import TLSSocket

/// `nlgate pki`: certificates for servers and clients, from a CA of one's own.
struct PKICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki",
        abstract: "Make a certificate authority, and certificates for servers and clients.",
        subcommands: [Initialise.self, Server.self, Client.self])

    /// `nlgate pki init DIR --name TEXT`.
    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make a certificate authority in a folder.")

        @Argument(help: "The folder; it is made if need be.")
        var directory: String

        @Option(help: "The CA's common name.")
        var name: String = "nlgate CA"

        @Option(help: "Days until the CA's certificate expires.")
        var days: Int = 3650

        func validate() throws { try checkDays(days) }

        func run() throws {
            let folder = PKIDirectory(path: directory)
            try reporting { () throws(TLSError) in
                try folder.create(commonName: name, validity: Validity(days: days))
            }
            print(
                """
                made \(folder.certificatePath)           copy it to every server and client
                made \(folder.keyPath)   signs certificates: keep \(directory)/ca-private off the servers
                next: nlgate pki server \(directory) NAME..., nlgate pki client \(directory) NAME
                """)
        }
    }

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
            let files = try reporting { () throws(TLSError) in
                try folder.issueServer(
                    names: names, validity: Validity(days: options.days), folder: options.out,
                    replacing: options.force)
            }
            show(files, ca: folder.certificatePath, receiver: "the server")
            print("there: nlgated --key \(base(files.key)) --cert \(base(files.certificate)) --ca ca.crt --listen …")
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
            let files = try reporting { () throws(TLSError) in
                try folder.issueClient(
                    commonName: name, names: names, validity: Validity(days: options.days), folder: options.out,
                    replacing: options.force)
            }
            show(files, ca: folder.certificatePath, receiver: "the client")
            print("there: nlgate --key \(base(files.key)) --cert \(base(files.certificate)) --ca ca.crt -H tls://…")
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

        func validate() throws { try checkDays(days) }
    }
}

private func checkDays(_ days: Int) throws {
    guard (1...36_500).contains(days) else { throw ValidationError("--days must be from 1 to 36500") }
}

private func show(_ files: IssuedFiles, ca: String, receiver: String) {
    print("made \(files.key)   secret: only for \(receiver)")
    print("made \(files.certificate)")
    print("copy these two and \(ca) to \(receiver)")
}

private func base(_ path: String) -> Substring {
    path.split(separator: "/").last ?? ""
}

/// Says what was wrong and ends with 2 for a bad name, 1 for everything else.
private func reporting<T>(_ body: () throws(TLSError) -> T) throws -> T {
    do throws(TLSError) { return try body() } catch {
        let standardError = Descriptor(owning: 2)
        _ = try? standardError.write(Array("nlgate pki: \(error)\n".utf8).span)
        _ = standardError.release()
        throw ExitCode(error.code == .badName ? 2 : 1)
    }
}
