import Foundation
import NetlinkFamilies
import NetlinkWire
import Programs
import Testing

/// What today's pyroute2, from the package index, reads in the kernel's messages, field by field.
@Suite struct PeerTests {
    static let families = ["link", "built", "address", "route", "neighbour", "rule", "qdisc", "class", "filter"]

    /// Names that aren't compared, and why.
    private static let leftOut: [(prefix: String, why: String)] = [
        ("message", "the script's own"), ("change", "not kept by the kernel"),
        ("__", "padding"), ("res", "padding"), ("pad", "padding"),
        ("IFLA_STATS.", "counters of 32 bits, raw here"), ("IFLA_MAP.", "raw here"), ("AF_INET.", "raw here"),
        ("IFLA_INET6_CONF", "raw here"), ("IFLA_INET6_CACHEINFO", "raw here"), ("IFLA_INET6_STATS", "raw here"),
        ("IFLA_INET6_ICMP6STATS", "raw here"), ("IFLA_XDP", "no value in pyroute2"),
        ("IFLA_OPERSTATE", "a name in pyroute2; compared with ip"), ("IFLA_VF_", "has its own test"),
        ("IFLA_NUM_VF", "has its own test"), ("IFLA_VLAN_FLAGS", "has its own test"),
        ("IFLA_VLAN_QOS_MAPPING", "has its own test"), ("IFLA_ALT_IFNAME", "compared with ip"),
        ("IFLA_MACVLAN_MODE", "a name in pyroute2; compared with ip"),
        ("IFLA_MACVLAN_FLAGS", "a name in pyroute2; compared with ip"),
        ("IFLA_MACVTAP_MODE", "a name in pyroute2; compared with ip"),
        ("IFLA_MACVTAP_FLAGS", "a name in pyroute2; compared with ip"),
        ("IFLA_MACVLAN_MACADDR", "compared with ip"), ("IFLA_VXLAN_TTL_INHERIT", "a flag in pyroute2"),
        ("IFLA_VXLAN_GBP", "a flag in pyroute2"), ("IFLA_VXLAN_PORT_RANGE.", "compared with ip"),
        ("IFLA_BR_ROOT_ID.", "compared with ip"), ("IFLA_BR_BRIDGE_ID.", "compared with ip"),
        ("IFLA_BRPORT_ROOT_ID.", "compared with ip"), ("IFLA_BRPORT_BRIDGE_ID.", "compared with ip"),
        ("IFLA_BRPORT_MAB", "raw here"), ("IFLA_BRPORT_NEIGH_VLAN_SUPPRESS", "raw here"),
        ("IFLA_BRPORT_MCAST_N_GROUPS", "raw here"), ("IFLA_BRPORT_MCAST_MAX_GROUPS", "raw here"),
        ("IFLA_INFO_SLAVE_DATA", "raw in pyroute2"), ("SEG6_IPTUNNEL_SRH", "compared with ip"),
        ("RTA_ENCAP", "compared with ip"), ("TCA_STATS.", "counters of old kernels, raw here"),
        ("TCA_OPTIONS", "compared with tc"), ("TCA_TBF_PARMS.", "compared with tc"),
        ("TCA_STATS_APP.", "of the kind, raw here"), ("TCA_XSTATS.", "of the kind, raw here"),
        ("TCA_U32_SEL.keys", "pyroute2 reads them from the wrong byte; compared with tc"),
        ("TCA_U32_SEL.off", "raw here"), ("TCA_U32_SEL.h", "raw here"), ("TCA_U32_SEL.__", "padding"),
        ("action/", "raw here; compared with tc"),
        ("TCA_BPF_", "programs, raw here; compared with tc"),
        ("FRA_UID_RANGE", "a text in pyroute2; compared with ip"),
        ("FRA_SPORT_RANGE", "a text in pyroute2; compared with ip"),
        ("FRA_DPORT_RANGE", "a text in pyroute2; compared with ip"),
    ]

