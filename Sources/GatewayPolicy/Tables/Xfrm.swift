extension Catalogue {
    /// NETLINK_XFRM: IPsec states and policies.
    static let xfrm = """
        family xfrm 6 XFRM_MSG_ 0
        NEWSA       16 write admin - secret
        DELSA       17 write admin -
        GETSA       18 read admin admin secret
        NEWPOLICY   19 write admin -
        DELPOLICY   20 write admin -
        GETPOLICY   21 read admin admin
        ALLOCSPI    22 write admin -
        ACQUIRE     23 write admin -
        EXPIRE      24 write admin -
        UPDPOLICY   25 write admin -
        UPDSA       26 write admin - secret
        POLEXPIRE   27 write admin -
        FLUSHSA     28 write admin -
        FLUSHPOLICY 29 write admin -
        NEWAE       30 write admin -
        GETAE       31 read admin -
        MIGRATE     33 write admin -
        GETSADINFO  35 read admin -
        NEWSPDINFO  36 write admin -
        GETSPDINFO  37 read admin -
        SETDEFAULT  39 write admin -
        GETDEFAULT  40 read admin -
        group ACQUIRE 1 admin
        group EXPIRE 2 admin
        group SA 3 admin secret
        group POLICY 4 admin
        group AEVENTS 5 admin
        group REPORT 6 admin
        group MIGRATE 7 admin
        group MAPPING 8 admin
        """
}
