/// The form of RFC 4514 names, as far as a comparison of texts needs it.
enum DistinguishedName {
    /// Why `text` can't be what a certificate's issuer is printed as; nil when it can.
    static func problem(_ text: String) -> NameError? {
        if text.hasPrefix("/") {
            let parts = text.split(separator: "/").reversed().joined(separator: ",")
            return NameError("an issuer in OpenSSL's old form", hint: "RFC 4514 writes it \(parts.shortened)")
        }
        if hasSpaceAtComma(text) {
            return NameError("a space at a comma, which RFC 4514 doesn't write", hint: "remove it; texts are compared")
        }
        var bytes = Array(text.utf8)[...]
        repeat {
            if let problem = takeAttribute(&bytes) { return problem }
        } while takeSeparator(&bytes)
        return bytes.isEmpty
            ? nil : NameError("this is not a name as RFC 4514 writes it", hint: "as in CN=Ops CA,O=Example")
    }

    private static func hasSpaceAtComma(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.contains { index in
            bytes[index] == UInt8(ascii: ",") && (index == 0 || bytes[index - 1] != UInt8(ascii: "\\"))
                && (index > 0 && bytes[index - 1] == 0x20 || index + 1 < bytes.count && bytes[index + 1] == 0x20)
        }
    }

    private static func takeSeparator(_ bytes: inout ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, first == UInt8(ascii: ",") || first == UInt8(ascii: "+") else { return false }
        bytes.removeFirst()
        return true
    }

    private static func takeAttribute(_ bytes: inout ArraySlice<UInt8>) -> NameError? {
        let type = bytes.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "+") }
        let isType =
            !type.isEmpty
            && type.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        guard isType, type.endIndex < bytes.endIndex, bytes[type.endIndex] == UInt8(ascii: "=") else {
            return NameError("this is not a name as RFC 4514 writes it", hint: "as in CN=Ops CA,O=Example")
        }
        bytes = bytes[(type.endIndex + 1)...]
        let start = bytes.startIndex
        while let byte = bytes.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "+") {
            guard byte != 0x22, byte != UInt8(ascii: ";"), byte != UInt8(ascii: "<"), byte != UInt8(ascii: ">") else {
                let character = Character(Unicode.Scalar(byte))
                return NameError("'\(character)' in an issuer", hint: "RFC 4514 writes \\\(character)")
            }
            bytes.removeFirst(byte == UInt8(ascii: "\\") ? min(2, bytes.count) : 1)
        }
        guard bytes.startIndex > start else { return NameError("an attribute without a value in an issuer") }
        return nil
    }
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}
