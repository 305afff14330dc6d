/// Attributes of generic families that name what belongs to the server.
enum GenericRules {
    /// Families whose requests repeat an attribute; none of those that repeat is looked into.
    static let familiesWithRepeats: Set<String> = ["devlink", "dpll", "net-shaper", "nfsd"]

    static func rule(_ family: String, _ type: UInt16) -> AttributeRule {
        switch (family, type) {
        case ("devlink", 122): .refused(.path, "DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME")
        case ("devlink", 138): .refused(.descriptor, "DEVLINK_ATTR_NETNS_FD")
        case ("devlink", 139): .refused(.process, "DEVLINK_ATTR_NETNS_PID")
        case ("devlink", 140): .refused(.namespace, "DEVLINK_ATTR_NETNS_ID")
        case ("gtp", 7): .refused(.descriptor, "GTPA_NET_NS_FD")
        case ("l2tp", 23): .refused(.descriptor, "L2TP_ATTR_FD")
        case ("nl80211", 82): .refused(.process, "NL80211_ATTR_PID")
        case ("nl80211", 219): .refused(.descriptor, "NL80211_ATTR_NETNS_FD")
        case ("ovpn", 2): .nested(.tunnelPeer)
        case ("ovs_datapath", 2): .ownPort("OVS_DP_ATTR_UPCALL_PID")
        case ("ovs_datapath", 8): .ownPort("OVS_DP_ATTR_PER_CPU_PIDS")
        case ("ovs_vport", 5): .ownPort("OVS_VPORT_ATTR_UPCALL_PID")
        default: .plain
        }
    }
}
