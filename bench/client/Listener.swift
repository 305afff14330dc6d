import RemoteNetlink

/// What one subscriber hears of a storm of routes: so many in 10.20.0.0/14, each added in turn and then each deleted in
/// turn.
struct Listener: Sendable {
    private(set) var events = 0
    private(set) var losses = 0
    /// Events are missing, and nothing was told of it before or after.
    private(set) var isMissingSilently = false
    private var expected = 0
    private var wasTold = false

    /// Listens until the storm is said to be over.
    static func listen(_ datagrams: Datagrams, _ routes: Int) async throws -> Listener {
        var listener = Listener()
        var iterator = datagrams.makeAsyncIterator()
        var words = 0
        while let item = try await iterator.next() {
            switch item {
            case .datagram(let bytes, group: 7): words += listener.take(bytes, routes) ? 1 : 0
            case .lost: listener.lose()
            default: continue
            }
            // A gap at the end may be told behind the first word.
            if words == 20 || words > 0 && !listener.isMissingSilently { break }
        }
        return listener
    }

    /// True for the word that the storm is over.
    private mutating func take(_ bytes: [UInt8], _ routes: Int) -> Bool {
        // RTA_TABLE, then RTA_DST, behind headers of 16 and 12 bytes.
        guard bytes.count >= 44, bytes[38] == 1 else { return false }
        let address = bytes[40..<44].reduce(0) { $0 << 8 | Int($1) }
        if address == 203 << 24 | 113 << 8 { return true }
        // RTM_DELROUTE is 25.
        let place = address - (10 << 24 | 20 << 16) + (bytes[4] == 25 ? routes : 0)
        if place != expected, !wasTold { isMissingSilently = true }
        expected = place + 1
        wasTold = false
        events += 1
        return false
    }

    private mutating func lose() {
        losses += 1
        wasTold = true
        isMissingSilently = false
    }
}
