/// Appends numbers and texts, little-endian; a text is u8 length and UTF-8.
struct GrantsWriter {
    var bytes: [UInt8] = []

    mutating func put<Number: FixedWidthInteger>(_ value: Number) {
        for index in 0..<(Number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Number(8 * index))) }
    }

    /// Names of more than 255 bytes don't come out of the compiler.
    mutating func put(_ text: String) {
        precondition(text.utf8.count <= 255, "a name is too long for grants")
        bytes.append(UInt8(text.utf8.count))
        bytes += text.utf8
    }

    mutating func put(long content: [UInt8]) {
        put(UInt32(content.count))
        bytes += content
    }

    /// A list that may be missing: u8 0, or u8 1, u16 count and the elements.
    mutating func put<Element>(_ list: [Element]?, _ element: (inout GrantsWriter, Element) -> Void) {
        guard let list else { return bytes.append(0) }
        bytes.append(1)
        put(UInt16(list.count))
        for entry in list { element(&self, entry) }
    }
}

/// Reads what `GrantsWriter` wrote, and never past the end.
struct GrantsReader {
    var offset = 0

    func error(_ text: String) -> GrantsError {
        GrantsError(text: text, offset: offset)
    }

    mutating func u8(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt8 {
        guard offset < bytes.count else { throw error("cut short") }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func u16(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt16 {
        UInt16(try u8(bytes)) | UInt16(try u8(bytes)) << 8
    }

    mutating func u32(_ bytes: Span<UInt8>) throws(GrantsError) -> UInt32 {
        UInt32(try u16(bytes)) | UInt32(try u16(bytes)) << 16
    }

    mutating func text(_ bytes: Span<UInt8>) throws(GrantsError) -> String {
        var content: [UInt8] = []
        for _ in 0..<(try u8(bytes)) { content.append(try u8(bytes)) }
        guard let text = String(validating: content, as: UTF8.self) else { throw error("text is not UTF-8") }
        return text
    }

    /// The range of something whose length stands before it.
    mutating func long(_ bytes: Span<UInt8>) throws(GrantsError) -> Range<Int> {
        let count = Int(try u32(bytes))
        guard count <= bytes.count - offset else { throw error("cut short") }
        defer { offset += count }
        return offset..<(offset + count)
    }

    mutating func list<Element>(
        _ bytes: Span<UInt8>, _ element: (inout GrantsReader, Span<UInt8>) throws(GrantsError) -> Element
    ) throws(GrantsError) -> [Element] {
        var elements: [Element] = []
        for _ in 0..<(try u16(bytes)) { elements.append(try element(&self, bytes)) }
        return elements
    }

    mutating func optionalList<Element>(
        _ bytes: Span<UInt8>, _ element: (inout GrantsReader, Span<UInt8>) throws(GrantsError) -> Element
    ) throws(GrantsError) -> [Element]? {
        switch try u8(bytes) {
        case 0: return nil
        case 1: return try list(bytes, element)
        default: throw error("neither there nor missing")
        }
    }

    mutating func ascending<Element: Comparable>(
        _ bytes: Span<UInt8>, _ element: (inout GrantsReader, Span<UInt8>) throws(GrantsError) -> Element
    ) throws(GrantsError) -> [Element] {
        let list = try list(bytes, element)
        guard zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else { throw error("a list out of order") }
        return list
    }
}
