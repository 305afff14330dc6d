/// Reads one JSON object of texts, numbers and lists of texts, which is all that an audit log has.
///
/// Strict and bounded: anything else makes the line one that is skipped.
struct FlatJSON {
    enum Value: Equatable {
        case text(String)
        case number(Int64)
        case texts([String])
        /// true, false, null.
        case word
    }

    struct Failure: Error {}

    private static let mostValues = 64

    private let bytes: [UInt8]
    private var offset = 0

    /// The values by their keys; nil for what isn't such an object.
    static func object(_ bytes: [UInt8]) -> [String: Value]? {
        var reader = FlatJSON(bytes: bytes)
        return try? reader.object()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func object() throws(Failure) -> [String: Value] {
        var values: [String: Value] = [:]
        try expect("{")
        if !take("}") {
            repeat {
                skipBlanks()
                let key = try text()
                try expect(":")
                guard values.updateValue(try value(), forKey: key) == nil, values.count <= FlatJSON.mostValues else {
                    throw Failure()
                }
            } while take(",")
            try expect("}")
        }
        skipBlanks()
        guard offset == bytes.count else { throw Failure() }
        return values
    }

    private mutating func value() throws(Failure) -> Value {
        skipBlanks()
        guard offset < bytes.count else { throw Failure() }
        switch bytes[offset] {
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "["): return .texts(try texts())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default:
            for word in ["true", "false", "null"] where bytes[offset...].starts(with: word.utf8) {
                offset += word.utf8.count
                return .word
            }
            throw Failure()
        }
    }

    private mutating func texts() throws(Failure) -> [String] {
        var texts: [String] = []
        try expect("[")
        guard !take("]") else { return [] }
        repeat {
            skipBlanks()
            texts.append(try text())
            guard texts.count <= FlatJSON.mostValues else { throw Failure() }
        } while take(",")
        try expect("]")
        return texts
    }

    private mutating func number() throws(Failure) -> Int64 {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
        guard let number = Int64(String(decoding: bytes[start..<offset], as: UTF8.self)) else { throw Failure() }
        return number
    }

    private mutating func text() throws(Failure) -> String {
        guard take("\"", skipping: false) else { throw Failure() }
        var content: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw Failure() }
                return text
            case UInt8(ascii: "\\"): try escape(&content)
            case 0..<0x20: throw Failure()
            default: content.append(byte)
            }
        }
        throw Failure()
    }

    private mutating func escape(_ content: inout [UInt8]) throws(Failure) {
        guard offset < bytes.count else { throw Failure() }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "b"), UInt8(ascii: "f"):
            // What needs these is in no name and no target.
            content.append(UInt8(ascii: "?"))
        case UInt8(ascii: "u"):
            let first = try unit()
            guard (0xd800..<0xdc00).contains(first) else {
                guard let scalar = Unicode.Scalar(first) else { throw Failure() }
                return content += String(Character(scalar)).utf8
            }
            guard take("\\", skipping: false), take("u", skipping: false) else { throw Failure() }
            let second = try unit()
            guard (0xdc00..<0xe000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            else { throw Failure() }
            content += String(Character(scalar)).utf8
        default: throw Failure()
        }
    }

    private mutating func unit() throws(Failure) -> UInt32 {
        guard offset + 4 <= bytes.count else { throw Failure() }
        var number: UInt32 = 0
        for byte in bytes[offset..<(offset + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw Failure() }
            number = number << 4 | UInt32(digit)
        }
        offset += 4
        return number
    }

    private mutating func skipBlanks() {
        while offset < bytes.count, bytes[offset].isBlank || bytes[offset] == UInt8(ascii: "\r") { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar, skipping: Bool = true) -> Bool {
        if skipping { skipBlanks() }
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard take(character) else { throw Failure() }
    }
}
