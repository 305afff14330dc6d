import NetlinkFamilies
import NetlinkWire
import RemoteNetlink

// The samples of RemoteNetlink.docc, the README and docs/rollback.md. They are compiled and never run;
// DocumentationTests finds each sample of the pages in here, so that none has a call that doesn't exist.

private let key = "client.key"
private let cert = "client.crt"
private let ca = "ca.crt"
private let url = "tls://remote.host:7000"

private func connecting() async throws {
    let ip = try await IPRoute(host: "tls://remote.host:7000", key: key, cert: cert, ca: ca)
    _ = ip
}

private func local() async throws {
    let ip = try IPRoute()
    ip.close()
}

private func tables(_ ip: IPRoute) async throws {
    _ = try await ip.links()
    _ = try await ip.link("eth0").index
    _ = try await ip.addresses()
    _ = try await ip.routes()
    for try await route in ip.routeStream() { _ = route }
    _ = try await ip.neighbours()
    _ = try await ip.rules()
    _ = try await ip.qdiscs()
}

private func addresses(_ ip: IPRoute, index: UInt32) async throws {
    try await ip.add(Address("10.0.0.1/24", index: index))
    try await ip.delete(Address("10.0.0.1/24", index: index))
}

private func links(_ ip: IPRoute, _ db: IPDB, index: UInt32) async throws {
    var link = Link(index: index)
    link.flags = .up
    link.changeMask = .up
    try await ip.change(link)
    try await db["eth0"].update { $0.isUp = true }
    try await ip.add(Link.bridge("br0"))
    try await ip.delete(Link(index: index))
}

private func routes(_ ip: IPRoute) async throws {
    var route = Route(to: "10.1.0.0/16")
    route.gateway = "10.0.0.2"
    try await ip.add(route)
    try await ip.add(Rule(family: .inet, priority: 32000, table: RouteTable(rawValue: 10)))
}

private func trafficControl(_ ip: IPRoute, index: UInt32) async throws {
    let bucket = TokenBucketOptions(bytesPerSecond: 125_000, burst: 10_240, limit: 20_480)
    try await ip.add(Qdisc("tbf", index: index, options: .tokenBucket(bucket)))
}

private func events(_ ip: IPRoute) async throws {
    for await event in ip.events() { print(event.value) }
}

private func severalHosts(first: String, second: String) async throws {
    let network = try await IPRouteHosts([first, second], key: key, cert: cert, ca: ca)
    _ = network
}

private func serving(_ ip: IPRoute) async throws {
    let server = try await ip.serve("tls://0.0.0.0:7000", key: "server.key", cert: "server.crt", ca: "ca.crt")
    await server.stop()
}

private func statistics(_ tasks: TaskStats) async throws {
    _ = try await TaskStats(host: url, key: key, cert: cert, ca: ca).stats(pid: 1)
    for try await element in tasks.exits(cpus: "0-3") { print(element) }
}

private func interfaces(_ db: IPDB) async throws {
    try await db["tap0"].update { tap in
        tap.address = "00:11:22:33:44:55"
        tap.addresses.insert("10.0.0.1/24")
        tap.name = "vpn"
    }
    try await db.create(.bridge("br0"))
    try await db["br0"].update { $0.ports.insert("eth1") }
    try await db["br0"].delete()
}

private func openingInterfaces() async throws {
    let db = try await IPDB(host: url, key: key, cert: cert, ca: ca)
    _ = db
}

private func changing(_ ip: IPRoute, oldRoute: Route, newRoute: Route, check: () async throws -> Void) async throws {
    try await ip.transaction(confirmWithin: .seconds(60)) { ip in
        try await ip.delete(oldRoute)
        try await ip.add(newRoute)
        try await check()
    }
}

private func overview() async throws {
    let ip = try await IPRoute(host: "tls://remote.host:7000", key: "client.key", cert: "client.crt", ca: "ca.crt")
    for link in try await ip.links() { print(link.name, link.address ?? "-") }
    for await event in ip.events([.link, .ipv4Address]) { print(event.host, event.value) }
}
