import NetlinkFamilies
import RemoteNetlink

/// Events as lines for people or programs.
struct EventPrinter {
    let json: Bool
    let showsHost: Bool
    /// What is known of each host's links.
    private var names: [NetlinkHost: LinkNames] = [:]

    init(json: Bool, showsHost: Bool) {
        self.json = json
        self.showsHost = showsHost
    }

    /// Remembers the names of links.
    mutating func learn(_ links: [Link], of host: NetlinkHost) {
        for link in links { names[host, default: LinkNames()].insert(link.index, link.name, flags: link.flags) }
    }

    /// One line; nil for what has nothing to show.
    mutating func line(for event: Tagged<NetworkEvent>) -> String? {
        switch event.value {
        case .changed(let object): return line(event.host, "new", object)
        case .present(let object): return line(event.host, "present", object)
        case .removed(let object): return line(event.host, "del", object)
        case .lost: return line(event.host, "lost", "events were lost; what exists follows")
        case .snapshotBegins: return line(event.host, "snapshot-begin", "what exists")
        case .snapshotEnds: return line(event.host, "snapshot-end", "that is all")
        case .connected: return showsHost || json ? line(event.host, "connected", "connected") : nil
        case .disconnected(let error): return line(event.host, "disconnected", "\(error)")
        case .notGranted(let groups):
            let numbers = groups.numbers.map(String.init).joined(separator: ", ")
            return line(event.host, "not-granted", "the policy doesn't grant the groups \(numbers)")
        case .other: return nil
        }
    }

    private func line(_ host: NetlinkHost, _ event: String, _ text: String) -> String {
        guard json else { return prefix(host) + text }
        var object = JSONObject()
        object["host"] = JSON(host.description)
        object["event"] = JSON(event)
        if event == "disconnected" || event == "not-granted" { object["text"] = JSON(text) }
        return JSON.object(object).text
    }

    private func prefix(_ host: NetlinkHost) -> String { showsHost ? "[\(host)] " : "" }

    private mutating func line(_ host: NetlinkHost, _ event: String, _ object: NetworkObject) -> String {
        if case .link(let link) = object, link.family == .unspecified { learn([link], of: host) }
        let names = names[host] ?? LinkNames()
        guard json else {
            let words = event == "del" ? "deleted " : ""
            return prefix(host) + words + kind(object) + " " + text(object, names)
        }
        var line = JSONObject()
        line["host"] = JSON(host.description)
        line["event"] = JSON(event)
        line["object"] = JSON(kind(object))
        line["value"] = .object(value(object, names))
        return JSON.object(line).text
    }

    private func kind(_ object: NetworkObject) -> String {
        switch object {
        case .link: "link"
        case .address: "addr"
        case .route: "route"
        case .neighbour: "neigh"
        case .rule: "rule"
        case .qdisc: "qdisc"
        case .trafficClass: "class"
        case .filter: "filter"
        }
    }

    /// One line of the tables that the other commands show, without runs of blanks.
    private func text(_ object: NetworkObject, _ names: LinkNames) -> String {
        let table =
            switch object {
            case .link(let link): Output.linkTable([link])
            case .address(let address): "\(names.text(address.index)) \(address.prefix?.description ?? "?")"
            case .route(let route): Output.routeTable([route], names: names)
            case .neighbour(let neighbour): Output.neighbourTable([neighbour], names: names)
            case .rule(let rule): Output.ruleTable([rule])
            case .qdisc(let qdisc): place(qdisc, names)
            case .trafficClass(let own): place(own, names)
            case .filter(let filter): place(filter, names)
            }
        let words = table.split { $0 == " " || $0 == "\n" }
        return words.joined(separator: " ")
    }

    private func place<Role>(_ object: TrafficControl<Role>, _ names: LinkNames) -> String {
        "\(object.kind?.description ?? "?") \(Output.handle(object.handle)) dev \(names.text(object.index)) "
            + (object.parent == .root ? "root" : "parent \(Output.handle(object.parent))")
    }

    private func value(_ object: NetworkObject, _ names: LinkNames) -> JSONObject {
        switch object {
        case .link(let link): return Output.linkObject(link, names, details: false)
        case .address(let address):
            var value = JSONObject()
            value["dev"] = names.json(address.index)
            for (key, content) in Output.addressObject(address).entries { value[key] = content }
            return value
        case .route(let route): return Output.routeObject(route, names, details: false, tableIsGiven: false)
        case .neighbour(let neighbour): return Output.neighbourObject(neighbour, names, statistics: false)
        case .rule(let rule): return Output.ruleObject(rule, details: false, isTable: false)
        case .qdisc(let qdisc): return placeObject(qdisc, names)
        case .trafficClass(let own): return placeObject(own, names)
        case .filter(let filter): return placeObject(filter, names)
        }
    }

    private func placeObject<Role>(_ object: TrafficControl<Role>, _ names: LinkNames) -> JSONObject {
        var value = JSONObject()
        value["kind"] = JSON(object.kind?.jsonText ?? "")
        value["handle"] = JSON(Output.handle(object.handle))
        value["dev"] = names.json(object.index)
        if object.parent == .root {
            value["root"] = JSON(true)
        } else {
            value["parent"] = JSON(Output.handle(object.parent))
        }
        return value
    }
}

extension JSONObject {
    /// The keys and values, in their order.
    var entries: [(String, JSON)] { keyNames.compactMap { key in self[key].map { (key, $0) } } }
}
