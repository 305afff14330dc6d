extension Catalogue {
    /// Generic netlink: devlink.
    static let genericDevlink = """
        family generic/devlink 16 DEVLINK_CMD_ 0
        GET                        1 read free free
        PORT_GET                   5 read free free
        PORT_SET                   6 write admin -
        PORT_NEW                   7 write admin -
        PORT_DEL                   8 write admin -
        PORT_SPLIT                 9 write admin -
        PORT_UNSPLIT               10 write admin -
        SB_GET                     11 read free free
        SB_POOL_GET                15 read free free
        SB_POOL_SET                16 write admin -
        SB_PORT_POOL_GET           19 read free free
        SB_PORT_POOL_SET           20 write admin -
        SB_TC_POOL_BIND_GET        23 read free free
        SB_TC_POOL_BIND_SET        24 write admin -
        SB_OCC_SNAPSHOT            27 write admin -
        SB_OCC_MAX_CLEAR           28 write admin -
        ESWITCH_GET                29 read admin -
        ESWITCH_SET                30 write admin -
        DPIPE_TABLE_GET            31 read free -
        DPIPE_ENTRIES_GET          32 read free -
        DPIPE_HEADERS_GET          33 read free -
        DPIPE_TABLE_COUNTERS_SET   34 write admin -
        RESOURCE_SET               35 write admin -
        RESOURCE_DUMP              36 read free -
        RELOAD                     37 write admin - fd pid
        PARAM_GET                  38 read free free
        PARAM_SET                  39 write admin -
        REGION_GET                 42 read free free
        REGION_NEW                 44 write admin -
        REGION_DEL                 45 write admin -
        REGION_READ                46 read - admin secret hw
        PORT_PARAM_GET             47 read free free
        PORT_PARAM_SET             48 write admin -
        INFO_GET                   51 read free free
        HEALTH_REPORTER_GET        52 read free free
        HEALTH_REPORTER_SET        53 write admin -
        HEALTH_REPORTER_RECOVER    54 write admin -
        HEALTH_REPORTER_DIAGNOSE   55 read admin -
        HEALTH_REPORTER_DUMP_GET   56 read - admin
        HEALTH_REPORTER_DUMP_CLEAR 57 write admin -
        FLASH_UPDATE               58 write admin - path hw never
        TRAP_GET                   61 read free free
        TRAP_SET                   62 write admin -
        TRAP_GROUP_GET             65 read free free
        TRAP_GROUP_SET             66 write admin -
        TRAP_POLICER_GET           69 read free free
        TRAP_POLICER_SET           70 write admin -
        HEALTH_REPORTER_TEST       73 write admin -
        RATE_GET                   74 read free free
        RATE_SET                   75 write admin -
        RATE_NEW                   76 write admin -
        RATE_DEL                   77 write admin -
        LINECARD_GET               78 read free free
        LINECARD_SET               79 write admin -
        SELFTESTS_GET              82 read free free
        SELFTESTS_RUN              83 write admin -
        NOTIFY_FILTER_SET          84 write free -
        group config - free
        """
}
