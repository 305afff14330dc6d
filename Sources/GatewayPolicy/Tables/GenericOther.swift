extension Catalogue {
    /// Generic netlink: the rest.
    static let genericOther = """
        family generic/dpll 16 DPLL_CMD_ 0
        DEVICE_ID_GET 1 read admin -
        DEVICE_GET    2 read admin admin
        DEVICE_SET    3 write admin -
        PIN_ID_GET    7 read admin -
        PIN_GET       8 read admin admin
        PIN_SET       9 write admin -
        group monitor - free

        family generic/IPVS 16 IPVS_CMD_ 0
        NEW_SERVICE 1 write admin -
        SET_SERVICE 2 write admin -
        DEL_SERVICE 3 write admin -
        GET_SERVICE 4 read admin admin
        NEW_DEST    5 write admin -
        SET_DEST    6 write admin -
        DEL_DEST    7 write admin -
        GET_DEST    8 read - admin
        NEW_DAEMON  9 write admin -
        DEL_DAEMON  10 write admin -
        GET_DAEMON  11 read - admin
        SET_CONFIG  12 write admin -
        GET_CONFIG  13 read admin -
        GET_INFO    15 read admin -
        ZERO        16 write admin -
        FLUSH       17 write admin -

        family generic/nfsd 16 NFSD_CMD_ 0
        RPC_STATUS_GET 1 read - free
        THREADS_SET    2 write admin -
        THREADS_GET    3 read free -
        VERSION_SET    4 write admin -
        VERSION_GET    5 read free -
        LISTENER_SET   6 write admin - never
        LISTENER_GET   7 read free -
        POOL_MODE_SET  8 write admin -
        POOL_MODE_GET  9 read free -

        family generic/handshake 16 HANDSHAKE_CMD_ 0
        ACCEPT 2 write admin - fd never
        DONE   3 write admin - fd never
        group none - free
        group tlshd - free

        family generic/NET_DM 16 NET_DM_CMD_ 0
        CONFIG     2 write admin -
        START      3 write admin - traffic
        STOP       4 write admin -
        CONFIG_GET 6 read free -
        STATS_GET  8 read free -
        group events - other traffic

        family generic/TIPCv2 16 TIPC_NL_ 0
        BEARER_DISABLE   2 write admin -
        BEARER_ENABLE    3 write admin -
        BEARER_GET       4 read free free
        BEARER_SET       5 write admin -
        SOCK_GET         6 read - free
        PUBL_GET         7 read - free
        LINK_GET         8 read free free
        LINK_SET         9 write admin -
        LINK_RESET_STATS 10 write admin -
        MEDIA_GET        11 read free free
        MEDIA_SET        12 write admin -
        NODE_GET         13 read - free
        NET_GET          14 read - free
        NET_SET          15 write admin -
        NAME_TABLE_GET   16 read - free
        MON_SET          17 write admin -
        MON_GET          18 read free free
        MON_PEER_GET     19 read - free
        PEER_REMOVE      20 write admin -
        BEARER_ADD       21 write admin -
        UDP_GET_REMOTEIP 22 read - free
        KEY_SET          23 write admin - secret
        KEY_FLUSH        24 write admin -
        ADDR_LEGACY_GET  25 read free -

        family generic/SMC_GEN_NETLINK 16 SMC_NETLINK_ 0
        GET_SYS_INFO          1 read - free
        GET_LGR_SMCR          2 read - free
        GET_LINK_SMCR         3 read - free
        GET_LGR_SMCD          4 read - free
        GET_DEV_SMCD          5 read - free
        GET_DEV_SMCR          6 read - free
        GET_STATS             7 read - free
        GET_FBACK_STATS       8 read - free
        DUMP_UEID             9 read - free
        ADD_UEID              10 write admin -
        REMOVE_UEID           11 write admin -
        FLUSH_UEID            12 write admin -
        DUMP_SEID             13 read - free
        ENABLE_SEID           14 write admin -
        DISABLE_SEID          15 write admin -
        DUMP_HS_LIMITATION    16 read - free
        ENABLE_HS_LIMITATION  17 write admin -
        DISABLE_HS_LIMITATION 18 write admin -

        family generic/SMC_PNETID 16 SMC_PNETID_ 0
        GET   1 read free free
        ADD   2 write admin -
        DEL   3 write admin -
        FLUSH 4 write admin -

        family generic/thermal 16 THERMAL_GENL_CMD_ 0
        TZ_GET_ID   1 read - free
        TZ_GET_TRIP 2 read free -
        TZ_GET_TEMP 3 read free -
        TZ_GET_GOV  4 read free -
        CDEV_GET    6 read - free
        group event - free
        group sampling - free

        family generic/nbd 16 NBD_CMD_ 0
        CONNECT     1 write other - fd never
        DISCONNECT  2 write other - never
        RECONFIGURE 3 write other - fd never
        STATUS      5 read free - never
        group nbd_mc_group - free

        family generic/TCM-USER 16 TCMU_CMD_ 0
        ADDED_DEVICE_DONE    4 write admin -
        REMOVED_DEVICE_DONE  5 write admin -
        RECONFIG_DEVICE_DONE 6 write admin -
        SET_FEATURES         7 write admin -
        group config - free

        family generic/NLBL_MGMT 16 NLBL_MGMT_C_ 0
        ADD       1 write admin -
        REMOVE    2 write admin -
        LISTALL   3 read - free
        ADDDEF    4 write admin -
        REMOVEDEF 5 write admin -
        LISTDEF   6 read free -
        PROTOCOLS 7 read - free
        VERSION   8 read free -

        family generic/NLBL_UNLBL 16 NLBL_UNLABEL_C_ 0
        ACCEPT          1 write admin -
        LIST            2 read free -
        STATICADD       3 write admin -
        STATICREMOVE    4 write admin -
        STATICLIST      5 read - free
        STATICADDDEF    6 write admin -
        STATICREMOVEDEF 7 write admin -
        STATICLISTDEF   8 read - free

        family generic/NLBL_CIPSOv4 16 NLBL_CIPSOV4_C_ 0
        ADD     1 write admin -
        REMOVE  2 write admin -
        LIST    3 read free -
        LISTALL 4 read - free

        family generic/psp 16 PSP_CMD_ 0
        DEV_GET    1 read free free never
        DEV_SET    4 write unsure - never
        KEY_ROTATE 6 write unsure - never
        RX_ASSOC   8 write free - fd secret never
        TX_ASSOC   9 write free - fd secret never
        GET_STATS  10 read unsure unsure never
        group mgmt - unsure
        group use - unsure

        family generic/lockd 16 LOCKD_CMD_ 0
        SERVER_SET 1 write admin -
        SERVER_GET 2 read free -

        family generic/em 16 EM_CMD_ 0
        GET_PDS      1 read unsure unsure
        GET_PD_TABLE 2 read unsure unsure
        group event - unsure

        family generic/TIPC 16 TIPC_GENL_ 8
        CMD 1 write free - multiplex never
        """
}
