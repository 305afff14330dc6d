import Roles

/// Whose fingerprint is so many times the same byte.
func certificate(
    _ byte: UInt8 = 1, commonName: String = "", issuer: String = "", dns: [String] = [], uris: [String] = [],
    emails: [String] = []
) -> Identity {
    .certificate(
        CertificateIdentity(
            fingerprint: [UInt8](repeating: byte, count: 32), commonName: commonName, issuer: issuer, dnsNames: dns,
            uris: uris, emails: emails))
}

func role(
    _ name: String, privileged: UInt32 = 0, served: UInt32 = 1, sessions: UInt32 = 0, minutes: UInt32 = 0
) -> PolicyTables.Role {
    PolicyTables.Role(
        name: name, line: 7, privilegedProtocols: privileged, servedProtocols: served, sessions: sessions,
        sessionMinutes: minutes, grants: Array(name.utf8))
}

/// Tables with one role, one client of these criteria, and one binding of both.
func tables(_ criteria: PolicyTables.Criterion...) -> PolicyTables {
    PolicyTables(
        roles: [role("monitor")],
        clients: [PolicyTables.Client(name: "noc", line: 3, criteria: criteria)],
        bindings: [PolicyTables.Binding(client: 0, line: 9, named: [0], roles: [0])])
}

/// Everything that tables can hold.
let fullTables = PolicyTables(
    roles: [
        role("monitor", privileged: 1 << 6, served: 0x1_1001, sessions: 8, minutes: 15), role("röuter", served: 0),
    ],
    clients: [
        PolicyTables.Client(
            name: "certificates", line: 3,
            criteria: [
                .fingerprint([UInt8](repeating: 7, count: 32)), .commonName("noc-*"), .issuer("CN=Ops CA"),
                .dnsName("*.example.org"), .uri("spiffe://ops/*"), .email("alice@example.org"), .anyCertificate,
            ]),
        PolicyTables.Client(name: "users", line: 4, criteria: [.uid(0), .gid(1000), .anyUser, .daemonUser]),
        PolicyTables.Client(name: "anyone", line: 5, criteria: [.anonymous]),
    ],
    bindings: [
        PolicyTables.Binding(
            client: 0, line: 9, networkNamespaces: [".", "blue", "*"], named: [0], roles: [0, 1], ceiling: [1]),
        PolicyTables.Binding(client: 2, line: 10, named: [], roles: [1]),
    ], never: [1, 2, 3], auditRequired: true)
