/// A JSON value whose objects keep the order of their keys.
indirect enum JSON: Equatable {
    case null
    case bool(Bool)
    case signed(Int64)
    case unsigned(UInt64)
    /// A number with two digits behind the point, in hundredths.
    case hundredths(UInt64)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    init(_ value: some UnsignedInteger) { self = .unsigned(UInt64(value)) }
    init(_ value: Int32) { self = .signed(Int64(value)) }
    init(_ value: String) { self = .string(value) }
    init(_ value: Bool) { self = .bool(value) }

    /// The value as one line of text.
    var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    fileprivate func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .signed(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .hundredths(let value): text += "\(value / 100).\(value % 100 < 10 ? "0" : "")\(value % 100)"
        case .string(let value): JSON.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let object): object.write(to: &text)
        }
    }

    fileprivate static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{200b}"..<"\u{2010}", "\u{2028}"..<"\u{202f}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// An object whose keys keep their order; setting nil leaves a key out.
struct JSONObject: Equatable {
    private var keys: [String] = []
    private var values: [JSON] = []

    var isEmpty: Bool { keys.isEmpty }
    var keyNames: [String] { keys }

    subscript(key: String) -> JSON? {
        get { keys.firstIndex(of: key).map { values[$0] } }
        set {
            let place = keys.firstIndex(of: key)
            switch (newValue, place) {
            case (let value?, let place?): values[place] = value
            case (let value?, nil):
                keys.append(key)
                values.append(value)
            case (nil, let place?):
                keys.remove(at: place)
                values.remove(at: place)
            case (nil, nil): break
            }
        }
    }

    fileprivate func write(to text: inout String) {
        text += "{"
        for (index, key) in keys.enumerated() {
            if index > 0 { text += "," }
            JSON.write(key, to: &text)
            text += ":"
            values[index].write(to: &text)
        }
        text += "}"
    }
}
