/// Expressions of nftables rules (linux/netfilter/nf_tables.h).
enum NetfilterRules {
    /// NFTA_EXPR_DATA of an expression; nil for xtables matches and targets, which take descriptors and paths, and for
    /// what nobody has looked into.
    static func expressionData(_ name: String) -> AttributeRule? {
        switch name {
        case "dynset": .nested(.expressionData)
        case "inner": .nested(.innerExpression)
        default: plain.contains(name) || diverting.contains(name) ? .plain : nil
        }
    }

    private static let plain: Set<String> = [
        "bitwise", "byteorder", "cmp", "connlimit", "counter", "ct", "exthdr", "fib", "flow_offload", "hash",
        "immediate", "last", "limit", "lookup", "masq", "meta", "nat", "notrack", "numgen", "objref", "osf", "payload",
        "quota", "range", "redir", "reject", "rt", "secmark", "socket", "synproxy", "tunnel", "xfrm",
    ]

    /// Expressions that hand packets to somebody else.
    static let diverting: Set<String> = ["dup", "fwd", "log", "queue", "tproxy"]
}