    @Test func `pyroute2 reads the same in every message`() throws {
        guard let read = try decoded() else {
            print("skipped: there is no pyroute2 \(PeerTools.version) from the package index")
            return
        }
        var compared: Set<String> = []
        for vector in Self.families.flatMap(Vector.of) {
            let theirs = try #require(read[vector.name], "\(vector.name)")
            #expect(theirs.count == vector.messages.count)
            for (message, fields) in zip(vector.messages, theirs) {
                let ours = try PeerValues(message).fields
                for (name, value) in fields where !Self.leftOut.contains(where: { name.hasPrefix($0.prefix) }) {
                    let own = try #require(ours[name], "\(vector.name): \(name) isn't compared")
                    #expect(own == "\(value)", "\(vector.name): \(name)")
                    compared.insert(name)
                }
            }
        }
        // 45 of links, 46 of bridges and so on: a table that shrinks is noticed.
        #expect(compared.count >= 320, "\(compared.count)")
    }

    private func decoded() throws -> [String: [[String: Any]]]? {
        guard let folder = PeerTools.folder() else { return nil }
        let output = try PeerTools.output(
            "/usr/bin/env",
            [
                "PYTHONPATH=" + folder, "PYTHONDONTWRITEBYTECODE=1", "python3",
                PeerTools.root + "Tests/python/decode_vectors.py",
                Vector.folder.path(),
            ] + Self.families)
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: [[String: Any]]])
    }
}

/// Where the tests have pyroute2 from.
enum PeerTools {
    static let version = "0.9.7"
    static let root = Vector.folder.deletingLastPathComponent().deletingLastPathComponent().path()

    /// The folder that holds it; nil where it can't be had.
    static func folder() -> String? {
        let folder = root + ".build/pyroute2/" + version
        let fetched = try? output(root + "Tests/python/fetch-pyroute2", [version, folder])
        return fetched == nil ? nil : folder
    }

    static func output(_ program: String, _ arguments: [String]) throws -> String {
        try FinishedProgram(program, arguments, seconds: 600).successful()
    }
}

/// Our values of one message.
struct PeerValues {
    private(set) var fields: [String: String] = [:]

    init(_ bytes: [UInt8]) throws {
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        switch message.header.type {
        case .newLink: add(try Link(message, in: bytes.span))
        case .newAddress: add(try Address(message, in: bytes.span))
        case .newRoute: add(try Route(message, in: bytes.span))
        case .newNeighbour: add(try Neighbour(message, in: bytes.span))
        case .newRule: add(try Rule(message, in: bytes.span))
        case .newQdisc: add(PeerFields.fields(try Qdisc(message, in: bytes.span)))
        case .newTrafficClass: add(PeerFields.fields(try TrafficClass(message, in: bytes.span)))
        case .newFilter: add(PeerFields.fields(try TrafficFilter(message, in: bytes.span)))
        default: Issue.record("unexpected type \(message.header.type)")
        }
    }

    private mutating func add(_ found: PeerFields.Fields, _ prefix: String = "") {
        for (name, value) in found { fields[prefix + name] = value }
    }

    private mutating func add(_ found: [String: String?], _ prefix: String = "") {
        for (name, value) in found { fields[prefix + name] = value }
    }

    private mutating func add(_ numbers: [(String, any BinaryInteger)], _ prefix: String = "") {
        for (name, value) in numbers { fields[prefix + name] = "\(value)" }
    }

    private mutating func add(_ link: Link) {
        add([
            ("family", link.family.rawValue), ("ifi_type", link.type.rawValue), ("index", link.index),
            ("flags", link.flags.rawValue),
        ])
        fields["state"] = link.flags.contains(.up) ? "up" : "down"
        add(PeerFields.attributes(link))
        add(["IFLA_INFO_KIND": link.info?.kind?.description, "IFLA_INFO_SLAVE_KIND": link.info?.portKind?.description])
        if let counters = link.statistics { add(PeerFields.fields(counters)) }
        if let settings = link.familySettings?[.inet6] { add(PeerFields.fields(settings)) }
        switch link.info?.details {
        case .bridge(let info)?: add(PeerFields.fields(info))
        case .bond(let info)?: add(PeerFields.fields(info))
        case .vlan(let info)?: add(PeerFields.fields(info))
        case .macvlan(let info)?:
            add(PeerFields.fields(info))
            // The same numbers under another name.
            for (name, value) in PeerFields.fields(info) {
                fields[name.replacing("MACVLAN", with: "MACVTAP")] = value
            }
        case .vxlan(let info)?: add(PeerFields.fields(info))
        case .vrf(let info)?: add(PeerFields.fields(info))
        case .tun(let info)?: add(PeerFields.fields(info))
        case .veth?, .raw?, nil: break
        }
        switch link.info?.portDetails {
        case .bridge(let info)?: add(PeerFields.fields(info))
        case .bond(let info)?: add(PeerFields.fields(info))
        case .vrf(let info)?: add(PeerFields.fields(info))
        case .raw?, nil: break
        }
    }

