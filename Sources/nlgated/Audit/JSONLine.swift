/// One JSON object on one line, pure ASCII: it can't break a log, a terminal or a parser.
///
/// Keys without a value are left out.
struct JSONLine {
    private var bytes: [UInt8] = [0x7b]
    /// The same as fields of journald: `NLGATE_EVENT=denied`, one a line, escaped as in JSON.
    private(set) var fields: [UInt8] = []

    mutating func add(_ key: String, _ value: String) {
        guard !value.isEmpty else { return }
        begin(key)
        let start = bytes.count + 1
        append(string: value)
        addField(key, bytes[start..<(bytes.count - 1)])
    }

    mutating func add(_ key: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        begin(key)
        for value in values { addField(key, Array(value.utf8.map { $0 >= 0x20 && $0 < 0x7f ? $0 : 0x3f })[...]) }
        bytes.append(0x5b)
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(0x2c) }
            append(string: value)
        }
        bytes.append(0x5d)
    }

    mutating func add(_ key: String, _ number: UInt64) {
        begin(key)
        let digits = Array(String(number).utf8)
        bytes += digits
        addField(key, digits[...])
    }

    /// The whole line, its end included.
    var finished: [UInt8] { bytes + [0x7d, 0x0a] }

    private mutating func addField(_ key: String, _ value: ArraySlice<UInt8>) {
        fields += Array("NLGATE_".utf8) + key.utf8.map { $0 >= 0x61 && $0 <= 0x7a ? $0 - 0x20 : $0 } + [0x3d]
        fields += value
        fields.append(0x0a)
    }

    private mutating func begin(_ key: String) {
        if bytes.count > 1 { bytes.append(0x2c) }
        append(string: key)
        bytes.append(0x3a)
    }

    private mutating func append(string: String) {
        bytes.append(0x22)
        for unit in string.utf16 {
            switch unit {
            case 0x22, 0x5c: bytes += [0x5c, UInt8(unit)]
            case 0x20..<0x7f: bytes.append(UInt8(unit))
            default:
                bytes += [0x5c, 0x75]
                for shift in [12, 8, 4, 0] as [UInt16] { bytes.append(JSONLine.digits[Int(unit >> shift & 15)]) }
            }
        }
        bytes.append(0x22)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

/// A moment as RFC 3339 text in UTC, from milliseconds since 1970.
func timestamp(_ milliseconds: Int64) -> String {
    let (seconds, rest) = floorDivide(milliseconds, 1000)
    let (days, second) = floorDivide(seconds, 86_400)
    // The calendar repeats every 400 years, which begin with a March: leap days come last.
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):"
        + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(rest, 3))Z"
}

private func floorDivide(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, rest: Int64) {
    let rest = (number % divisor + divisor) % divisor
    return ((number - rest) / divisor, rest)
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
