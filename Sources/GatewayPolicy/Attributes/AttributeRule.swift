/// What an attribute names that belongs to the server and can't be said from afar.
enum Foreign: Sendable {
    case descriptor
    case process
    case namespace
    case path
    case program

    func sentence(_ name: String) -> String {
        switch self {
        case .descriptor: "\(name) names a file descriptor, which can't cross hosts"
        case .process: "\(name) names a process, which can't cross hosts"
        case .namespace: "\(name) names another network namespace, which no grant covers"
        case .path: "\(name) names a file of the server"
        case .program: "\(name) carries a program for the kernel"
        }
    }
}

/// What is done with one attribute.
enum AttributeRule: Sendable {
    /// Its payload is not looked into.
    case plain
    /// The message is refused.
    case refused(Foreign, String)
    /// The message is refused unless every 32-bit number in it is 0 or the session's own port id.
    case ownPort(String)
    /// The number of another network namespace, which extra netns must list.
    case namespaceNumber(String)
    /// Instructions for the kernel, which need extra code.
    case program(String)
    /// The kind of a link, for `never` and `link-kind`.
    case linkKind
    /// The index of a link that the message uses, for `never` and `interface`.
    case linkIndex
    /// The other end of a pair of links: struct ifinfomsg, then the attributes of a link.
    case peerLink
    /// struct tc_mirred, which ends with the index of the link that packets go to.
    case mirror
    /// Attributes of another level.
    case nested(Level)
    /// Attributes of any type, each holding attributes of `level`.
    case list(of: Level)
    /// One route next hop after the other (struct rtnexthop), each with attributes.
    case nextHops
    /// What it is depends on the level's kind (IFLA_INFO_KIND, TCA_KIND, NFTA_EXPR_NAME …).
    case byKind
    /// A lightweight tunnel, whose kind is the 16-bit number in the attribute before.
    case tunnel(typeAttribute: UInt16)
    /// A list of extended matches of a traffic filter.
    case extendedMatches
}

/// A set of attributes with one meaning: which are known, which may repeat, what each is.
enum Level: Sendable, Equatable {
    /// Known up to a number, none looked into.
    case flat(highest: UInt16)
    case link, linkInfo, linkPeer, lowerLinks(LowerLinks)
    case address, neighbour, namespaceID
    case route, nextHop, segmentLocal
    case vlanDatabase
    case traffic, filterWithActions(UInt16), filterWithMatches(actions: UInt16, matches: UInt16)
    case actionRoot, action, matchTree, programFilter, programAction, mirror
    case rule, expressionList, expression, expressionData, innerExpression, set, setElements, setElement
    case inetDiag
    case generic(family: String), tunnelPeer

    /// No level knows more attributes.
    static let limit: UInt16 = 1023

    /// The highest attribute that is known; a higher one is refused, since it may mean anything.
    var highest: UInt16 {
        switch self {
        case .flat(let highest): highest
        case .link: 69
        case .linkInfo: 5
        case .linkPeer: 32
        case .address: 11
        case .neighbour: 17
        case .namespaceID: 5
        case .route: 31
        case .nextHop: 17
        case .segmentLocal: 11
        case .vlanDatabase: 2
        case .traffic: 16
        case .filterWithActions, .filterWithMatches: 255
        case .actionRoot: 5
        case .action: 10
        case .matchTree: 2
        case .programFilter: 11
        case .programAction: 9
        case .mirror: 4
        case .rule: 11
        case .expressionList: 1
        case .expression: 2
        case .expressionData: 10
        case .innerExpression: 5
        case .set: 20
        case .setElements: 4
        case .setElement: 11
        case .inetDiag: 3
        case .generic, .tunnelPeer, .lowerLinks: Level.limit
        }
    }

    /// True when attribute `type` may stand several times.
    func mayRepeat(_ type: UInt16) -> Bool {
        switch self {
        case .vlanDatabase: true
        case .expressionList: type == 1
        case .generic(let family): GenericRules.familiesWithRepeats.contains(family)
        default: false
        }
    }

    /// The attribute that says what `byKind` attributes of this level are.
    var kindAttribute: UInt16? {
        switch self {
        case .linkInfo, .traffic, .action, .expression: 1
        default: nil
        }
    }

    /// What attribute `type` is.
    func rule(_ type: UInt16) -> AttributeRule {
        switch self {
        case .link: RouteRules.link(type)
        case .linkInfo: type == 1 ? .linkKind : type == 2 ? .byKind : .plain
        // VETH_INFO_PEER, VXCAN_INFO_PEER, IFLA_NETKIT_PEER_INFO.
        case .linkPeer: type == 1 ? .peerLink : .plain
        case .lowerLinks(let links): links.contains(type) ? .linkIndex : .plain
        case .address: type == 10 ? .namespaceNumber("IFA_TARGET_NETNSID") : .plain
        case .neighbour: type == 10 ? .namespaceNumber("NDA_LINK_NETNSID") : .plain
        case .namespaceID: RouteRules.namespaceID(type)
        case .route: RouteRules.route(type)
        case .nextHop: type == 8 ? .tunnel(typeAttribute: 7) : .plain
        case .segmentLocal: type == 8 ? .refused(.program, "SEG6_LOCAL_BPF") : .plain
        case .traffic: type == 2 ? .byKind : .plain
        case .filterWithActions(let actions): type == actions ? .list(of: .action) : .plain
        case .filterWithMatches(let actions, let matches):
            type == actions ? .list(of: .action) : type == matches ? .nested(.matchTree) : .plain
        case .actionRoot: type == 1 ? .list(of: .action) : .plain
        case .action: type == 2 ? .byKind : .plain
        case .matchTree: type == 2 ? .extendedMatches : .plain
        case .programFilter: RouteRules.programFilter(type)
        case .programAction: RouteRules.programAction(type)
        case .mirror: type == 2 ? .mirror : .plain
        case .rule: type == 4 ? .nested(.expressionList) : .plain
        case .expressionList: .nested(.expression)
        case .expression: type == 2 ? .byKind : .plain
        case .expressionData: type == 7 ? .nested(.expression) : type == 10 ? .nested(.expressionList) : .plain
        case .innerExpression: type == 5 ? .nested(.expression) : .plain
        case .set: type == 17 ? .nested(.expression) : type == 18 ? .nested(.expressionList) : .plain
        case .setElements: type == 3 ? .list(of: .setElement) : .plain
        case .setElement: type == 7 ? .nested(.expression) : type == 11 ? .nested(.expressionList) : .plain
        case .inetDiag: type == 2 ? .refused(.descriptor, "INET_DIAG_REQ_SK_BPF_STORAGES") : .plain
        case .generic(let family): GenericRules.rule(family, type)
        case .tunnelPeer: type == 6 ? .refused(.descriptor, "OVPN_A_PEER_SOCKET") : .plain
        case .flat, .vlanDatabase: .plain
        }
    }
}

/// Attributes of a link kind's data that hold the index of another link (IFLA_VXLAN_LINK, IFLA_HSR_SLAVE1 …).
enum LowerLinks: Sendable, Equatable {
    case bond, highAvailability, tunnel, vxlan, multicastTunnel

    func contains(_ type: UInt16) -> Bool {
        switch self {
        case .bond: type == 2 || type == 11
        case .highAvailability: type == 1 || type == 2 || type == 8
        case .tunnel: type == 1
        case .vxlan: type == 3
        case .multicastTunnel: type == 4
        }
    }
}
