import GatewayIPC

/// A kind of confined process, and what is particular about its confinement.
///
/// A further kind of helper needs a line here, and nothing else as long as it is started with words and files only.
struct HelperKind {
    /// What the report calls it.
    let title: String
    /// The program's file.
    let file: String
    /// A word of its command line that tells it from other processes of the same program.
    var word: String?
    /// It has a network namespace with nothing in it; otherwise it lives in the served one.
    var hasEmptyNetwork = true
    /// CapPrm, as `/proc` shows it.
    var permitted: UInt64 = 0
    /// Filters of its own, beside the supervisor's.
    var filters = 2
    /// It may lock memory, to keep it out of swap space.
    var locksMemory = false
    /// A live gateway has such a process; otherwise it only runs now and then.
    var isStanding = true

    static let netAdmin: UInt64 = 1 << 12

    static let frontend = HelperKind(title: "frontend", file: "nlgate-frontend")
    static let keeper = HelperKind(title: "keeper", file: "nlgate-keeper", locksMemory: true)
    static let reader = HelperKind(title: "reader", file: "nlgate-broker", word: "role=reader", hasEmptyNetwork: false)
    /// With HELLO it takes a third filter.
    static let broker = HelperKind(
        title: "broker", file: "nlgate-broker", word: "role=broker", hasEmptyNetwork: false, permitted: netAdmin,
        filters: 3)
    static let compiler = HelperKind(title: "policy compiler", file: "nlgate-policyc", isStanding: false)

    static let all = [frontend, keeper, reader, broker, compiler]

    func fits(_ words: [String]) -> Bool {
        guard let name = words.first, name == file || name.hasSuffix("/" + file) else { return false }
        return word.map { words.contains($0) } ?? true
    }

    var isBroker: Bool { file == "nlgate-broker" }
}
