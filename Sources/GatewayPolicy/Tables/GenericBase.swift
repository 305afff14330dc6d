extension Catalogue {
    /// Generic netlink: the families that most tools ask.
    static let genericBase = """
        family generic/nlctrl 16 CTRL_CMD_ 0
        GETFAMILY 3 read free free
        GETPOLICY 10 read - free
        group notify - free

        family generic/ethtool 16 ETHTOOL_MSG_ 0
        STRSET_GET          1 read free free
        LINKINFO_GET        2 read free free
        LINKINFO_SET        3 write admin -
        LINKMODES_GET       4 read free free
        LINKMODES_SET       5 write admin -
        LINKSTATE_GET       6 read free free
        DEBUG_GET           7 read free free
        DEBUG_SET           8 write admin -
        WOL_GET             9 read admin admin secret
        WOL_SET             10 write admin -
        FEATURES_GET        11 read free free
        FEATURES_SET        12 write admin -
        PRIVFLAGS_GET       13 read free free
        PRIVFLAGS_SET       14 write admin -
        RINGS_GET           15 read free free
        RINGS_SET           16 write admin -
        CHANNELS_GET        17 read free free
        CHANNELS_SET        18 write admin -
        COALESCE_GET        19 read free free
        COALESCE_SET        20 write admin -
        PAUSE_GET           21 read free free
        PAUSE_SET           22 write admin -
        EEE_GET             23 read free free
        EEE_SET             24 write admin -
        TSINFO_GET          25 read free free
        CABLE_TEST_ACT      26 write admin -
        CABLE_TEST_TDR_ACT  27 write admin -
        TUNNEL_INFO_GET     28 read free free
        FEC_GET             29 read free free
        FEC_SET             30 write admin -
        MODULE_EEPROM_GET   31 read admin admin hw
        STATS_GET           32 read free free
        PHC_VCLOCKS_GET     33 read free free
        MODULE_GET          34 read free free
        MODULE_SET          35 write admin -
        PSE_GET             36 read free free
        PSE_SET             37 write admin -
        RSS_GET             38 read free free secret
        PLCA_GET_CFG        39 read free free
        PLCA_SET_CFG        40 write admin -
        PLCA_GET_STATUS     41 read free free
        MM_GET              42 read free free
        MM_SET              43 write admin -
        MODULE_FW_FLASH_ACT 44 write admin - path hw never
        PHY_GET             45 read free free
        TSCONFIG_GET        46 read free free
        TSCONFIG_SET        47 write admin -
        RSS_SET             48 write admin -
        RSS_CREATE_ACT      49 write admin -
        RSS_DELETE_ACT      50 write admin -
        MSE_GET             51 read unsure unsure
        group monitor - free

        family generic/TASKSTATS 16 - 0
        TASKSTATS_CMD_GET   1 read admin - pid pii
        CGROUPSTATS_CMD_GET 4 read free - fd never

        family generic/tcp_metrics 16 TCP_METRICS_CMD_ 0
        GET 1 read free free pii secret
        DEL 2 write admin -

        family generic/netdev 16 NETDEV_CMD_ 0
        DEV_GET             1 read free free
        PAGE_POOL_GET       5 read free free
        PAGE_POOL_STATS_GET 9 read free free
        QUEUE_GET           10 read free free
        NAPI_GET            11 read free free
        QSTATS_GET          12 read - free
        BIND_RX             13 write admin - fd never
        NAPI_SET            14 write admin -
        BIND_TX             15 write free - fd never
        group mgmt - free
        group page-pool - free
        """
}
