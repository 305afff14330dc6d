import NetlinkFamilies

extension Output {
    /// Rows in the manner of `ip rule`: priority, what matches, what is done.
    static func ruleTable(_ rules: [Rule]) -> String {
        var columns = Columns()
        for rule in rules {
            let object = ruleObject(rule, details: false, isTable: true)
            var match: [String] = rule.flags.contains(.invert) ? ["not"] : []
            match.append("from " + (rule.source.map { Names.prefix($0, rule.sourceLength) } ?? "all"))
            if let to = rule.destination { match.append("to " + Names.prefix(to, rule.destinationLength)) }
            match += words(of: object)
            columns.append(["\(rule.priority ?? 0):", match.joined(separator: " "), action(of: rule)])
        }
        return columns.text
    }

    /// The JSON of `ip -j rule`, with `details` of `ip -d -j rule`.
    static func ruleJSON(_ rules: [Rule], details: Bool = false) -> String {
        document(rules.map { ruleObject($0, details: details, isTable: false) })
    }

    private static func words(of object: JSONObject) -> [String] {
        let keys = [
            "tos", "fwmark", "fwmask", "iif", "iif_detached", "oif", "oif_detached", "l3mdev", "uid_start", "uid_end",
            "ipproto", "sport", "sport_start", "sport_end", "dport", "dport_start", "dport_end", "tun_id",
        ]
        return keys.compactMap { key in
            switch object[key] {
            case nil: nil
            case .null?: "[\(key)]"
            case .string(let text)?: "\(key) \(text)"
            case let value?: "\(key) \(value.text)"
            }
        }
    }

    private static func action(of rule: Rule) -> String {
        var words: [String] = []
        if rule.table != .unspecified { words.append("lookup \(Names.table(rule.table))") }
        if let length = rule.suppressPrefixLength, length != .max { words.append("suppress_prefixlength \(length)") }
        if let group = rule.suppressGroup, group != .max { words.append("suppress_ifgroup \(Names.group(group))") }
        switch rule.action {
        case .goTo:
            words.append("goto \(rule.target ?? 0)" + (rule.flags.contains(.unresolved) ? " [unresolved]" : ""))
        case .none: words.append("nop")
        case .table: break
        default: words.append(actionName(rule.action))
        }
        return words.joined(separator: " ")
    }

    private static func actionName(_ action: RuleAction) -> String {
        switch action {
        case .blackhole: "blackhole"
        case .unreachable: "unreachable"
        case .prohibit: "prohibit"
        default: Names.type(RouteType(rawValue: action.rawValue))
        }
    }

    /// With `isTable` names are escaped for a terminal.
    static func ruleObject(_ rule: Rule, details: Bool, isTable: Bool) -> JSONObject {
        func name(_ text: ByteString) -> JSON { JSON(isTable ? text.description : text.jsonText) }
        var object = JSONObject()
        object["priority"] = JSON(rule.priority ?? 0)
        if rule.flags.contains(.invert) { object["not"] = .null }
        addPrefix(rule.source, rule.sourceLength, "src", "all", to: &object)
        addPrefix(rule.destination, rule.destinationLength, "dst", nil, to: &object)
        if rule.tos != 0 { object["tos"] = JSON(Names.hex(rule.tos)) }
        addMark(of: rule, to: &object)
        object["iif"] = rule.inputInterface.map(name)
        if rule.flags.contains(.inputDetached) { object["iif_detached"] = .null }
        object["oif"] = rule.outputInterface.map(name)
        if rule.flags.contains(.outputDetached) { object["oif_detached"] = .null }
        if let own = rule.l3mdev, own != 0 { object["l3mdev"] = .null }
        object["uid_start"] = rule.users.map { JSON($0.lowerBound) }
        object["uid_end"] = rule.users.map { JSON($0.upperBound) }
        object["ipproto"] = rule.ipProtocol.map { JSON(Names.ipProtocol($0)) }
        addPorts(rule.sourcePorts, "sport", to: &object)
        addPorts(rule.destinationPorts, "dport", to: &object)
        object["tun_id"] = rule.tunnelID.map { JSON($0) }
        addAction(of: rule, to: &object)
        if let origin = rule.origin, details || (origin != 0 && origin != RouteOrigin.kernel.rawValue) {
            object["protocol"] = JSON(Names.origin(RouteOrigin(rawValue: origin)))
        }
        return object
    }

    private static func addMark(of rule: Rule, to object: inout JSONObject) {
        guard rule.mark != nil || rule.markMask != nil else { return }
        object["fwmark"] = JSON(Names.hex(rule.mark ?? 0))
        if let mask = rule.markMask, mask != .max { object["fwmask"] = JSON(Names.hex(mask)) }
    }

    private static func addAction(of rule: Rule, to object: inout JSONObject) {
        if rule.table != .unspecified {
            object["table"] = JSON(Names.table(rule.table))
            if let length = rule.suppressPrefixLength, length != .max {
                object["suppress_prefixlen"] = JSON(Int32(bitPattern: length))
            }
            if let group = rule.suppressGroup, group != .max { object["suppress_ifgroup"] = JSON(Names.group(group)) }
        }
        if let realm = rule.realm {
            if realm >> 16 != 0 { object["flow_from"] = JSON(String(realm >> 16)) }
            object["flow_to"] = JSON(String(realm & 0xffff))
        }
        switch rule.action {
        case .goTo:
            object["goto"] = rule.target.map { JSON($0) } ?? JSON("none")
            if rule.flags.contains(.unresolved) { object["unresolved"] = .null }
        case .none: object["nop"] = .null
        case .table: break
        default: object["action"] = JSON(actionName(rule.action))
        }
    }

    private static func addPrefix(
        _ address: IPAddress?, _ length: UInt8, _ key: String, _ absent: String?, to object: inout JSONObject
    ) {
        if let address {
            object[key] = JSON(address.description)
            if length != address.length * 8 { object[key + "len"] = JSON(length) }
        } else if length != 0 {
            object[key] = JSON("0")
            object[key + "len"] = JSON(length)
        } else {
            object[key] = absent.map { JSON($0) }
        }
    }

    private static func addPorts(_ ports: ClosedRange<UInt16>?, _ key: String, to object: inout JSONObject) {
        guard let ports else { return }
        if ports.lowerBound == ports.upperBound {
            object[key] = JSON(ports.lowerBound)
        } else {
            object[key + "_start"] = JSON(ports.lowerBound)
            object[key + "_end"] = JSON(ports.upperBound)
        }
    }
}
