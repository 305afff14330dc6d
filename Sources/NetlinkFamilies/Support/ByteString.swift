internal import NetlinkWire

/// Text as the kernel stores it: bytes without a NUL, usually ASCII, never sure to be UTF-8.
///
/// Interface names and aliases are of this kind. Comparing and writing back use the bytes; showing uses `description`.
public struct ByteString: Hashable, Sendable {
    /// The bytes, without the NUL that ends them on the wire.
    public let bytes: [UInt8]

    /// Text from its bytes, up to the first NUL.
    public init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes.prefix { $0 != 0 })
    }

    /// Text from a string, up to the first NUL.
    public init(_ text: String) {
        self.init(bytes: text.utf8)
    }

    /// True for no bytes at all.
    public var isEmpty: Bool { bytes.isEmpty }
}

extension ByteString: ExpressibleByStringLiteral {
    /// Text written down in a program.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension ByteString: CustomStringConvertible {
    /// The text, or nil when the bytes aren't UTF-8.
    public var validated: String? { String(validating: bytes, as: UTF8.self) }

    /// The text for a terminal: control characters, what isn't UTF-8, and `\` stand as `\x1b` and `\\`.
    ///
    /// Two different texts never look the same, and none can move the cursor.
    public var description: String {
        guard bytes.contains(where: { $0 < 0x20 || $0 >= 0x7f || $0 == 0x5c }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        guard let text = validated else { return escapedBytes }
        var shown = ""
        for scalar in text.unicodeScalars { ByteString.show(scalar, in: &shown) }
        return shown
    }

    private static func show(_ scalar: Unicode.Scalar, in shown: inout String) {
        if scalar == "\\" {
            shown += "\\\\"
        } else if isHarmless(scalar) {
            shown.unicodeScalars.append(scalar)
        } else {
            for byte in String(scalar).utf8 { shown += "\\x" + hexByte(byte) }
        }
    }

    /// Letters, marks, digits, signs; not controls, bidi overrides, separators and the like.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }

    private var escapedBytes: String {
        var shown = ""
        for byte in bytes {
            switch byte {
            case 0x5c: shown += "\\\\"
            case 0x20..<0x7f: shown.unicodeScalars.append(Unicode.Scalar(byte))
            default: shown += "\\x" + hexByte(byte)
            }
        }
        return shown
    }
}

/// Two hexadecimal digits.
func hexByte(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return byte < 16 ? "0" + text : text
}
