import Foundation
import GatewayPolicy
import Programs
import Testing

/// Asks the C compiler for the values of kernel constants.
enum KernelHeaders {
    static let compiler = "/usr/bin/cc"
    static let folder = "/usr/include/linux"
    static var arePresent: Bool {
        FileManager.default.isExecutableFile(atPath: compiler)
            && FileManager.default.fileExists(atPath: "\(folder)/rtnetlink.h")
    }

    private static let names = [
        "rtnetlink", "if_link", "if_addr", "if_addrlabel", "neighbour", "fib_rules", "pkt_cls", "pkt_sched", "dcbnl",
        "netconf", "if_bridge", "net_namespace", "nexthop", "lwtunnel", "seg6_local", "xfrm", "sock_diag", "inet_diag",
        "veth", "can/vxcan", "genetlink", "ethtool_netlink", "taskstats", "cgroupstats", "tcp_metrics", "devlink",
        "ip_vs", "nl80211", "wireguard", "if_macsec", "openvswitch", "mptcp", "batman_adv", "l2tp", "if_team", "gtp",
        "seg6_genl", "ioam6_genl", "ila", "fou", "psample", "hsr_netlink", "tipc_netlink", "smc", "thermal",
        "nbd-netlink", "net_dropmon", "netdev", "netfilter/nf_tables", "netfilter/nfnetlink",
        "netfilter/nfnetlink_conntrack", "netfilter/nfnetlink_acct", "netfilter/nfnetlink_cttimeout",
        "netfilter/nfnetlink_cthelper", "netfilter/nfnetlink_queue", "netfilter/nfnetlink_log",
        "netfilter/nfnetlink_osf", "netfilter/nfnetlink_hook", "netfilter/nfnetlink_compat",
        "netfilter/ipset/ip_set", "netfilter/nf_tables_compat", "tipc_config", "if_ppp", "tc_act/tc_bpf",
    ]

    /// The values of those expressions that the headers know.
    static func values(_ expressions: [String]) throws -> [String: Int] {
        let unknown = try run(program(expressions), checkOnly: true)
            .matches(of: /['‘]([A-Za-z0-9_]+)['’] undeclared/).map { String($0.output.1) }
        let known = expressions.filter { !unknown.contains($0) }
        var values: [String: Int] = [:]
        for line in try run(program(known), checkOnly: false).split(separator: "\n") {
            let words = line.split(separator: "=")
            if words.count == 2, let value = Int(words[1]) { values[String(words[0])] = value }
        }
        return values
    }

    private static func program(_ expressions: [String]) -> String {
        let present = names.filter { FileManager.default.fileExists(atPath: "\(folder)/\($0).h") }
        return "#include <stdio.h>\n#include <sys/socket.h>\n#include <netinet/in.h>\n"
            + present.map { "#include <linux/\($0).h>\n" }.joined()
            + "int main(void) {\n"
            + expressions.map { "printf(\"%s=%d\\n\", \"\($0)\", (int)(\($0)));\n" }.joined() + "}\n"
    }

    private static func run(_ source: String, checkOnly: Bool) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("constants.c")
        try source.write(to: file, atomically: true, encoding: .utf8)
        let binary = folder.appendingPathComponent("constants").path
        let output = checkOnly ? ["-fsyntax-only"] : ["-o", binary]
        let diagnosis = try launch(compiler, ["-fmax-errors=0", "-w", file.path] + output)
        return checkOnly ? diagnosis : try launch(binary, [])
    }

    private static func launch(_ path: String, _ arguments: [String]) throws -> String {
        try FinishedProgram(path, arguments).everything
    }
}

