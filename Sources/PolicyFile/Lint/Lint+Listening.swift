internal import GatewayPolicy

/// Events show what reads show: whoever hears more than they may ask has more than it seems.
extension Lint {
    func lintListening() {
        var reported: Set<Range<Int>> = []
        for (session, _) in sessions {
            for index in session.roles {
                for (entry, reads) in facts[index].heard where !reported.contains(entry.range) {
                    let isGranted = session.roles.contains { role in
                        reads.contains { policy.roles[role].grants(Int(entry.familyIndex), $0) }
                    }
                    guard !isGranted else { continue }
                    reported.insert(entry.range)
                    let names = reads.prefix(3).map(\.name).joined(separator: ", ")
                    collector.warning(
                        entry.range,
                        "listen \(entry.group.name) of \(entry.family.label) shows what nobody with it may read",
                        hint: "it shows what \(names) shows")
                }
            }
        }
    }

    /// The reads that show what a group's events show; any of them is enough.
    static func reads(_ group: Group, in family: Family) -> [Operation] {
        if let names = shown[family.label]?.first(where: { $0.key == group.name })?.value {
            return names.compactMap { name in family.operations.first { $0.name == name } }
        }
        // Of the other families any read that nothing forbids.
        guard family.protocolNumber == NetlinkProtocol.generic else { return [] }
        return family.operations.filter { $0.kind == .read && !$0.grantable.isEmpty }
    }

    private static let shown: [String: KeyValuePairs<String, [String]>] = [
        "route": [
            "LINK": ["GETLINK"], "IPV6_IFINFO": ["GETLINK"], "NEIGH": ["GETNEIGH"],
            "TC": ["GETQDISC", "GETTCLASS", "GETTFILTER", "GETCHAIN", "GETACTION"], "IPV4_IFADDR": ["GETADDR"],
            "IPV6_IFADDR": ["GETADDR"], "IPV4_MROUTE": ["GETROUTE"], "IPV6_MROUTE": ["GETROUTE"],
            "IPV4_ROUTE": ["GETROUTE"], "IPV6_ROUTE": ["GETROUTE"], "MPLS_ROUTE": ["GETROUTE"],
            "IPV6_PREFIX": ["GETROUTE", "GETADDR"], "IPV4_RULE": ["GETRULE"], "IPV6_RULE": ["GETRULE"],
            "DCB": ["GETDCB"], "IPV4_NETCONF": ["GETNETCONF"], "IPV6_NETCONF": ["GETNETCONF"],
            "MPLS_NETCONF": ["GETNETCONF"], "MDB": ["GETMDB"], "NSID": ["GETNSID"], "NEXTHOP": ["GETNEXTHOP"],
            "BRVLAN": ["GETVLAN"], "TUNNEL": ["GETTUNNEL"], "STATS": ["GETSTATS"], "MCTP_IFADDR": ["GETADDR"],
            "IPV4_MCADDR": ["GETMULTICAST"], "IPV6_MCADDR": ["GETMULTICAST"], "IPV6_ACADDR": ["GETANYCAST"],
        ],
        "netfilter/nftables": [
            "NFTABLES": [
                "GETRULE", "GETTABLE", "GETCHAIN", "GETSET", "GETSETELEM", "GETOBJ", "GETFLOWTABLE",
            ]
        ],
        "netfilter/ctnetlink": [
            "CONNTRACK_NEW": ["CT_GET"], "CONNTRACK_UPDATE": ["CT_GET"], "CONNTRACK_DESTROY": ["CT_GET"],
        ],
        "netfilter/ctnetlink_exp": [
            "CONNTRACK_EXP_NEW": ["EXP_GET"], "CONNTRACK_EXP_UPDATE": ["EXP_GET"], "CONNTRACK_EXP_DESTROY": ["EXP_GET"],
        ],
        "netfilter/acct": ["ACCT_QUOTA": ["GET"]],
        "xfrm": [
            "SA": ["GETSA"], "EXPIRE": ["GETSA"], "AEVENTS": ["GETAE", "GETSA"], "MAPPING": ["GETSA"],
            "POLICY": ["GETPOLICY"], "ACQUIRE": ["GETPOLICY"], "MIGRATE": ["GETPOLICY"],
        ],
        "sock_diag": [
            "INET_TCP_DESTROY": ["SOCK_DIAG_BY_FAMILY"], "INET_UDP_DESTROY": ["SOCK_DIAG_BY_FAMILY"],
            "INET6_TCP_DESTROY": ["SOCK_DIAG_BY_FAMILY"], "INET6_UDP_DESTROY": ["SOCK_DIAG_BY_FAMILY"],
        ],
    ]
}
