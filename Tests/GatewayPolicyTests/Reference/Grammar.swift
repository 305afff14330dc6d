/// What may stand in messages, as text: read once, interpreted slowly.
///
/// A line is a set of attributes: its name, its highest number, `:`, and what is special about which number. `!` refuses,
/// `>x` holds attributes of x, `*x` a list whose entries do, `+` may repeat, `?x` depends on the kind in attribute 1,
/// `~n` on the tunnel's number in attribute n; the words are explained where they are interpreted.
enum Grammar {
    struct Level {
        let highest: Int
        let rules: [Int: Substring]
        let repeats: Set<Int>
        let repeatsAll: Bool
    }

    static let levels: [Substring: Level] = {
        var levels: [Substring: Level] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            var rules: [Int: Substring] = [:]
            var repeats: Set<Int> = []
            for word in words.dropFirst(2) where word != "+all" {
                let parts = word.split(separator: "=", maxSplits: 1)
                guard let number = Int(parts[0]) else { continue }
                if parts[1].hasPrefix("+") { repeats.insert(number) }
                let rule = parts[1].hasPrefix("+") ? parts[1].dropFirst() : parts[1]
                if !rule.isEmpty { rules[number] = rule }
            }
            levels[words[0]] = Level(
                highest: Int(words[1]) ?? 0, rules: rules, repeats: repeats, repeatsAll: words.contains("+all"))
        }
        return levels
    }()

    /// Generic families that have a line of their own.
    static let genericFamilies: Set<Substring> = [
        "devlink", "dpll", "net-shaper", "nfsd", "gtp", "l2tp", "nl80211", "ovpn", "ovs_datapath", "ovs_vport",
    ]

    private static let text = """
        link 69 18=>linkinfo 19=! 28=! 37=nsid 43=! 45=! 46=nsid
        linkinfo 5 1=linkkind 2=?linkdata
        pair 32 1=peer
        bond 1023 2=index 11=index
        hsr 1023 1=index 2=index 8=index
        lower1 1023 1=index
        lower3 1023 3=index
        lower4 1023 4=index
        address 11 10=nsid
        neighbour 17 10=nsid
        nsid 5 2=! 3=! 4=nsid
        route 31 9=hops 22=~21
        nexthop 17 8=~7
        segment 11 8=!
        vlans 2 +all
        traffic 16 2=?filter
        u32 255 7=*action
        flower 255 3=*action
        matchall 255 2=*action
        basic 255 3=*action 2=>matches
        cgroup 255 1=*action 3=>matches
        fw 255 4=*action
        routefilter 255 6=*action
        flow 255 9=*action 11=>matches
        bpffilter 11 1=*action 5=code 6=!
        matches 2 2=ematch
        actions 5 1=*action
        action 10 2=?action
        bpfaction 9 4=code 5=!
        mirred 4 2=mirror
        rule 11 4=>expressions
        expressions 1 1=+>expression
        expression 2 2=?expression
        exprdata 10 7=>expression 10=>expressions
        inner 5 5=>expression
        set 20 17=>expression 18=>expressions
        elements 4 3=*element
        element 11 7=>expression 11=>expressions
        diag 3 2=!
        ovpnpeer 1023 6=!
        devlink 1023 +all 122=! 138=! 139=! 140=!
        dpll 1023 +all
        net-shaper 1023 +all
        nfsd 1023 +all
        gtp 1023 7=!
        l2tp 1023 23=!
        nl80211 1023 82=! 219=!
        ovpn 1023 2=>ovpnpeer
        ovs_datapath 1023 2=ports 8=ports
        ovs_vport 1023 5=ports
        generic 1023
        """

    /// What options of a kind are; a kind that isn't here is refused.
    static let kinds: [Substring: [Substring: Substring]] = [
        "linkdata": table(
            "veth>pair vxcan>pair netkit>pair bond>bond hsr>hsr vxlan>lower3 amt>lower4",
            lower: "dsa erspan gre gretap ip6erspan ip6gre ip6gretap ip6tnl ipip sit vti vti6 xfrm",
            plain: """
                bareudp batadv bridge can dummy geneve ifb ipoib ipvlan ipvtap lowpan macsec macvlan macvtap netdevsim nlmon \
                ovpn pfcp rmnet team vcan vlan vrf wireguard wwan
                """),
        "filter": table(
            """
            u32>u32 flower>flower matchall>matchall basic>basic cgroup>cgroup fw>fw route>routefilter flow>flow \
            bpf>bpffilter
            """, lower: "", plain: ""),
        "action": table(
            "bpf>bpfaction mirred>mirred", lower: "",
            plain: """
                connmark csum ct ctinfo gact gate ife mpls nat pedit police sample simple skbedit skbmod tunnel_key vlan
                """),
        "expression": table(
            "dynset>exprdata inner>inner", lower: "",
            plain: """
                bitwise byteorder cmp connlimit counter ct exthdr fib flow_offload hash immediate last limit lookup masq meta \
                nat notrack numgen objref osf payload quota range redir reject rt secmark socket synproxy tunnel xfrm dup \
                fwd log queue tproxy
                """),
    ]

    /// Kinds that hand packets to somebody else.
    static let diverting: [Substring: Set<String>] = [
        "action": ["mirred", "sample"], "expression": ["dup", "fwd", "log", "queue", "tproxy"],
    ]

    private static func table(
        _ nested: String, lower: String, plain: String
    ) -> [Substring: Substring] {
        var rules: [Substring: Substring] = [:]
        for word in nested.split(separator: " ") {
            guard let sign = word.firstIndex(of: ">") else { continue }
            rules[word[..<sign]] = word[sign...]
        }
        for word in lower.split(separator: " ") { rules[word] = ">lower1" }
        for word in plain.split(separator: " ") { rules[word] = "-" }
        return rules
    }
}
