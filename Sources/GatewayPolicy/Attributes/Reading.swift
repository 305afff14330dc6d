internal import NetlinkWire

/// Reading with the judge's own errors: what has the wrong width or isn't a name is malformed.
extension Attribute {
    /// Four bytes.
    func number(in bytes: Span<UInt8>) throws(Objection) -> UInt32 {
        guard payload.count == 4 else { throw .malformed("attribute \(type) is not four bytes wide") }
        return bytes.number(at: payload.lowerBound)
    }

    /// Two bytes.
    func shortNumber(in bytes: Span<UInt8>) throws(Objection) -> UInt16 {
        guard payload.count == 2 else { throw .malformed("attribute \(type) is not two bytes wide") }
        return bytes.shortNumber(at: payload.lowerBound)
    }

    /// One byte.
    func byte(in bytes: Span<UInt8>) throws(Objection) -> UInt8 {
        guard payload.count == 1 else { throw .malformed("attribute \(type) is not one byte wide") }
        return bytes[payload.lowerBound]
    }

    /// A name as the kernel reads it, in printable ASCII: with or without one NUL at its end, none inside.
    func name(in bytes: Span<UInt8>) throws(Objection) -> String {
        let content = text(in: bytes)
        guard !content.isEmpty, content.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .malformed("a name that is empty or isn't printable")
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The name of an interface, in which the kernel allows more than ASCII but neither spaces nor slashes.
    func interfaceName(in bytes: Span<UInt8>) throws(Objection) -> String {
        let content = text(in: bytes)
        guard !content.isEmpty, content.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }),
            let name = String(validating: content, as: UTF8.self)
        else { throw .malformed("the name of an interface that is empty or has spaces, slashes or control characters") }
        return name
    }

    private func text(in bytes: Span<UInt8>) -> [UInt8] {
        var end = payload.upperBound
        if !payload.isEmpty, bytes[end - 1] == 0 { end -= 1 }
        return (payload.lowerBound..<end).map { bytes[$0] }
    }
}

extension Span where Element == UInt8 {
    /// Four bytes in host order at a place that is known to be inside.
    func number(at offset: Int) -> UInt32 {
        UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }

    /// Two bytes in host order at a place that is known to be inside.
    func shortNumber(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func isZero(_ range: Range<Int>) -> Bool {
        for index in range where self[index] != 0 { return false }
        return true
    }
}

extension AttributeCursor {
    mutating func nextAttribute(in bytes: Span<UInt8>) throws(Objection) -> Attribute? {
        do throws(WireError) { return try next(in: bytes) } catch { throw .malformed(error.description) }
    }
}
