import NetlinkFamilies

extension Output {
    /// Rows like `ip -br addr`: name, state, addresses with their prefix lengths.
    static func addressTable(_ addresses: [Address], links: [Link]) -> String {
        let names = LinkNames(links)
        var columns = Columns(minimum: [16, 14])
        for link in links {
            let own = addresses.filter { $0.index == link.index }.map(shown)
            columns.append([shownName(link, names), operState(link), own.joined(separator: " ")])
        }
        return columns.text
    }

    /// The JSON of `ip -j addr`, with `details` of `ip -d -j addr`.
    static func addressJSON(
        _ addresses: [Address], links: [Link], names: LinkNames? = nil, details: Bool = false
    ) -> String {
        let names = names ?? LinkNames(links)
        return document(
            links.map { link in
                var object = linkObject(link, names, details: details, isAddressList: true)
                object["addr_info"] = .array(
                    addresses.filter { $0.index == link.index }.map { .object(addressObject($0)) })
                return object
            })
    }

    private static func shown(_ address: Address) -> String {
        let own = address.ownAddress?.description ?? ""
        return address.peer.map { "\(own) peer \($0)/\(address.prefixLength)" } ?? "\(own)/\(address.prefixLength)"
    }

    static func addressObject(_ address: Address) -> JSONObject {
        var object = JSONObject()
        switch address.family {
        case .inet, .inet6: object["family"] = JSON(Names.family(address.family))
        default: object["family_index"] = JSON(address.family.rawValue)
        }
        if let own = address.ownAddress {
            object["local"] = JSON(own.description)
            object["address"] = address.peer.map { JSON($0.description) }
            object["prefixlen"] = JSON(address.prefixLength)
            object["metric"] = address.routePriority.map { JSON($0) }
        }
        object["broadcast"] = address.broadcast.map { JSON($0.description) }
        object["anycast"] = address.anycast.map { JSON($0.description) }
        object["scope"] = JSON(Names.scope(address.scope))
        addFlags(of: address, to: &object)
        object["label"] = address.label.map { JSON($0.jsonText) }
        object["valid_life_time"] = address.cacheInfo.map { JSON($0.valid) }
        object["preferred_life_time"] = address.cacheInfo.map {
            // What is left of a deprecated address may be below 0.
            address.flags.contains(.deprecated) ? JSON(Int32(bitPattern: $0.preferred)) : JSON($0.preferred)
        }
        return object
    }

    private static func addFlags(of address: Address, to object: inout JSONObject) {
        let order: [(AddressFlags, String)] = [
            (.secondary, address.family == .inet6 ? "temporary" : "secondary"), (.noDAD, "nodad"),
            (.optimistic, "optimistic"), (.dadFailed, "dadfailed"), (.homeAddress, "home"),
            (.deprecated, "deprecated"), (.tentative, "tentative"), (.permanent, "dynamic"),
            (.manageTemporary, "mngtmpaddr"), (.noPrefixRoute, "noprefixroute"), (.multicastAutoJoin, "autojoin"),
            (.stablePrivacy, "stable-privacy"),
        ]
        var rest = address.flags
        for (flag, name) in order {
            if address.flags.contains(flag) != (flag == .permanent) { object[name] = .bool(true) }
            rest.remove(flag)
        }
        if !rest.isEmpty { object["ifa_flags"] = JSON(String(rest.rawValue, radix: 16)) }
    }
}
