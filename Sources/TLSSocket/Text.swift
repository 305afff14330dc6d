import Glibc

/// Foreign bytes as text that is safe to print and that no two different inputs share.
///
/// Printable UTF-8 stays as it is; everything else, and the backslash itself, becomes `\` and two hexadecimal digits
/// for each byte.
func escaped(_ bytes: [UInt8]) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
        return bytes.map { (0x20..<0x7f).contains($0) && $0 != 0x5c ? String(UnicodeScalar($0)) : hexEscape($0) }
            .joined()
    }
    return text.unicodeScalars.map { isPrintable($0) ? String($0) : String($0).utf8.map(hexEscape).joined() }.joined()
}

private func hexEscape(_ byte: UInt8) -> String {
    "\\" + hexadecimal([byte])
}

private func isPrintable(_ scalar: UnicodeScalar) -> Bool {
    if scalar == "\\" { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
    case .spaceSeparator: return scalar == " "
    default: return true
    }
}

/// Two lower-case digits for each byte.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8]()
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// `2026-03-01 12:00:00 UTC`; `an unreadable time` when it is out of ASN.1's range.
func dateText(_ seconds: Int64) -> String {
    guard (-62_135_596_800..<253_402_300_800).contains(seconds) else { return "an unreadable time" }
    var day = seconds / 86_400
    var second = seconds % 86_400
    if second < 0 { (day, second) = (day - 1, second + 86_400) }
    // Days are counted in years that begin in March, so that the leap day is the last.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    let date =
        "\(year)-\(twoDigits(month < 10 ? month + 3 : month - 9))-\(twoDigits(dayOfYear - (153 * month + 2) / 5 + 1))"
    return "\(date) \(twoDigits(second / 3600)):\(twoDigits(second / 60 % 60)):\(twoDigits(second % 60)) UTC"
}

private func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}

/// The present time in Unix seconds.
func currentTime() -> Int64 {
    Int64(time(nil))
}
