public import GatewayPolicy

/// What the reference knows of the server.
public struct ServerTable: Sendable {
    let links: [LinkFacts]
    let carrying: Carrier?

    /// A server from its parts.
    public init(links: [LinkFacts], carrying: Carrier?) {
        self.links = links
        self.carrying = carrying
    }
}
