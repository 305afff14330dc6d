/// Bytes that are not netlink as nlgate accepts it, and where they stop being so.
public struct WireError: Error, Equatable, Hashable, Sendable {
    /// What is wrong.
    public enum Reason: Equatable, Hashable, Sendable {
        /// Fewer bytes are left than the header needs.
        case truncatedHeader
        /// A length field is smaller than its own header.
        case lengthBelowHeader
        /// A length field reaches past the end of what contains it.
        case lengthPastEnd
        /// Padding between two messages is not zero.
        case nonzeroPadding
        /// Bytes follow that belong to nothing.
        case trailingBytes
        /// The payload doesn't have the width that its type demands.
        case wrongWidth
        /// A string lacks its NUL, has bytes after it, or isn't UTF-8.
        case malformedString
        /// An attribute that may stand once stands twice.
        case duplicateAttribute(UInt16)
        /// Attributes are nested deeper than the limit.
        case tooDeep
        /// A payload is longer than a length field can say.
        case tooLong
    }

    /// What is wrong.
    public let reason: Reason
    /// Where, in bytes from the start of the span.
    public let offset: Int

    /// An error at a place.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension WireError: CustomStringConvertible {
    /// A sentence for a log or an extended acknowledgement.
    public var description: String {
        let what =
            switch reason {
            case .truncatedHeader: "header cut short"
            case .lengthBelowHeader: "length smaller than the header"
            case .lengthPastEnd: "length past the end"
            case .nonzeroPadding: "padding is not zero"
            case .trailingBytes: "trailing bytes"
            case .wrongWidth: "payload of the wrong width"
            case .malformedString: "malformed string"
            case .duplicateAttribute(let type): "attribute \(type) stands twice"
            case .tooDeep: "nested too deep"
            case .tooLong: "payload too long"
            }
        return "\(what) at byte \(offset)"
    }
}
