extension Catalogue {
    /// Generic netlink: tunnels, virtual switches, multipath.
    static let genericTunnels = """
        family generic/wireguard 16 WG_CMD_ 0
        GET_DEVICE 0 read - admin secret
        SET_DEVICE 1 write admin - secret

        family generic/macsec 16 MACSEC_CMD_ 0
        GET_TXSC    0 read - free
        ADD_RXSC    1 write admin -
        DEL_RXSC    2 write admin -
        UPD_RXSC    3 write admin -
        ADD_TXSA    4 write admin -
        DEL_TXSA    5 write admin -
        UPD_TXSA    6 write admin -
        ADD_RXSA    7 write admin -
        DEL_RXSA    8 write admin -
        UPD_RXSA    9 write admin -
        UPD_OFFLOAD 10 write admin -

        family generic/ovs_datapath 16 OVS_DP_CMD_ 4
        NEW 1 write admin - portid traffic
        DEL 2 write admin -
        GET 3 read free free
        SET 4 write admin - portid traffic
        group ovs_datapath - free

        family generic/ovs_flow 16 OVS_FLOW_CMD_ 4
        NEW 1 write admin - portid traffic never
        DEL 2 write admin -
        GET 3 read free free
        SET 4 write admin - portid traffic never
        group ovs_flow - free

        family generic/ovs_vport 16 OVS_VPORT_CMD_ 4
        NEW 1 write admin - portid traffic
        DEL 2 write admin -
        GET 3 read free free
        SET 4 write admin - portid traffic
        group ovs_vport - free

        family generic/ovs_packet 16 OVS_PACKET_CMD_ 4
        EXECUTE 3 write admin - traffic portid never

        family generic/ovs_meter 16 OVS_METER_CMD_ 4
        FEATURES 1 read free -
        SET      2 write admin -
        DEL      3 write admin -
        GET      4 read free -
        group ovs_meter - free

        family generic/ovs_ct_limit 16 OVS_CT_LIMIT_CMD_ 4
        SET 1 write admin -
        DEL 2 write admin -
        GET 3 read free -
        group ovs_ct_limit - free

        family generic/mptcp_pm 16 MPTCP_PM_CMD_ 0
        ADD_ADDR        1 write admin -
        DEL_ADDR        2 write admin -
        GET_ADDR        3 read free free
        FLUSH_ADDRS     4 write admin -
        SET_LIMITS      5 write admin -
        GET_LIMITS      6 read free -
        SET_FLAGS       7 write admin -
        ANNOUNCE        8 write admin -
        REMOVE          9 write admin -
        SUBFLOW_CREATE  10 write admin -
        SUBFLOW_DESTROY 11 write admin -
        group mptcp_pm_cmds - free
        group mptcp_pm_events - admin

        family generic/batadv 16 BATADV_CMD_ 0
        GET_MESH              1 read free -
        TP_METER              2 write admin -
        TP_METER_CANCEL       3 write admin -
        GET_ROUTING_ALGOS     4 read - admin
        GET_HARDIF            5 read free free
        GET_TRANSTABLE_LOCAL  6 read - admin
        GET_TRANSTABLE_GLOBAL 7 read - admin
        GET_ORIGINATORS       8 read - admin
        GET_NEIGHBORS         9 read - admin
        GET_GATEWAYS          10 read - admin
        GET_BLA_CLAIM         11 read - admin
        GET_BLA_BACKBONE      12 read - admin
        GET_DAT_CACHE         13 read - admin
        GET_MCAST_FLAGS       14 read - admin
        SET_MESH              15 write admin -
        SET_HARDIF            16 write admin -
        GET_VLAN              17 read free -
        SET_VLAN              18 write admin -
        group config - free
        group tpmeter - free

        family generic/l2tp 16 L2TP_CMD_ 0
        NOOP           0 read free -
        TUNNEL_CREATE  1 write admin - fd
        TUNNEL_DELETE  2 write admin -
        TUNNEL_MODIFY  3 write admin -
        TUNNEL_GET     4 read admin admin
        SESSION_CREATE 5 write admin -
        SESSION_DELETE 6 write admin -
        SESSION_MODIFY 7 write admin -
        SESSION_GET    8 read admin admin
        group l2tp - free

        family generic/team 16 TEAM_CMD_ 0
        NOOP          0 read free -
        OPTIONS_SET   1 write admin -
        OPTIONS_GET   2 read admin -
        PORT_LIST_GET 3 read admin -
        group change_event - free

        family generic/gtp 16 GTP_CMD_ 0
        NEWPDP  0 write admin - fd
        DELPDP  1 write admin - fd
        GETPDP  2 read admin admin fd
        ECHOREQ 3 write admin -
        group gtp - free

        family generic/SEG6 16 SEG6_CMD_ 0
        SETHMAC    1 write admin - secret
        DUMPHMAC   2 read - admin secret
        SET_TUNSRC 3 write admin -
        GET_TUNSRC 4 read admin -

        family generic/IOAM6 16 IOAM6_CMD_ 0
        ADD_NAMESPACE   1 write admin -
        DEL_NAMESPACE   2 write admin -
        DUMP_NAMESPACES 3 read - admin
        ADD_SCHEMA      4 write admin -
        DEL_SCHEMA      5 write admin -
        DUMP_SCHEMAS    6 read - admin
        NS_SET_SCHEMA   7 write admin -
        group ioam6_events - admin

        family generic/ila 16 ILA_CMD_ 0
        ADD   1 write admin -
        DEL   2 write admin -
        GET   3 read free free
        FLUSH 4 write admin -

        family generic/fou 16 FOU_CMD_ 0
        ADD 1 write admin -
        DEL 2 write admin -
        GET 3 read free free

        family generic/psample 16 PSAMPLE_CMD_ 0
        GET_GROUP 1 read - free
        group config - free
        group packets - admin traffic

        family generic/HSR 16 HSR_C_ 0
        GET_NODE_STATUS 3 read free -
        GET_NODE_LIST   5 read free -
        group hsr-network - free

        family generic/ovpn 16 OVPN_CMD_ 0
        PEER_NEW 1 write admin - fd never
        PEER_SET 2 write admin -
        PEER_GET 3 read admin admin
        PEER_DEL 4 write admin -
        KEY_NEW  6 write admin - secret
        KEY_GET  7 read admin -
        KEY_SWAP 8 write admin -
        KEY_DEL  10 write admin -
        group peers - unsure

        family generic/net-shaper 16 NET_SHAPER_CMD_ 0
        GET     1 read free free
        SET     2 write admin -
        DELETE  3 write admin -
        GROUP   4 write admin -
        CAP_GET 5 read unsure unsure
        """
}