@Suite(.enabled(if: KernelHeaders.arePresent, "needs a C compiler and the kernel's headers"))
struct HeaderConstantTests {
    @Test func `subsystems of netfilter and groups have the kernel's numbers`() throws {
        let subsystems = [
            "ctnetlink": "CTNETLINK", "ctnetlink_exp": "CTNETLINK_EXP", "queue": "QUEUE", "ulog": "ULOG", "osf": "OSF",
            "ipset": "IPSET", "acct": "ACCT", "cttimeout": "CTNETLINK_TIMEOUT", "cthelper": "CTHELPER",
            "nftables": "NFTABLES", "nft_compat": "NFT_COMPAT", "hook": "HOOK",
        ]
        let prefixes: [Int32: String] = [0: "RTNLGRP_", 4: "SKNLGRP_", 6: "XFRMNLGRP_", 12: "NFNLGRP_"]
        let groups = Catalogue.families.flatMap { family in
            family.groups.compactMap { group -> (String, Int)? in
                guard let prefix = prefixes[family.protocolNumber], let number = group.number else { return nil }
                return (prefix + group.name, Int(number))
            }
        }
        let values = try KernelHeaders.values(groups.map(\.0) + subsystems.values.map { "NFNL_SUBSYS_\($0)" })
        for family in Catalogue.families where family.protocolNumber == NetlinkProtocol.netfilter {
            let subsystem = try #require(subsystems[family.name])
            let value = try #require(values["NFNL_SUBSYS_\(subsystem)"])
            #expect(family.operations.allSatisfy { Int($0.number) >> 8 == value }, "\(family.label)")
        }
        let known = groups.filter { values[$0.0] != nil }
        #expect(known.count > 45)
        for (name, number) in known { #expect(values[name] == number, "\(name)") }
    }

    @Test func `attributes that are looked at have the kernel's numbers`() throws {
        let expected: [String: Int] = [
            "IFLA_IFNAME": 3, "IFLA_LINKINFO": 18, "IFLA_NET_NS_PID": 19, "IFLA_GROUP": 27, "IFLA_NET_NS_FD": 28,
            "IFLA_LINK_NETNSID": 37, "IFLA_XDP": 43, "IFLA_NEW_NETNSID": 45, "IFLA_TARGET_NETNSID": 46,
            "IFLA_ALT_IFNAME": 53, "IFLA_INFO_KIND": 1, "IFLA_INFO_DATA": 2, "VETH_INFO_PEER": 1, "VXCAN_INFO_PEER": 1,
            "IFLA_NETKIT_PEER_INFO": 1, "IFA_TARGET_NETNSID": 10, "NDA_LINK_NETNSID": 10, "NETNSA_PID": 2,
            "NETNSA_FD": 3, "NETNSA_TARGET_NSID": 4, "RTA_MULTIPATH": 9, "RTA_ENCAP_TYPE": 21, "RTA_ENCAP": 22,
            "NHA_ENCAP_TYPE": 7, "NHA_ENCAP": 8, "LWTUNNEL_ENCAP_BPF": 6, "LWTUNNEL_ENCAP_SEG6_LOCAL": 7,
            "SEG6_LOCAL_BPF": 8, "TCA_KIND": 1, "TCA_OPTIONS": 2, "TCA_ROOT_TAB": 1, "TCA_ACT_KIND": 1,
            "TCA_ACT_OPTIONS": 2, "TCA_U32_ACT": 7, "TCA_FLOWER_ACT": 3, "TCA_MATCHALL_ACT": 2, "TCA_BASIC_ACT": 3,
            "TCA_BASIC_EMATCHES": 2, "TCA_CGROUP_ACT": 1, "TCA_CGROUP_EMATCHES": 3, "TCA_FW_ACT": 4,
            "TCA_ROUTE4_ACT": 6, "TCA_FLOW_ACT": 9, "TCA_FLOW_EMATCHES": 11, "TCA_EMATCH_TREE_LIST": 2,
            "TCF_EM_IPT": 9, "NFTA_RULE_EXPRESSIONS": 4, "NFTA_LIST_ELEM": 1, "NFTA_EXPR_NAME": 1, "NFTA_EXPR_DATA": 2,
            "NFTA_DYNSET_EXPR": 7, "NFTA_DYNSET_EXPRESSIONS": 10, "NFTA_INNER_EXPR": 5, "NFTA_SET_EXPR": 17,
            "NFTA_SET_EXPRESSIONS": 18, "NFTA_SET_ELEM_LIST_ELEMENTS": 3, "NFTA_SET_ELEM_EXPR": 7,
            "NFTA_SET_ELEM_EXPRESSIONS": 11, "INET_DIAG_REQ_SK_BPF_STORAGES": 2, "CTRL_ATTR_FAMILY_ID": 1,
            "CTRL_ATTR_FAMILY_NAME": 2, "CTRL_ATTR_MCAST_GROUPS": 7, "CTRL_ATTR_MCAST_GRP_NAME": 1,
            "CTRL_ATTR_MCAST_GRP_ID": 2, "DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME": 122, "DEVLINK_ATTR_NETNS_FD": 138,
            "DEVLINK_ATTR_NETNS_PID": 139, "DEVLINK_ATTR_NETNS_ID": 140, "GTPA_NET_NS_FD": 7, "L2TP_ATTR_FD": 23,
            "NL80211_ATTR_PID": 82, "NL80211_ATTR_NETNS_FD": 219, "OVS_DP_ATTR_UPCALL_PID": 2,
            "OVS_DP_ATTR_PER_CPU_PIDS": 8, "OVS_VPORT_ATTR_UPCALL_PID": 5, "NFNL_MSG_BATCH_BEGIN": 16,
            "NFNL_MSG_BATCH_END": 17, "GENL_ID_CTRL": 16,
        ]
        let values = try KernelHeaders.values(expected.keys.sorted())
        #expect(values.count > 75, "\(expected.keys.filter { values[$0] == nil })")
        for (name, value) in values { #expect(expected[name] == value, "\(name)") }
    }

    @Test func `structures have the kernel's sizes`() throws {
        let structures: [UInt16: String] = [
            16: "ifinfomsg", 20: "ifaddrmsg", 24: "rtmsg", 28: "ndmsg", 32: "fib_rule_hdr", 36: "tcmsg", 48: "tcamsg",
            64: "ndtmsg", 72: "ifaddrlblmsg", 76: "dcbmsg", 80: "netconfmsg", 84: "br_port_msg", 88: "rtgenmsg",
            92: "if_stats_msg", 104: "nhmsg", 112: "br_vlan_msg", 120: "tunnel_msg",
        ]
        let xfrm = [
            "NEWSA": "usersa_info", "GETSA": "usersa_id", "NEWPOLICY": "userpolicy_info", "GETPOLICY": "userpolicy_id",
            "ALLOCSPI": "userspi_info", "ACQUIRE": "user_acquire", "EXPIRE": "user_expire",
            "POLEXPIRE": "user_polexpire", "NEWAE": "aevent_id",
        ]
        let values = try KernelHeaders.values(
            (structures.values.map { "sizeof(struct \($0))" } + xfrm.values.map { "sizeof(struct xfrm_\($0))" })
                .sorted())
        for (type, name) in structures {
            let size = try #require(values["sizeof(struct \(name))"], "\(name)")
            #expect(Canonical.routeSizes[type / 4] == (size + 3) & ~3, "\(name)")
        }
        for (operation, name) in xfrm {
            #expect(values["sizeof(struct xfrm_\(name))"] == Canonical.xfrmSizes[operation], "\(name)")
        }
    }

    @Test func `the highest attributes that the headers know are known here`() throws {
        let limits: [(String, UInt16, Int, Int32)] = [
            ("IFLA_MAX", 18, 16, 0), ("IFA_MAX", 22, 8, 0), ("RTA_MAX", 26, 12, 0), ("NDA_MAX", 30, 12, 0),
            ("FRA_MAX", 32, 12, 0), ("TCA_MAX", 38, 20, 0), ("NDTA_MAX", 67, 4, 0), ("IFAL_MAX", 74, 12, 0),
            ("DCB_ATTR_MAX", 78, 4, 0), ("NETCONFA_MAX", 82, 4, 0), ("NHA_MAX", 106, 8, 0), ("XFRMA_MAX", 16, 224, 6),
            ("NFTA_RULE_MAX", 2567, 4, 12), ("NFTA_SET_MAX", 2570, 4, 12), ("NFTA_CHAIN_MAX", 2564, 4, 12),
            ("NFTA_SET_ELEM_LIST_MAX", 2573, 4, 12), ("CTA_MAX", 257, 4, 12),
        ]
        let values = try KernelHeaders.values(limits.map(\.0))
        for (name, type, size, number) in limits {
            let highest = try #require(values[name], "\(name)")
            // The second byte is dcbmsg's sub-command; elsewhere it is harmless.
            let payload = [0, type == 78 ? 1 : 0] + Request.zeros(size - 2) + Request.attribute(UInt16(highest), [])
            #expect(
                try Court(.unrestricted, number).complaint(Request.message(type, Request.get, payload)) == nil,
                "\(name)")
        }
    }
}
