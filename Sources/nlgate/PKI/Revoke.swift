internal import ArgumentParser
internal import TLSSocket

extension PKICommand {
    /// `nlgate pki revoke DIR NAME|FILE|--serial HEX`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Take certificates back: they are on the revocation list from now on.",
            discussion: """
                A NAME revokes every valid certificate of that name, a FILE or a serial number one. Servers refuse \
                them once they have the new list (nlgated --crl FILE).
                """)

        @Argument(help: "The CA's folder.")
        var directory: String

        @Argument(help: "The holder's common name, or the file of its certificate.")
        var name: String?

        @Option(help: "The serial number in hexadecimal, instead of a name.")
        var serial: String?

        @Option(
            help: ArgumentHelp(
                "Why: \(RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "reason"),
            transform: { text in
                guard let reason = RevocationReason.allCases.first(where: { $0.rawValue == text }) else {
                    throw ValidationError(
                        "the reasons are \(RevocationReason.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return reason
            })
        var reason: RevocationReason = .unspecified

        @OptionGroup var authority: AuthorityOptions

        func validate() throws { _ = try certificateSelector(name, serial) }

        func run() throws {
            let folder = PKIDirectory(path: directory)
            let selector = try certificateSelector(name, serial)
            let revoked = try reporting { () throws(TLSError) in
                try folder.revoke(selector, reason: reason, passphrase: authority.source)
            }
            for item in revoked {
                let what = "\(Terminal.visible(item.certificate.subject)) serial \(item.certificate.serial)"
                if item.isNew {
                    print("revoked \(what)")
                } else {
                    print("\(what) was revoked at \(timeText(item.certificate.revocation?.time ?? 0))")
                }
                if !item.wasIndexed { warn("\(what) was not in \(folder.path)/index.txt; it is now") }
            }
            showList(folder)
            warnOfEnds(folder)
        }
    }

    /// `nlgate pki crl DIR`.
    struct RevocationListing: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl", abstract: "Make the next revocation list, before the one in use ends.",
            discussion: """
                Issuing, renewing and revoking do so too. An intermediate CA's file also gets the newest lists of the \
                CAs above it, if their folder is there.
                """)

        @Argument(help: "The CA's folder.")
        var directory: String

        @Option(
            help: ArgumentHelp(
                "Days until the list ends; as many as the one before had otherwise, \(PKIDirectory.listDays) at first.")
        )
        var days: Int?

        @OptionGroup var authority: AuthorityOptions

        func validate() throws { if let days { try checkDays(days) } }

        func run() throws {
            let folder = PKIDirectory(path: directory)
            try reporting { () throws(TLSError) in
                try folder.renewRevocationList(days: days, passphrase: authority.source)
            }
            showList(folder)
            warnOfEnds(folder)
        }
    }
}
