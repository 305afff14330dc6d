internal import ArgumentParser
internal import TLSSocket

extension PKICommand {
    /// `nlgate pki init DIR --name TEXT`.
    struct Initialise: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make a certificate authority in a folder.",
            discussion: """
                With --parent the CA of another folder signs it, which must have been made with a --path-length of at \
                least 1. What such an intermediate CA issues is accepted by whoever trusts the root.
                """)

        @Argument(help: "The folder; it is made if need be.")
        var directory: String

        @Option(help: "The CA's common name.")
        var name: String = "nlgate CA"

        @Option(help: "Days until the CA's certificate expires.")
        var days: Int = 3650

        @Option(help: ArgumentHelp("The folder of the CA above.", valueName: "folder"))
        var parent: String?

        @Option(help: ArgumentHelp("How many CAs may follow in a row below this one.", valueName: "number"))
        var pathLength = 0

        @OptionGroup var key: KeyOptions
        @OptionGroup var authority: AuthorityOptions

        func validate() throws {
            try checkDays(days)
            guard (0...CertificateAuthority.mostIntermediates).contains(pathLength) else {
                throw ValidationError("--path-length must be from 0 to \(CertificateAuthority.mostIntermediates)")
            }
            guard parent != nil || authority.caPassphraseFile == nil else {
                throw ValidationError(
                    "--ca-passphrase-file is that of the --parent; the new key's is --passphrase-file")
            }
        }

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let above = parent.map { PKIDirectory.Parent(folder: PKIDirectory(path: $0), passphrase: authority.source) }
            let passphrase = try key.chosen(for: "the CA's key")
            try reporting { () throws(TLSError) in
                try folder.create(
                    commonName: name, validity: Validity(days: days), pathLength: pathLength, passphrase: passphrase,
                    parent: above)
            }
            if above != nil { print("made \(folder.certificatePath)   signed by the CA of \(parent ?? "")") }
            print(
                """
                made \(folder.anchorPath)           copy it to every server and client
                made \(folder.keyPath)   signs certificates: keep \(directory)/ca-private off the servers
                """)
            showList(folder)
            print("next: nlgate pki server \(directory) NAME..., nlgate pki client \(directory) NAME")
            warnOfEnds(folder)
        }
    }
}
