import NetlinkFamilies

/// Queueing disciplines.
enum QdiscSubject: Subject {
    static let name = "a queueing discipline"

    static func words(_ verb: Verb) -> String {
        """
        Words: dev DEV [root|ingress|clsact|parent H] [handle H] [KIND OPTIONS]

        Kinds with options: pfifo and bfifo (limit), tbf (rate, burst, limit or latency), htb (default, r2q, \
        direct_qlen), fq_codel (limit, flows, quantum, target, interval, …); others go without.

        nlgate qdisc \(verb.rawValue) dev eth0 root handle 1: htb default 10
        """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await TrafficWords(lookup: lookup).qdisc(words, isDeleted: verb == .delete)
    }
}

/// Classes.
enum ClassSubject: Subject {
    static let name = "a class of a queueing discipline"

    static func words(_ verb: Verb) -> String {
        """
        Words: dev DEV [root|parent H] classid H [htb rate R [ceil R] [burst S] [cburst S] [prio N] [quantum S]]

        nlgate class \(verb.rawValue) dev eth0 parent 1: classid 1:10 htb rate 10mbit ceil 20mbit
        """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await TrafficWords(lookup: lookup).trafficClass(words, isDeleted: verb == .delete)
    }
}

/// Filters.
enum FilterSubject: Subject {
    static let name = "a filter"

    static func words(_ verb: Verb) -> String {
        """
        Words: dev DEV [root|ingress|egress|parent H] [protocol P] [prio N] [handle H] [u32 match … flowid H]

        Matches: ip src|dst PREFIX, ip tos|protocol|sport|dport VALUE MASK, ip6 src|dst PREFIX, \
        ip6 protocol|sport|dport VALUE MASK, u32 VALUE MASK at OFFSET.

        nlgate filter \(verb.rawValue) dev eth0 parent 1: protocol ip prio 5 u32 match ip dst 192.0.2.0/24 flowid 1:10
        """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await FilterWords(lookup: lookup).filter(words, verb)
    }
}
