extension Catalogue {
    /// Generic netlink: wireless.
    static let genericWireless = """
        family generic/nl80211 16 NL80211_CMD_ 0
        GET_WIPHY                  1 read free free
        SET_WIPHY                  2 write admin -
        GET_INTERFACE              5 read free free
        SET_INTERFACE              6 write admin -
        NEW_INTERFACE              7 write admin -
        DEL_INTERFACE              8 write admin -
        GET_KEY                    9 read admin -
        SET_KEY                    10 write admin -
        NEW_KEY                    11 write admin - secret
        DEL_KEY                    12 write admin -
        SET_BEACON                 14 write admin -
        START_AP                   15 write admin -
        STOP_AP                    16 write admin -
        GET_STATION                17 read free free pii
        SET_STATION                18 write admin -
        NEW_STATION                19 write admin -
        DEL_STATION                20 write admin -
        GET_MPATH                  21 read admin admin
        SET_MPATH                  22 write admin -
        NEW_MPATH                  23 write admin -
        DEL_MPATH                  24 write admin -
        SET_BSS                    25 write admin -
        SET_REG                    26 write admin -
        REQ_SET_REG                27 write admin -
        GET_MESH_CONFIG            28 read free -
        SET_MESH_CONFIG            29 write admin -
        GET_REG                    31 read free free
        GET_SCAN                   32 read - free pii
        TRIGGER_SCAN               33 write admin -
        AUTHENTICATE               37 write admin -
        ASSOCIATE                  38 write admin -
        DEAUTHENTICATE             39 write admin -
        DISASSOCIATE               40 write admin -
        JOIN_IBSS                  43 write admin -
        LEAVE_IBSS                 44 write admin -
        TESTMODE                   45 write admin admin multiplex hw never
        CONNECT                    46 write admin -
        DISCONNECT                 48 write admin -
        SET_WIPHY_NETNS            49 write admin - fd pid never
        GET_SURVEY                 50 read - free
        SET_PMKSA                  52 write admin -
        DEL_PMKSA                  53 write admin -
        FLUSH_PMKSA                54 write admin -
        REMAIN_ON_CHANNEL          55 write admin -
        CANCEL_REMAIN_ON_CHANNEL   56 write admin -
        SET_TX_BITRATE_MASK        57 write admin -
        REGISTER_FRAME             58 write admin - traffic portid
        FRAME                      59 write admin - traffic
        SET_POWER_SAVE             61 write admin -
        GET_POWER_SAVE             62 read free -
        SET_CQM                    63 write admin -
        SET_CHANNEL                65 write admin -
        FRAME_WAIT_CANCEL          67 write admin -
        JOIN_MESH                  68 write admin -
        LEAVE_MESH                 69 write admin -
        GET_WOWLAN                 73 read free -
        SET_WOWLAN                 74 write admin -
        START_SCHED_SCAN           75 write admin -
        STOP_SCHED_SCAN            76 write admin -
        SET_REKEY_OFFLOAD          79 write admin -
        TDLS_OPER                  81 write admin -
        TDLS_MGMT                  82 write admin -
        UNEXPECTED_FRAME           83 write admin -
        PROBE_CLIENT               84 write admin -
        REGISTER_BEACONS           85 write admin -
        SET_NOACK_MAP              87 write admin -
        START_P2P_DEVICE           89 write admin -
        STOP_P2P_DEVICE            90 write admin -
        SET_MCAST_RATE             92 write admin -
        SET_MAC_ACL                93 write admin -
        RADAR_DETECT               94 write admin -
        GET_PROTOCOL_FEATURES      95 read free -
        UPDATE_FT_IES              96 write admin -
        CRIT_PROTOCOL_START        98 write admin -
        CRIT_PROTOCOL_STOP         99 write admin -
        GET_COALESCE               100 read free -
        SET_COALESCE               101 write admin -
        CHANNEL_SWITCH             102 write admin -
        VENDOR                     103 write admin admin multiplex hw never
        SET_QOS_MAP                104 write admin -
        ADD_TX_TS                  105 write admin -
        DEL_TX_TS                  106 write admin -
        GET_MPP                    107 read admin admin
        JOIN_OCB                   108 write admin -
        LEAVE_OCB                  109 write admin -
        TDLS_CHANNEL_SWITCH        111 write admin -
        TDLS_CANCEL_CHANNEL_SWITCH 112 write admin -
        ABORT_SCAN                 114 write admin -
        START_NAN                  115 write admin -
        STOP_NAN                   116 write admin -
        ADD_NAN_FUNCTION           117 write admin -
        DEL_NAN_FUNCTION           118 write admin -
        CHANGE_NAN_CONFIG          119 write admin -
        SET_MULTICAST_TO_UNICAST   121 write admin -
        UPDATE_CONNECT_PARAMS      122 write admin -
        SET_PMK                    123 write free - secret
        DEL_PMK                    124 write free -
        RELOAD_REGDB               126 write admin -
        EXTERNAL_AUTH              127 write admin -
        CONTROL_PORT_FRAME         129 write admin -
        GET_FTM_RESPONDER_STATS    130 read free -
        PEER_MEASUREMENT_START     131 write admin -
        NOTIFY_RADAR               134 write admin -
        UPDATE_OWE_INFO            135 write admin -
        PROBE_MESH_LINK            136 write admin -
        SET_TID_CONFIG             137 write admin -
        SET_SAR_SPECS              140 write admin -
        COLOR_CHANGE_REQUEST       142 write admin -
        SET_FILS_AAD               146 write admin -
        ADD_LINK                   148 write admin -
        REMOVE_LINK                149 write admin -
        ADD_LINK_STA               150 write admin -
        MODIFY_LINK_STA            151 write admin -
        REMOVE_LINK_STA            152 write admin -
        SET_HW_TIMESTAMP           153 write admin -
        SET_TID_TO_LINK_MAPPING    155 write admin -
        ASSOC_MLO_RECONF           156 write unsure unsure
        EPCS_CFG                   157 write unsure unsure
        NAN_NEXT_DW_NOTIFICATION   158 write unsure unsure
        NAN_CLUSTER_JOINED         159 write unsure unsure
        group config - free
        group mlme - free traffic
        group nan - free
        group regulatory - free
        group scan - free
        group testmode - free
        group vendor - free

        family generic/nl802154 16 NL802154_CMD_ 0
        GET_WPAN_PHY          1 read free free
        GET_INTERFACE         5 read free free
        NEW_INTERFACE         7 write admin -
        DEL_INTERFACE         8 write admin -
        SET_CHANNEL           9 write admin -
        SET_PAN_ID            10 write admin -
        SET_SHORT_ADDR        11 write admin -
        SET_TX_POWER          12 write admin -
        SET_CCA_MODE          13 write admin -
        SET_CCA_ED_LEVEL      14 write admin -
        SET_BACKOFF_EXPONENT  16 write admin -
        SET_MAX_CSMA_BACKOFFS 17 write admin -
        SET_LBT_MODE          18 write admin -
        SET_ACKREQ_DEFAULT    19 write admin -
        SET_WPAN_PHY_NETNS    20 write admin - fd pid never
        SET_SEC_PARAMS        21 write admin -
        GET_SEC_KEY           22 read - admin secret
        NEW_SEC_KEY           23 write admin -
        DEL_SEC_KEY           24 write admin -
        GET_SEC_DEV           25 read - admin
        NEW_SEC_DEV           26 write admin -
        DEL_SEC_DEV           27 write admin -
        GET_SEC_DEVKEY        28 read - admin
        NEW_SEC_DEVKEY        29 write admin -
        DEL_SEC_DEVKEY        30 write admin -
        GET_SEC_LEVEL         31 read - admin
        NEW_SEC_LEVEL         32 write admin -
        DEL_SEC_LEVEL         33 write admin -
        TRIGGER_SCAN          35 write admin -
        ABORT_SCAN            36 write admin -
        SEND_BEACONS          38 write admin -
        STOP_BEACONS          39 write admin -
        ASSOCIATE             40 write admin -
        DISASSOCIATE          41 write admin -
        SET_MAX_ASSOCIATIONS  42 write admin -
        LIST_ASSOCIATIONS     43 read - free
        group config - free
        group scan - free

        family generic/MAC80211_HWSIM 16 HWSIM_CMD_ 0
        REGISTER      1 write admin -
        FRAME         2 write free - traffic
        TX_INFO_FRAME 3 write free -
        NEW_RADIO     4 write admin -
        DEL_RADIO     5 write admin -
        GET_RADIO     6 read free free
        REPORT_PMSR   11 write free -
        group config - free
        """
}
