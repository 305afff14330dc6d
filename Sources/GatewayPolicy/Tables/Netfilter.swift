extension Catalogue {
    /// NETLINK_NETFILTER: one family a subsystem, numbers as `(subsystem << 8) | command`.
    static let netfilter = """
        family netfilter/nftables 12 NFT_MSG_ 0
        NEWTABLE         2560 write admin - portid batch
        GETTABLE         2561 read admin admin
        DELTABLE         2562 write admin - batch
        NEWCHAIN         2563 write admin - batch
        GETCHAIN         2564 read admin admin
        DELCHAIN         2565 write admin - batch
        NEWRULE          2566 write admin - fd path code traffic batch
        GETRULE          2567 read admin admin
        DELRULE          2568 write admin - batch
        NEWSET           2569 write admin - batch
        GETSET           2570 read admin admin
        DELSET           2571 write admin - batch
        NEWSETELEM       2572 write admin - batch
        GETSETELEM       2573 read admin admin
        DELSETELEM       2574 write admin - batch
        GETGEN           2576 read admin admin
        NEWOBJ           2578 write admin - batch
        GETOBJ           2579 read admin admin
        DELOBJ           2580 write admin - batch
        GETOBJ_RESET     2581 write admin admin
        NEWFLOWTABLE     2582 write admin - batch
        GETFLOWTABLE     2583 read admin admin
        DELFLOWTABLE     2584 write admin - batch
        GETRULE_RESET    2585 write admin admin
        DESTROYTABLE     2586 write admin - batch
        DESTROYCHAIN     2587 write admin - batch
        DESTROYRULE      2588 write admin - batch
        DESTROYSET       2589 write admin - batch
        DESTROYSETELEM   2590 write admin - batch
        DESTROYOBJ       2591 write admin - batch
        DESTROYFLOWTABLE 2592 write admin - batch
        GETSETELEM_RESET 2593 write admin admin
        group NFTABLES 7 admin
        group NFTRACE 9 admin traffic

        family netfilter/ctnetlink 12 IPCTNL_MSG_ 0
        CT_NEW             256 write admin -
        CT_GET             257 read admin admin
        CT_DELETE          258 write admin -
        CT_GET_CTRZERO     259 write admin admin
        CT_GET_STATS_CPU   260 read admin admin
        CT_GET_STATS       261 read admin admin
        CT_GET_DYING       262 read admin admin
        CT_GET_UNCONFIRMED 263 read admin admin
        group CONNTRACK_NEW 1 admin
        group CONNTRACK_UPDATE 2 admin
        group CONNTRACK_DESTROY 3 admin

        family netfilter/ctnetlink_exp 12 IPCTNL_MSG_ 0
        EXP_NEW           512 write admin -
        EXP_GET           513 read admin admin
        EXP_DELETE        514 write admin -
        EXP_GET_STATS_CPU 515 read admin admin
        group CONNTRACK_EXP_NEW 4 admin
        group CONNTRACK_EXP_UPDATE 5 admin
        group CONNTRACK_EXP_DESTROY 6 admin

        family netfilter/queue 12 NFQNL_MSG_ 0
        VERDICT       769 write admin - traffic portid
        CONFIG        770 write admin - traffic portid
        VERDICT_BATCH 771 write admin - traffic portid

        family netfilter/ulog 12 NFULNL_MSG_ 0
        CONFIG 1025 write admin - traffic portid

        family netfilter/osf 12 OSF_MSG_ 0
        ADD    1280 write admin -
        REMOVE 1281 write admin -

        family netfilter/ipset 12 IPSET_CMD_ 0
        PROTOCOL    1537 read admin admin
        CREATE      1538 write admin -
        DESTROY     1539 write admin -
        FLUSH       1540 write admin -
        RENAME      1541 write admin -
        SWAP        1542 write admin -
        LIST        1543 read admin admin
        SAVE        1544 read admin admin
        ADD         1545 write admin -
        DEL         1546 write admin -
        TEST        1547 read admin admin
        HEADER      1548 read admin admin
        TYPE        1549 read admin admin
        GET_BYNAME  1550 read admin admin
        GET_BYINDEX 1551 read admin admin

        family netfilter/acct 12 NFNL_MSG_ACCT_ 0
        NEW         1792 write admin -
        GET         1793 read admin admin
        GET_CTRZERO 1794 write admin admin
        DEL         1795 write admin -
        group ACCT_QUOTA 8 admin

        family netfilter/cttimeout 12 IPCTNL_MSG_TIMEOUT_ 0
        NEW         2048 write admin -
        GET         2049 read admin admin
        DELETE      2050 write admin -
        DEFAULT_SET 2051 write admin -
        DEFAULT_GET 2052 read admin admin

        family netfilter/cthelper 12 NFNL_MSG_CTHELPER_ 0
        NEW 2304 write admin -
        GET 2305 read admin admin
        DEL 2306 write admin -

        family netfilter/nft_compat 12 NFNL_MSG_COMPAT_ 0
        GET 2816 read admin admin

        family netfilter/hook 12 NFNL_MSG_HOOK_ 0
        GET 3072 read admin admin
        """
}