    private mutating func add(_ address: Address) {
        add([
            ("family", address.family.rawValue), ("prefixlen", address.prefixLength), ("scope", address.scope.rawValue),
            ("index", address.index), ("flags", address.flags.rawValue & 0xff), ("IFA_FLAGS", address.flags.rawValue),
        ])
        add(PeerFields.attributes(address))
        guard let times = address.cacheInfo else { return }
        add(
            [
                ("ifa_preferred", times.preferred), ("ifa_valid", times.valid), ("cstamp", times.created),
                ("tstamp", times.updated),
            ], "IFA_CACHEINFO.")
    }

    private mutating func add(_ route: Route) {
        add([
            ("family", route.family.rawValue), ("dst_len", route.destinationLength), ("src_len", route.sourceLength),
            ("tos", route.tos), ("table", route.table.rawValue > 255 ? 252 : route.table.rawValue),
            ("proto", route.origin.rawValue), ("scope", route.scope.rawValue), ("type", route.type.rawValue),
            ("flags", route.flags.rawValue), ("RTA_TABLE", route.table.rawValue),
        ])
        add(PeerFields.attributes(route))
        add([
            "RTA_SRC": route.source?.description, "RTA_FLOW": PeerFields.text(route.realms),
            "RTA_VIA.addr": route.via?.address.description,
            "RTA_VIA.family": PeerFields.text(route.via?.family.rawValue),
        ])
        if let metrics = route.metrics { add(PeerFields.fields(metrics)) }
        if let cache = route.cacheInfo {
            add(
                [
                    ("rta_clntref", cache.references), ("rta_lastuse", cache.lastUse), ("rta_expires", cache.expires),
                    ("rta_error", Int32(bitPattern: cache.error)), ("rta_used", cache.used), ("rta_id", cache.id),
                    ("rta_ts", cache.timestamp), ("rta_tsage", cache.timestampAge),
                ], "RTA_CACHEINFO.")
        }
        for (number, hop) in route.nextHops.enumerated() {
            add(
                [("flags", hop.flags.rawValue), ("hops", hop.hops), ("oif", hop.outputIndex)], "\(number)/")
            add(
                [
                    "RTA_GATEWAY": hop.gateway?.description, "RTA_FLOW": PeerFields.text(hop.realms),
                    "RTA_VIA.addr": hop.via?.address.description,
                    "RTA_VIA.family": PeerFields.text(hop.via?.family.rawValue),
                ], "\(number)/")
        }
    }

    private mutating func add(_ neighbour: Neighbour) {
        add([
            ("family", neighbour.family.rawValue), ("ifindex", neighbour.index), ("state", neighbour.state.rawValue),
            ("flags", neighbour.flags.rawValue), ("ndm_type", neighbour.type.rawValue),
        ])
        add(PeerFields.attributes(neighbour))
        add(["NDA_FLAGS_EXT": PeerFields.text(neighbour.extendedFlags?.rawValue)])
        guard let times = neighbour.cacheInfo else { return }
        add(
            [
                ("ndm_confirmed", times.confirmed), ("ndm_used", times.used), ("ndm_updated", times.updated),
                ("ndm_refcnt", times.references),
            ], "NDA_CACHEINFO.")
    }

    private mutating func add(_ rule: Rule) {
        add([
            ("family", rule.family.rawValue), ("dst_len", rule.destinationLength), ("src_len", rule.sourceLength),
            ("tos", rule.tos), ("table", rule.table.rawValue > 255 ? 252 : rule.table.rawValue),
            ("action", rule.action.rawValue), ("flags", rule.flags.rawValue), ("FRA_TABLE", rule.table.rawValue),
        ])
        add(PeerFields.attributes(rule))
    }
}
