import GatewayProtocol

/// Every kind that there is, and two that aren't.
let everyKind: [FrameKind] =
    [
        .hello, .welcome, .datagram, .join, .leave, .option, .result, .overrun, .ping, .pong, .goodbye, .arm, .confirm,
        .describe, .reset,
    ] + [FrameKind(rawValue: 0), FrameKind(rawValue: 16), FrameKind(rawValue: 999)]

/// A payload that is right for the kind.
func payload(_ kind: FrameKind) -> [UInt8] {
    switch kind {
    case .hello: Hello(protocolNumber: 0).encode()
    case .welcome: Welcome().encode()
    case .datagram: [1, 2, 3, 4]
    case .option: OptionRequest(name: 11, value: 1).encode()
    case .result, .goodbye: Outcome(code: 0, text: "done").encode()
    // 60 seconds, and a datagram of four bytes.
    case .arm: [8, 0, 1, 0, 60, 0, 0, 0, 8, 0, 2, 0, 1, 2, 3, 4]
    case .describe: Description.encode(["one line"])
    default: []
    }
}

/// One frame with the right payload.
func frame(_ kind: FrameKind, flags: FrameFlags = [], tag: UInt32 = 0, group: UInt32 = 0, _ own: [UInt8]? = nil)
    -> [UInt8]
{
    var writer = FrameWriter()
    writer.append(kind, flags: flags, tag: tag, group: group, own ?? payload(kind))
    return writer.bytes
}

/// Hands the first frame of `bytes` to `body`.
func withFrame<Result>(
    _ bytes: [UInt8], _ body: (FrameHeader, Range<Int>, Span<UInt8>) throws(ProtocolError) -> Result
) throws(ProtocolError) -> Result {
    var cursor = FrameCursor(0..<bytes.count)
    guard let (header, payload) = try cursor.next(in: bytes.span) else { throw .badLength }
    return try body(header, payload, bytes.span)
}

/// The error of `body`, nil when there is none.
func failure<Result>(_ body: () throws(ProtocolError) -> Result) -> ProtocolError? {
    do throws(ProtocolError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
