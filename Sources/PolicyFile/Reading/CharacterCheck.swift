/// Characters that an editor doesn't show, or shows elsewhere than they stand.
enum CharacterCheck {
    static func run(_ collector: DiagnosticCollector) {
        let map = collector.map
        let text = String(decoding: map.bytes, as: UTF8.self)
        var offset = 0
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            defer {
                offset += UTF8.width(scalar)
                previous = scalar
            }
            if previous == "\r", scalar != "\n" { report(offset - 1, previous, collector) }
            guard let name = name(scalar) else { continue }
            if scalar == "\u{feff}", offset == 0 {
                collector.error(0..<0, "a byte order mark", hint: "save the file as UTF-8 without one")
            } else {
                collector.error(offset..<offset, "\(name) U+\(hexadecimal(scalar.value))", hint: "remove it")
            }
            guard !collector.isFull else { return }
        }
        if previous == "\r" { report(offset - 1, previous, collector) }
    }

    private static func report(_ offset: Int, _ scalar: Unicode.Scalar, _ collector: DiagnosticCollector) {
        collector.error(offset..<offset, "a control character U+\(hexadecimal(scalar.value))", hint: "remove it")
    }

    private static func name(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x09, 0x0a, 0x0d: nil
        case 0..<0x20, 0x7f..<0xa0: "a control character"
        case 0x2028, 0x2029: "a line separator that isn't a line's end"
        case 0x61c, 0x200b...0x200f, 0x202a...0x202e, 0x2060...0x2069, 0xfeff, 0xad: "an invisible character"
        case 0xfffe, 0xffff: "no character:"
        default: nil
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
