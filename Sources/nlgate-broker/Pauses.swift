/// Sessions that go on after a while although no descriptor will say so.
struct Pauses {
    private var due: [UInt64: UInt64] = [:]
    private var earliest = UInt64.max

    /// How long epoll may wait, in milliseconds; -1 for ever.
    func timeout(now: UInt64) -> Int32 {
        due.isEmpty ? -1 : earliest <= now ? 0 : Int32(clamping: earliest - now)
    }

    /// Looks at a session again at this time, in milliseconds.
    mutating func add(_ session: UInt64, at time: UInt64) {
        due[session] = time
        earliest = min(earliest, time)
    }

    mutating func remove(_ session: UInt64) {
        due[session] = nil
    }

    /// Takes out those whose time has come.
    mutating func take(now: UInt64) -> [UInt64] {
        guard earliest <= now else { return [] }
        let found = due.filter { $0.value <= now }.map(\.key)
        for session in found { due[session] = nil }
        earliest = due.values.min() ?? UInt64.max
        return found
    }
}
