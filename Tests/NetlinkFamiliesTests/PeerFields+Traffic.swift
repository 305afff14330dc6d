import NetlinkFamilies

/// Traffic control: the fixed header and the counters are alike, the options depend on the kind.
extension PeerFields {
    static func fields<Role>(_ object: TrafficControl<Role>) -> Fields {
        var fields: Fields = [:]
        fields["family"] = text(object.family.rawValue)
        fields["index"] = text(object.index)
        fields["handle"] = text(object.handle.rawValue)
        fields["parent"] = text(object.parent.rawValue)
        fields["info"] = text(object.info)
        fields["TCA_KIND"] = text(object.kind)
        fields["TCA_CHAIN"] = text(object.chain)
        if let counters = object.statistics?[.basic] {
            fields["TCA_STATS_BASIC.bytes"] = text(counters.bytes)
            fields["TCA_STATS_BASIC.packets"] = text(counters.packets)
        }
        if let queue = object.statistics?[.queue] { fields.merge(Self.fields(queue)) { $1 } }
        switch object.options {
        case .htb(let options)?: fields.merge(Self.fields(options)) { $1 }
        case .u32(let options)?: fields.merge(Self.fields(options)) { $1 }
        case .fifo?, .bands?, .tokenBucket?, .fqCodel?, .raw?, nil: break
        }
        return fields
    }

    private static func fields(_ queue: TrafficQueue) -> Fields {
        var fields: Fields = [:]
        fields["TCA_STATS_QUEUE.qlen"] = text(queue.packets)
        fields["TCA_STATS_QUEUE.backlog"] = text(queue.bytes)
        fields["TCA_STATS_QUEUE.drops"] = text(queue.dropped)
        fields["TCA_STATS_QUEUE.requeues"] = text(queue.requeued)
        fields["TCA_STATS_QUEUE.overlimits"] = text(queue.overlimits)
        return fields
    }

    private static func fields(_ options: HTBOptions) -> Fields {
        var fields: Fields = [:]
        fields["TCA_HTB_DIRECT_QLEN"] = text(options[.directQueueLength])
        fields["TCA_HTB_RATE64"] = text(options[.rate64])
        fields["TCA_HTB_CEIL64"] = text(options[.ceiling64])
        if let global = options[.global] {
            fields["TCA_HTB_INIT.version"] = text(global.version)
            fields["TCA_HTB_INIT.rate2quantum"] = text(global.rateToQuantum)
            fields["TCA_HTB_INIT.defcls"] = text(global.defaultClass)
            fields["TCA_HTB_INIT.debug"] = text(global.debug)
            fields["TCA_HTB_INIT.direct_pkts"] = text(global.directPackets)
        }
        guard let parameters = options[.parameters] else { return fields }
        fields.merge(Self.fields(parameters.rate, "TCA_HTB_PARMS.rate")) { $1 }
        fields.merge(Self.fields(parameters.ceiling, "TCA_HTB_PARMS.ceil")) { $1 }
        fields["TCA_HTB_PARMS.buffer"] = text(parameters.burst)
        fields["TCA_HTB_PARMS.cbuffer"] = text(parameters.ceilingBurst)
        fields["TCA_HTB_PARMS.quantum"] = text(parameters.quantum)
        fields["TCA_HTB_PARMS.level"] = text(parameters.level)
        fields["TCA_HTB_PARMS.prio"] = text(parameters.priority)
        return fields
    }

    /// pyroute2 calls the link layer reserved, and reads the alignment without its sign.
    private static func fields(_ rate: TrafficRate, _ prefix: String) -> Fields {
        var fields: Fields = [:]
        fields[prefix] = text(rate.bytesPerSecond)
        fields[prefix + "_cell_log"] = text(rate.cellLog)
        fields[prefix + "___reserved"] = text(rate.linkLayer)
        fields[prefix + "_overhead"] = text(rate.overhead)
        fields[prefix + "_cell_align"] = text(UInt16(bitPattern: rate.cellAlign))
        fields[prefix + "_mpu"] = text(rate.minimumPacket)
        return fields
    }

    private static func fields(_ options: U32Options) -> Fields {
        var fields: Fields = [:]
        fields["TCA_U32_CLASSID"] = text(options[.classID])
        fields["TCA_U32_HASH"] = text(options[.hash])
        fields["TCA_U32_LINK"] = text(options[.link])
        fields["TCA_U32_DIVISOR"] = text(options[.divisor])
        fields["TCA_U32_FLAGS"] = text(options[.flags])
        guard let selector = options[.selector] else { return fields }
        fields["TCA_U32_SEL.flags"] = text(selector.flags)
        fields["TCA_U32_SEL.nkeys"] = text(selector.keys.count)
        return fields
    }
}
