/// The command line of `nlgate-keeper`.
public struct KeeperOptions: Equatable, Sendable {
    /// How to seal.
    public var seal: SealOptions
    /// The private key's descriptor.
    public var key: Int32
    /// The descriptor of the server's certificate and the chain above it.
    public var certificate: Int32
    /// The client CA's descriptor.
    public var clientCA: Int32
    /// The CRL's descriptor.
    public var revocationList: Int32?
    /// The descriptor of the CA that the server's own certificate must come from; nil to take it as it is.
    public var authority: Int32?
    /// Seconds for which a CRL is still used after its end.
    public var graceSeconds: UInt32
    /// Handshakes that one frontend may begin in a second, on average.
    public var handshakeRate: UInt32
    /// Seconds until an unfinished handshake is forgotten.
    public var handshakeSeconds: UInt32

    /// Options from their parts.
    public init(
        seal: SealOptions, key: Int32, certificate: Int32, clientCA: Int32, revocationList: Int32?, authority: Int32?,
        graceSeconds: UInt32, handshakeRate: UInt32, handshakeSeconds: UInt32
    ) {
        self.seal = seal
        self.key = key
        self.certificate = certificate
        self.clientCA = clientCA
        self.revocationList = revocationList
        self.authority = authority
        self.graceSeconds = graceSeconds
        self.handshakeRate = handshakeRate
        self.handshakeSeconds = handshakeSeconds
    }

    /// The words to start the process with, its name not included.
    public var arguments: [String] {
        var words =
            seal.words + [
                "key=\(key)", "certificate=\(certificate)", "client-ca=\(clientCA)", "crl-grace=\(graceSeconds)",
                "rate=\(handshakeRate)", "handshake=\(handshakeSeconds)",
            ]
        if let revocationList { words.append("crl=\(revocationList)") }
        if let authority { words.append("ca=\(authority)") }
        return words
    }

    /// Reads the words; nil when one is missing or impossible.
    public init?(arguments: [String]) {
        let words = Words(arguments)
        guard let seal = SealOptions(words), let key = words.number("key", Int32.self),
            let certificate = words.number("certificate", Int32.self),
            let clientCA = words.number("client-ca", Int32.self),
            let graceSeconds = words.number("crl-grace", UInt32.self),
            let handshakeRate = words.number("rate", UInt32.self), handshakeRate > 0,
            let handshakeSeconds = words.number("handshake", UInt32.self)
        else { return nil }
        self.init(
            seal: seal, key: key, certificate: certificate, clientCA: clientCA,
            revocationList: words.number("crl", Int32.self), authority: words.number("ca", Int32.self),
            graceSeconds: graceSeconds, handshakeRate: handshakeRate, handshakeSeconds: handshakeSeconds)
    }
}
