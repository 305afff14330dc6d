/// Integers inside netlink are in host byte order unless a field says otherwise; nlgate runs on little-endian
/// hosts only (the other side's order is compared at HELLO), so "host" is little-endian here.
extension Span where Element == UInt8 {
    /// One byte.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func u8(at offset: Int) throws(WireError) -> UInt8 {
        guard offset >= 0, offset < count else { throw WireError(.truncatedHeader, at: offset) }
        return self[offset]
    }

    /// Two bytes, host order.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func u16(at offset: Int) throws(WireError) -> UInt16 {
        guard offset >= 0, offset <= count - 2 else { throw WireError(.truncatedHeader, at: offset) }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    /// Four bytes, host order.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func u32(at offset: Int) throws(WireError) -> UInt32 {
        guard offset >= 0, offset <= count - 4 else { throw WireError(.truncatedHeader, at: offset) }
        return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }

    /// Eight bytes, host order.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func u64(at offset: Int) throws(WireError) -> UInt64 {
        UInt64(try u32(at: offset)) | UInt64(try u32(at: offset + 4)) << 32
    }

    /// Two bytes, network order.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func networkU16(at offset: Int) throws(WireError) -> UInt16 {
        try u16(at: offset).byteSwapped
    }

    /// Four bytes, network order.
    ///
    /// - Throws: `truncatedHeader` past the end.
    @inlinable
    public func networkU32(at offset: Int) throws(WireError) -> UInt32 {
        try u32(at: offset).byteSwapped
    }

    /// A copy of some bytes.
    ///
    /// - Throws: `lengthPastEnd` when the range isn't inside.
    public func bytes(_ range: Range<Int>) throws(WireError) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw WireError(.lengthPastEnd, at: range.lowerBound)
        }
        return [UInt8](capacity: range.count) { output in
            for index in range { output.append(self[index]) }
        }
    }

    /// True when `range` holds nothing but zeros.
    @inlinable
    func isZero(_ range: Range<Int>) -> Bool {
        for index in range where self[index] != 0 { return false }
        return true
    }
}

/// Rounds a length up to the 4-byte boundary of netlink messages and attributes (NLMSG_ALIGN, NLA_ALIGN).
@inlinable
public func aligned(_ length: Int) -> Int {
    (length + 3) & ~3
}
