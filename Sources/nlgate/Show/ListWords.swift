import NetlinkFamilies

/// Which links a list shows, in iproute2's words: `[dev] DEV`, `up`, `type KIND`, `master DEV`, `group N`.
struct LinkSelection {
    private var name: [UInt8]?
    private var isUp = false
    private var kind: ByteString?
    private var master: String?
    private var group: UInt32?

    init(_ words: [String]) throws {
        var words = Words(words)
        while let word = words.next() {
            switch word {
            case "dev": name = Array(try words.value(of: word).utf8)
            case "up": isUp = true
            case "type": kind = ByteString(try words.value(of: word))
            case "master", "vrf": master = try words.value(of: word)
            case "group": group = try words.group(of: word)
            default:
                guard name == nil else { throw Words.unknown(word, "list") }
                name = Array(word.utf8)
            }
        }
    }

    func links(_ all: [Link]) throws -> [Link] {
        var links = all
        if let name {
            links = try named(name, all)
        }
        if let master {
            let index = try named(Array(master.utf8), all)[0].index
            links.removeAll { $0.master != index }
        }
        if let kind { links.removeAll { $0.info?.kind != kind } }
        if let group { links.removeAll { $0.group != group } }
        if isUp { links.removeAll { !$0.flags.contains(.up) } }
        return links
    }

    private func named(_ name: [UInt8], _ all: [Link]) throws -> [Link] {
        let found = all.filter { $0.name.bytes == name || $0.alternativeNames.contains { $0.bytes == name } }
        guard !found.isEmpty else {
            throw Failure(1, "there is no interface \(ByteString(bytes: name))")
        }
        return found
    }
}

/// Looks up names among links that were already read.
struct LinkTable {
    let links: [Link]

    func index(_ name: String) throws -> UInt32 {
        let bytes = Array(name.utf8)
        let found = links.first { $0.name.bytes == bytes || $0.alternativeNames.contains { $0.bytes == bytes } }
        guard let found else { throw Failure(1, "there is no interface \(name)") }
        return found.index
    }
}

/// Which addresses a list shows: the words of links, and `scope S`, `to PREFIX`.
struct AddressSelection {
    let links: LinkSelection
    private var scope: RouteScope?
    private var network: IPPrefix?

    init(_ words: [String]) throws {
        var rest: [String] = []
        var words = Words(words)
        while let word = words.next() {
            switch word {
            case "scope": scope = try words.scope(of: word)
            case "to": network = try words.prefix(of: word)
            default: rest.append(word)
            }
        }
        links = try LinkSelection(rest)
    }

    func contains(_ address: Address) -> Bool {
        if let scope, address.scope != scope { return false }
        guard let network else { return true }
        return address.ownAddress.map { network.contains($0) } ?? false
    }

    /// Whether links without an address are left out.
    var isOnlyAddresses: Bool { scope != nil || network != nil }
}

/// Which routes a list shows, in iproute2's words.
struct RouteSelection {
    /// nil for all.
    var table: RouteTable? = .main
    private var tests: [(Route) -> Bool] = []
    /// The family that an address among the words has.
    private(set) var family: AddressFamily?

    init(_ words: [String], _ links: LinkTable) throws {
        var words = Words(words)
        while let word = words.next() {
            switch word {
            case "table":
                table = words.take("all") ? nil : try words.table(of: word)
            case "dev", "oif":
                let index = try links.index(try words.value(of: word))
                tests.append { $0.outputIndex == index || $0.nextHops.contains { $0.outputIndex == index } }
            case "via":
                let address = try words.address(of: word)
                tests.append { $0.gateway == address || $0.nextHops.contains { $0.gateway == address } }
            case "src":
                let address = try words.address(of: word)
                tests.append { $0.preferredSource == address }
            case "proto", "protocol":
                let origin = try words.origin(of: word)
                tests.append { $0.origin.rawValue == origin }
            case "scope":
                let scope = try words.scope(of: word)
                tests.append { $0.scope == scope }
            case "type":
                let name = try words.value(of: word)
                tests.append { Names.type($0.type) == name }
            default: try addPrefix(word, &words)
            }
        }
    }

    /// Takes `[to] [root|match|exact] PREFIX`.
    private mutating func addPrefix(_ word: String, _ words: inout Words) throws {
        var word = word
        if word == "to" { word = try words.value(of: word) }
        let kind = ["root", "match", "exact"].first { $0 == word }
        if kind != nil { word = try words.value(of: word) }
        if ["default", "any", "all"].contains(word) {
            guard word == "default" || kind != nil else { return }
            tests.append { $0.destinationLength == 0 }
            return
        }
        guard let prefix = Words.prefix(word) else { throw Words.unknown(word, "route list") }
        family = prefix.family
        let network = prefix.network
        switch kind {
        case "root": tests.append { $0.destinationLength >= network.length && network.contains($0.prefix.address) }
        case "match":
            tests.append { $0.destinationLength <= network.length && $0.prefix.contains(network.address) }
        default: tests.append { $0.family == network.family && $0.prefix == network }
        }
    }

    func contains(_ route: Route) -> Bool {
        !route.flags.contains(.cloned) && (table == nil || route.table == table) && tests.allSatisfy { $0(route) }
    }
}

extension IPPrefix {
    /// Whether an address lies in it.
    func contains(_ address: IPAddress) -> Bool {
        address.length == self.address.length && IPPrefix(address, length: length).network == network
    }
}
