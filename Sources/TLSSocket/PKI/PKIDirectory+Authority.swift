extension PKIDirectory {
    /// True when the CA itself is meant, by the word `ca` or by its certificate's file.
    ///
    /// - Throws: `badName` when the word is also the name of a holder; what reading the folder throws.
    public func meansAuthority(_ selector: CertificateSelector) throws(TLSError) -> Bool {
        guard case .named(let name) = selector else { return false }
        if name == "ca" {
            guard try readIndex().entries.contains(where: { $0.subject == "/CN=ca" }) else { return true }
            throw TLSError(
                .badName, "\"ca\" is the CA, and a holder is called so too: name the file, such as \(certificatePath)")
        }
        guard name.contains("/") || name.hasSuffix(".crt"), KeyFiles.exists(name) else { return false }
        return try KeyFiles.read(name) == KeyFiles.read(certificatePath)
    }

    /// Gives the CA a new certificate for the same key and subject, in the old one's place.
    ///
    /// What it has issued stays valid under the new one, also when the old one has come to its end. A CA below another
    /// one is signed by that, whose passphrase is meant then.
    ///
    /// - Throws: `wrongPurpose` for a folder of easy-rsa, `system`, `passphrase`, and what signing throws.
    public func renewAuthority(validity: Validity, passphrase: PassphraseSource = .none) throws(TLSError) {
        guard !isEasyRSA else {
            throw TLSError(
                .wrongPurpose,
                "what easy-rsa issues names the serial number of its CA's certificate, and would not fit another one: "
                    + "make another CA in another folder")
        }
        guard let parent = try parent() else {
            let authority = try authority(passphrase, mayBeOver: true)
            let certificate = try authority.renewed(validity: validity)
            return try locked { () throws(TLSError) in
                try KeyFiles.write(certificate, to: certificatePath, mode: 0o644, replacing: true)
                try keepListFresh(by: authority, readIndex())
            }
        }
        let above = try parent.authority(passphrase)
        let certificate = try above.renewAuthority(ownCertificate(), validity: validity)
        try parent.recordAuthority(certificate, in: self, signedBy: above)
        try locked { () throws(TLSError) in
            try KeyFiles.write(certificate, to: certificatePath, mode: 0o644, replacing: true)
            try writeChain(certificate, below: parent)
        }
    }
}
