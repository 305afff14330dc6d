extension Catalogue {
    /// NETLINK_ROUTE: the operations of rtnetlink and its groups.
    static let route = """
        family route 0 RTM_ 0
        NEWLINK          16 write admin - fd pid
        DELLINK          17 write admin -
        GETLINK          18 read free free pii
        SETLINK          19 write admin - fd pid
        NEWADDR          20 write admin -
        DELADDR          21 write admin -
        GETADDR          22 read free free pii
        NEWROUTE         24 write admin - fd
        DELROUTE         25 write admin -
        GETROUTE         26 read free free
        NEWNEIGH         28 write admin -
        DELNEIGH         29 write admin -
        GETNEIGH         30 read free free pii
        NEWRULE          32 write admin -
        DELRULE          33 write admin -
        GETRULE          34 read - free
        NEWQDISC         36 write admin -
        DELQDISC         37 write admin -
        GETQDISC         38 read free free
        NEWTCLASS        40 write admin -
        DELTCLASS        41 write admin -
        GETTCLASS        42 read free free
        NEWTFILTER       44 write admin - fd code traffic
        DELTFILTER       45 write admin -
        GETTFILTER       46 read free free
        NEWACTION        48 write admin - fd code traffic
        DELACTION        49 write admin -
        GETACTION        50 read free free
        GETMULTICAST     58 read - free
        GETANYCAST       62 read - free
        GETNEIGHTBL      66 read - free
        SETNEIGHTBL      67 write admin -
        NEWADDRLABEL     72 write admin -
        DELADDRLABEL     73 write admin -
        GETADDRLABEL     74 read free free
        GETDCB           78 read free -
        SETDCB           79 write admin -
        GETNETCONF       82 read free free
        NEWMDB           84 write admin -
        DELMDB           85 write admin -
        GETMDB           86 read free free
        NEWNSID          88 write admin - fd pid
        GETNSID          90 read free free fd pid
        GETSTATS         94 read free free
        SETSTATS         95 write admin -
        NEWCHAIN         100 write admin -
        DELCHAIN         101 write admin -
        GETCHAIN         102 read free free
        NEWNEXTHOP       104 write admin - fd
        DELNEXTHOP       105 write admin -
        GETNEXTHOP       106 read free free
        NEWLINKPROP      108 write admin -
        DELLINKPROP      109 write admin -
        GETLINKPROP      110 read - -
        NEWVLAN          112 write admin -
        DELVLAN          113 write admin -
        GETVLAN          114 read - free
        GETNEXTHOPBUCKET 118 read free free
        NEWTUNNEL        120 write admin -
        DELTUNNEL        121 write admin -
        GETTUNNEL        122 read - free
        group LINK 1 free
        group NOTIFY 2 free
        group NEIGH 3 free
        group TC 4 free
        group IPV4_IFADDR 5 free
        group IPV4_MROUTE 6 free
        group IPV4_ROUTE 7 free
        group IPV4_RULE 8 free
        group IPV6_IFADDR 9 free
        group IPV6_MROUTE 10 free
        group IPV6_ROUTE 11 free
        group IPV6_IFINFO 12 free
        group DECnet_IFADDR 13 free
        group NOP2 14 free
        group DECnet_ROUTE 15 free
        group DECnet_RULE 16 free
        group NOP4 17 free
        group IPV6_PREFIX 18 free
        group IPV6_RULE 19 free
        group ND_USEROPT 20 free
        group PHONET_IFADDR 21 free
        group PHONET_ROUTE 22 free
        group DCB 23 free
        group IPV4_NETCONF 24 free
        group IPV6_NETCONF 25 free
        group MDB 26 free
        group MPLS_ROUTE 27 free
        group NSID 28 free
        group MPLS_NETCONF 29 free
        group IPV4_MROUTE_R 30 admin
        group IPV6_MROUTE_R 31 admin
        group NEXTHOP 32 free
        group BRVLAN 33 free
        group MCTP_IFADDR 34 free
        group TUNNEL 35 free
        group STATS 36 free
        group IPV4_MCADDR 37 free
        group IPV6_MCADDR 38 free
        group IPV6_ACADDR 39 free
        """
}
