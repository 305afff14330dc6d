import NetlinkFamilies
import NetlinkWire

/// The attributes of one message on one line: names where they are known, values where their form says what they are.
struct AttributeText {
    private static let longest = 2000
    private static let deepest = 6
    /// Attributes whose bytes are an address.
    private static let addresses: Set<String> = [
        "ADDRESS", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "DST", "SRC", "GATEWAY", "PREFSRC", "NEWDST", "LLADDR",
        "PERM_ADDRESS", "V4_SRC", "V4_DST", "V6_SRC", "V6_DST",
    ]

    /// What was written.
    private(set) var text = ""
    /// Two, four and eight bytes are numbers in this host's order; netfilter has them in network order.
    let isHostOrder: Bool
    private var isFull = false

    init(hostOrder: Bool) {
        isHostOrder = hostOrder
    }

    /// Adds the attributes of a range.
    mutating func add(_ range: Range<Int>, _ names: AttributeNames?, _ bytes: [UInt8], depth: Int = 0) {
        var cursor = AttributeCursor(range)
        var isFirst = true
        do throws(WireError) {
            while !isFull, let attribute = try cursor.next(in: bytes.span) {
                write(isFirst ? "" : ", ")
                isFirst = false
                add(attribute, names, bytes, depth)
            }
        } catch {
            write("\(isFirst ? "" : ", ")\(range.upperBound - cursor.offset) bytes that are no attribute")
        }
    }

    private mutating func add(_ attribute: Attribute, _ names: AttributeNames?, _ bytes: [UInt8], _ depth: Int) {
        let name = names?.name(attribute.type)
        write(name ?? "\(attribute.type)")
        if depth < AttributeText.deepest, let (inside, isList) = names?.inside(attribute.type) {
            write(" {")
            if isList {
                addList(attribute.payload, inside, bytes, depth + 1)
            } else {
                add(attribute.payload, inside, bytes, depth: depth + 1)
            }
            write("}")
        } else if depth < AttributeText.deepest, attribute.isNested {
            write(" {")
            add(attribute.payload, nil, bytes, depth: depth + 1)
            write("}")
        } else if !attribute.payload.isEmpty {
            write(" " + value(Array(bytes[attribute.payload]), name))
        }
    }

    /// Entries whose numbers mean nothing, or count.
    private mutating func addList(_ range: Range<Int>, _ names: AttributeNames, _ bytes: [UInt8], _ depth: Int) {
        var cursor = AttributeCursor(range)
        var isFirst = true
        while !isFull, let entry = try? cursor.next(in: bytes.span) {
            write(isFirst ? "{" : ", {")
            isFirst = false
            add(entry.payload, names, bytes, depth: depth + 1)
            write("}")
        }
    }

    private func value(_ bytes: [UInt8], _ name: String?) -> String {
        if let name, AttributeText.addresses.contains(name) {
            if let address = IPAddress(bytes: bytes) { return "\(address)" }
            if let address = LinkAddress(bytes: bytes) { return "\(address)" }
        }
        // One letter and its end may as well be a number.
        if bytes.count > (isHostOrder ? 2 : 1), bytes.last == 0,
            bytes.dropLast().allSatisfy({ (0x20...0x7e).contains($0) })
        {
            return "\"" + String(decoding: bytes.dropLast(), as: UTF8.self) + "\""
        }
        switch bytes.count {
        case 1, 2, 4, 8:
            let ordered = isHostOrder ? bytes.reversed() : bytes
            return String(ordered.reduce(0) { $0 << 8 | UInt64($1) })
        case ...16: return bytes.map(hexadecimal).joined()
        default: return "(\(bytes.count) bytes)"
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private mutating func write(_ part: String) {
        guard !isFull else { return }
        isFull = text.utf8.count + part.utf8.count > AttributeText.longest
        text += isFull ? " …" : part
    }
}
