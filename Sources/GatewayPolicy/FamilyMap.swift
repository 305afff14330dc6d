internal import NetlinkWire

/// Which number a generic family or group has now; the kernel hands them out as modules load.
public struct FamilyMap: Sendable {
    static let maximumFamilies = 1024
    static let maximumGroups = 4096
    static let controllerID: UInt16 = 16
    private static let notifyGroup: UInt32 = 16

    private var names: [UInt16: String] = [:]
    private var groups: [UInt32: Membership] = [:]

    private struct Membership: Sendable {
        let familyID: UInt16
        let name: String
    }

    /// A map that knows the controller alone, whose numbers are fixed.
    public init() {
        reset()
    }

    /// Forgets all but the controller.
    public mutating func reset() {
        names = [FamilyMap.controllerID: "nlctrl"]
        groups = [FamilyMap.notifyGroup: Membership(familyID: FamilyMap.controllerID, name: "notify")]
    }

    /// The name of the family with this number.
    public func name(of id: UInt16) -> String? {
        names[id]
    }

    /// The family and the name of the group with this number.
    public func group(_ id: UInt32) -> (family: String, group: String)? {
        guard let membership = groups[id], let family = names[membership.familyID] else { return nil }
        return (family, membership.name)
    }

    /// Takes in what the controller said: answers to GETFAMILY and notifications; everything else is left alone.
    public mutating func apply(_ datagram: Span<UInt8>) {
        var cursor = MessageCursor(datagram)
        do throws(WireError) {
            while let message = try cursor.next(in: datagram) {
                guard message.header.type.rawValue == FamilyMap.controllerID, message.payload.count >= 4 else {
                    continue
                }
                try apply(message, in: datagram)
            }
        } catch {
            // What can't be read assigns nothing; a family that isn't in the map is refused.
        }
    }

    private mutating func apply(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let command = try bytes.u8(at: message.payload.lowerBound)
        var (id, name, groupList): (UInt16?, String?, Attribute?) = (nil, nil, nil)
        var cursor = AttributeCursor((message.payload.lowerBound + 4)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case Control.familyID: id = try attribute.u16(in: bytes)
            case Control.familyName: name = try attribute.string(in: bytes)
            case Control.groups: groupList = attribute
            default: continue
            }
        }
        guard let id, id != FamilyMap.controllerID else { return }
        switch command {
        case Control.newFamily:
            forget(id)
            guard let name, names.count < FamilyMap.maximumFamilies else { return }
            for (number, old) in names where old == name { forget(number) }
            names[id] = name
            if let groupList { try addGroups(groupList, of: id, in: bytes) }
        case Control.deleteFamily: forget(id)
        case Control.newGroup:
            if let groupList, names[id] != nil { try addGroups(groupList, of: id, in: bytes) }
        case Control.deleteGroup:
            if let groupList { for (number, _) in try readGroups(groupList, in: bytes) { groups[number] = nil } }
        default: return
        }
    }

    private mutating func forget(_ id: UInt16) {
        names[id] = nil
        groups = groups.filter { $0.value.familyID != id }
    }

    private mutating func addGroups(_ list: Attribute, of id: UInt16, in bytes: Span<UInt8>) throws(WireError) {
        for (number, name) in try readGroups(list, in: bytes) where number != FamilyMap.notifyGroup {
            guard groups.count < FamilyMap.maximumGroups else { return }
            groups[number] = Membership(familyID: id, name: name)
        }
    }

    private func readGroups(_ list: Attribute, in bytes: Span<UInt8>) throws(WireError) -> [(UInt32, String)] {
        var found: [(UInt32, String)] = []
        var cursor = AttributeCursor(list.payload)
        while let entry = try cursor.next(in: bytes) {
            let fields = try AttributeSet(entry.payload, in: bytes)
            guard let id = fields[Control.groupID], let name = fields[Control.groupName] else { continue }
            found.append((try id.u32(in: bytes), try name.string(in: bytes)))
        }
        return found
    }
}

/// Numbers of the controller family (linux/genetlink.h).
enum Control {
    static let newFamily: UInt8 = 1
    static let deleteFamily: UInt8 = 2
    static let getFamily: UInt16 = 3
    static let newGroup: UInt8 = 7
    static let deleteGroup: UInt8 = 8

    static let familyID: UInt16 = 1
    static let familyName: UInt16 = 2
    static let groups: UInt16 = 7
    static let groupName: UInt16 = 1
    static let groupID: UInt16 = 2
}
