extension Catalogue {
    /// NETLINK_SOCK_DIAG: what `ss` asks.
    static let sockDiag = """
        family sock_diag 4 - 0
        TCPDIAG_GETSOCK     18 read free free
        DCCPDIAG_GETSOCK    19 read free free
        SOCK_DIAG_BY_FAMILY 20 read free free multiplex pii code fd
        SOCK_DESTROY        21 write admin -
        group INET_TCP_DESTROY 1 free
        group INET_UDP_DESTROY 2 free
        group INET6_TCP_DESTROY 3 free
        group INET6_UDP_DESTROY 4 free
        """
}
