import GatewayPolicy
import Testing

/// Every number of the table against the kernel's header files.
@Suite(.enabled(if: KernelHeaders.arePresent, "needs a C compiler and the kernel's headers"))
struct TableHeaderTests {
    private struct Row {
        let family: Family
        let constant: String
        let number: UInt16
    }

    /// Families that no header of Linux 6.1 describes: newer, described inside the kernel only, or (TCM-USER) by a
    /// header that can't be included beside the C library's.
    private static let withoutHeader: Set<String> = [
        "generic/MAC80211_HWSIM", "generic/NLBL_CALIPSO", "generic/NLBL_CIPSOv4", "generic/NLBL_MGMT",
        "generic/NLBL_UNLBL",
        "generic/TCM-USER", "generic/dpll", "generic/em", "generic/handshake", "generic/lockd", "generic/net-shaper",
        "generic/netdev",
        "generic/nfsd", "generic/nl802154", "generic/ovpn", "generic/psp",
    ]

    /// Operations that Linux 6.1's headers don't know, by family.
    private static let newer: [String: Set<String>] = [
        "generic/devlink": ["NOTIFY_FILTER_SET"],
        "generic/ethtool": [
            "RSS_GET", "PLCA_GET_CFG", "PLCA_SET_CFG", "PLCA_GET_STATUS", "MM_GET", "MM_SET", "MODULE_FW_FLASH_ACT",
            "PHY_GET", "TSCONFIG_GET", "TSCONFIG_SET", "RSS_SET", "RSS_CREATE_ACT", "RSS_DELETE_ACT", "MSE_GET",
        ],
        "generic/nl80211": [
            "SET_HW_TIMESTAMP", "LINKS_REMOVED", "SET_TID_TO_LINK_MAPPING", "ASSOC_MLO_RECONF", "EPCS_CFG",
            "NAN_NEXT_DW_NOTIFICATION", "NAN_CLUSTER_JOINED",
        ],
        "generic/thermal": ["THRESHOLD_GET", "THRESHOLD_ADD", "THRESHOLD_DELETE", "THRESHOLD_FLUSH"],
        "netfilter/nftables": [
            "GETRULE_RESET", "DESTROYTABLE", "DESTROYCHAIN", "DESTROYRULE", "DESTROYSET", "DESTROYSETELEM",
            "DESTROYOBJ", "DESTROYFLOWTABLE", "GETSETELEM_RESET",
        ],
        "route": ["NEWMULTICAST", "DELMULTICAST", "NEWANYCAST", "DELANYCAST"],
    ]

    /// Attributes that Linux 6.1's headers don't know.
    private static let newerAttributes: Set<String> = [
        "ETHTOOL_A_RSS_HKEY", "ETHTOOL_A_MODULE_FW_FLASH_FILE_NAME", "HANDSHAKE_A_DONE_SOCKFD", "IFLA_NETKIT_PEER_INFO",
        "NETDEV_A_DMABUF_FD", "OVPN_A_PEER", "OVPN_A_PEER_SOCKET", "PSP_A_ASSOC_SOCK_FD",
    ]

    private static let rows: [Row] = Catalogue.families.flatMap { family in
        let notified = Catalogue.notifications.filter { $0.family == family.label }
        return family.operations.map { Row(family: family, constant: family.prefix + $0.name, number: $0.number) }
            + notified.map { Row(family: family, constant: family.prefix + $0.name, number: $0.number) }
    }

    @Test func `every number of an operation is the header's`() throws {
        let values = try KernelHeaders.values(Self.rows.map(\.constant))
        var compared = 0
        for row in Self.rows {
            let label = row.family.label
            guard let value = values[row.constant] else {
                let name = String(row.constant.dropFirst(row.family.prefix.count))
                let isNewer = Self.withoutHeader.contains(label) || Self.newer[label]?.contains(name) == true
                #expect(isNewer, "no header knows \(row.constant) of \(label)")
                continue
            }
            let mask = row.family.protocolNumber == NetlinkProtocol.netfilter ? 0xff : 0xffff
            #expect(Int(row.number) & mask == value, "\(row.constant)")
            compared += 1
        }
        print("\(compared) of \(Self.rows.count) operations compared with the headers")
        #expect(compared > 650)
    }

    @Test func `what is listed as newer is in the table`() throws {
        for (label, names) in Self.newer {
            let constants = Set(Self.rows.filter { $0.family.label == label }.map(\.constant))
            let family = try #require(Catalogue.family(label))
            for name in names { #expect(constants.contains(family.prefix + name), "\(label) \(name)") }
        }
        for label in Self.withoutHeader { #expect(Catalogue.family(label) != nil, "\(label)") }
    }

    @Test func `every number of a dangerous attribute is the header's`() throws {
        let named = try Catalogue.specialAttributes.flatMap { attribute in
            zip(attribute.path, try attribute.parsedSteps().map(\.type)).filter { $0.0 != "*" }
        }
        let values = try KernelHeaders.values(Set(named.map(\.0)).sorted())
        for (name, number) in named {
            guard let value = values[name] else {
                #expect(Self.newerAttributes.contains(name), "no header knows \(name)")
                continue
            }
            #expect(value == Int(number), "\(name)")
        }
        #expect(values.count > 60, "\(values.count)")
    }
}
