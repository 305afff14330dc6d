import SeededInput
import Testing

@testable import GatewayIPC

private let endpoint = Endpoint(address: Array(1...16), port: 7000)
private let identity = IdentityRecord(
    fingerprint: [UInt8](repeating: 0xab, count: 32), notAfter: Int64.max, display: "CN=noc-7")
private let request = OpenRequest(
    connection: 7, transport: .tls, networkNamespace: 3, protocolNumber: 16, readOnly: true, local: endpoint,
    peer: .unknown)
private let client = VerifiedClient(
    frontend: 1 << 35, connection: 14, identity: identity, memo: [UInt8](repeating: 1, count: ClientMemo.size))
private let mapping = ClientMapping(
    frontend: 1 << 32, connection: 17, policy: 3, clients: [0, 7, 8, 4095], bindings: [1, 4094],
    words: "common-name noc-7")
private let assignment = Assignment(
    session: 1 << 40, protocolNumber: 16, networkNamespace: 3, readOnly: true, grantSet: 2, identity: "CN=noc-7",
    roles: "builtin:unrestricted")

private let part = TablePart(offset: 4000, total: 4003, bytes: [1, 2, 3])
private let record = AuditRecord(
    event: .writing, session: 1 << 50, ticket: 9, errno: -1, line: 21, omitted: 3, isWrite: true,
    operation: "route NEWROUTE", target: "dst=10.0.0.0/8 table=100", denial: "5f3a", reason: "no such grant")

private let measures = {
    var measures = SessionMeasures(session: 1 << 40)
    (measures.requests, measures.requestBytes, measures.messages) = (1, 2, UInt64.max)
    (measures.messageBytes, measures.overruns, measures.queued) = (3, 4, 5)
    return measures
}()

private let childMessages: [ChildMessage] = [
    .ready(report: (0..<256).map { UInt8($0) }), .failed("no"), .open(request), .closed(connection: 8),
    .sessionClosed(connection: 9), .accepted(number: UInt64.max), .ended(session: 11),
    .diagnostics(part), .tables(part), .audit(record), .armed(session: 12, seconds: 3600), .verified(client),
    .misbehaved(frontend: 1 << 33), .keeperLost, .measured(measures), .measuredAll,
    .revoked(frontend: 1 << 34, connection: 15),
    .expiries(
        Expiries(
            certificate: Expiry(end: 2, warnsFrom: 1), authority: .none,
            clientAuthority: Expiry(end: 253_402_300_799, warnsFrom: 253_402_300_799),
            revocationList: Expiry(end: 4, warnsFrom: 0))),
    .mapped(mapping),
]
/// Those of children are numbered from 1, those of the supervisor from 64, in the order of the lists.
private let childKinds = 1...UInt16(childMessages.count)
private let supervisorKinds = 64...UInt16(63 + supervisorMessages.count)

private let supervisorMessages: [SupervisorMessage] = [
    .adopt(connection: 1 << 31, uid: 1000, gid: 1001), .opened(connection: 5),
    .refused(connection: 6, reason: 2, text: "the limit"), .assign(assignment),
    .revoke(session: 12, reason: 5, text: "expired"), .serve, .stop,
    .grants(number: 77, part: part), .forgetGrants(number: 78),
    .regrant(session: 13, grantSet: 79, roles: "monitor,router"), .audited(ticket: 1 << 60, isWritten: true),
    .attach(frontend: 1 << 34), .keeper,
    .review(frontend: 1 << 36, connection: 16, memo: [UInt8](repeating: 3, count: ClientMemo.size)), .retire,
    .measure, .clients(policy: 9, part: part),
]

@Suite struct MessageTests {
    private func child(_ bytes: [UInt8]) -> ChildMessage? { try? ChildMessage(bytes) }
    private func supervisor(_ bytes: [UInt8]) -> SupervisorMessage? { try? SupervisorMessage(bytes) }

    @Test func `every message comes back as it was, within the largest length`() {
        for message in childMessages {
            #expect(child(message.encode()) == message)
            #expect(message.encode().count <= maximumMessageLength)
        }
        for message in supervisorMessages {
            #expect(supervisor(message.encode()) == message)
            #expect(message.encode().count <= maximumMessageLength)
        }
    }

    @Test func `the lengths are those of the kinds, and each kind has a number of its own`() {
        let fromChildren = [258, 242, 50, 6, 6, 10, 10, 4012, 4012, 336, 14, 3957, 10, 2, 58, 2, 14, 66, 1442]
        #expect(childMessages.map { $0.encode().count } == fromChildren)
        #expect(
            supervisorMessages.map { $0.encode().count } == [
                14, 6, 250, 377, 254, 2, 2, 4016, 6, 174, 11, 10, 2, 3757, 2, 2, 4016,
            ])
        let kinds = (childMessages.map { $0.encode() } + supervisorMessages.map { $0.encode() }).map { UInt16($0[0]) }
        #expect(kinds == Array(childKinds) + Array(supervisorKinds))
    }

    @Test func `any other length is refused, whatever the kind`() {
        for message in childMessages.map({ $0.encode() }) {
            #expect(takenLengths(message) { child($0) != nil } == [message.count])
        }
        for message in supervisorMessages.map({ $0.encode() }) {
            #expect(takenLengths(message) { supervisor($0) != nil } == [message.count])
        }
    }

    /// The lengths at which the message, cut or filled with zeros, is taken.
    private func takenLengths(_ message: [UInt8], _ isTaken: ([UInt8]) -> Bool) -> [Int] {
        let filled = message + [UInt8](repeating: 0, count: 4096)
        return
            (Array(0...600) + [
                1441, 1442, 1443, 3756, 3757, 3758, 3956, 3957, 3958, 4011, 4012, 4013, 4015, 4016, 4017, 4096,
            ]).filter {
                isTaken(Array(filled.prefix($0)))
            }
    }

    @Test func `unknown kinds and kinds of the other direction are refused at every length`() {
        var taken: Set<UInt16> = []
        let kindLengths = Set(
            childMessages.map { $0.encode().count } + supervisorMessages.map { $0.encode().count })
        for kind in 0..<512 as Range<UInt16> {
            for length in kindLengths {
                var bytes = [UInt8](repeating: 0, count: length)
                bytes[0] = UInt8(truncatingIfNeeded: kind)
                bytes[1] = UInt8(truncatingIfNeeded: kind >> 8)
                if let message = child(bytes) {
                    taken.insert(kind)
                    if !childKinds.contains(kind) { Issue.record("\(message)") }
                }
                if let message = supervisor(bytes) {
                    taken.insert(kind)
                    if !supervisorKinds.contains(kind) { Issue.record("\(message)") }
                }
            }
        }
        // OPEN of zeros has a transport that doesn't exist, and a record of zeros an event.
        #expect(taken == Set(childKinds).subtracting([3, 10]).union(supervisorKinds))
    }

    @Test func `the error tells the kind and the length`() {
        #expect(throws: MalformedMessage(kind: nil, length: 1)) { try ChildMessage([1]) }
        #expect(throws: MalformedMessage(kind: 0x0201, length: 3)) { try SupervisorMessage([1, 2, 3]) }
    }

    @Test func `impossible values are refused`() {
        let open = ChildMessage.open(request).encode()
        // Transport, read-only flag, protocol number.
        for (offset, value) in [(6, 0), (6, 4), (7, 2), (10, 32), (13, 1)] as [(Int, UInt8)] {
            var wrong = open
            wrong[offset] = value
            #expect(child(wrong) == nil, "\(offset)")
        }
        let assign = SupervisorMessage.assign(assignment).encode()
        for (offset, value) in [(10, 32), (13, 255), (16, 2)] as [(Int, UInt8)] {
            var wrong = assign
            wrong[offset] = value
            #expect(supervisor(wrong) == nil, "\(offset)")
        }
    }

    @Test func `pieces that no whole has are refused`() {
        let good = ChildMessage.tables(part).encode()
        // Behind the kind: u32 offset, u32 total, u16 count.
        for (offset, value) in [(2, 0xa1), (3, 0), (6, 0xa2), (6, 0xa4), (9, 1), (10, 4), (10, 2), (10, 0), (11, 0x10)]
            as [(Int, UInt8)]
        {
            var wrong = good
            wrong[offset] = value
            #expect(child(wrong) == nil, "\(offset) \(value)")
        }
        #expect(child(ChildMessage.tables(TablePart(offset: 0, total: 0, bytes: [])).encode()) != nil)
        #expect(child(ChildMessage.tables(TablePart(offset: 4, total: 4, bytes: [])).encode()) == nil)
    }

    @Test(arguments: [0, 1, 3999, 4000, 4001, 8000, 12_345])
    func `a whole comes back from its pieces`(count: Int) {
        let whole = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var assembly = TableAssembly(limit: 12_345)
        for _ in 0..<2 {
            let steps = TablePart.parts(of: whole).map { assembly.take($0) }
            #expect(steps.dropLast().allSatisfy { $0 == .partial } && steps.last == .complete(whole))
        }
        var tight = TableAssembly(limit: count - 1)
        #expect(count == 0 || TablePart.parts(of: whole).first.map { tight.take($0) } == .broken)
    }

    @Test func `pieces out of order, and of another whole, are broken`() {
        let parts = TablePart.parts(of: [UInt8](repeating: 1, count: 9000))
        let other = TablePart.parts(of: [UInt8](repeating: 2, count: 9001))
        for order in [[parts[1]], [parts[0], parts[2]], [parts[0], parts[0]], [parts[0], other[1]]] {
            var assembly = TableAssembly(limit: 10_000)
            #expect(order.map { assembly.take($0) }.last == .broken)
        }
    }

    @Test func `an audit record's texts are cut and escaped, and its events are known`() {
        var long = record
        long.operation = String(repeating: "o", count: 100)
        long.target = "a\nb"
        guard case .audit(let decoded) = child(ChildMessage.audit(long).encode()) else {
            Issue.record("no record")
            return
        }
        #expect(decoded.operation.utf8.count == 64 && decoded.target == "a\\x0ab")
        for event: UInt8 in [0, 8, 255] {
            var wrong = ChildMessage.audit(record).encode()
            wrong[2] = event
            #expect(child(wrong) == nil)
        }
        var flag = ChildMessage.audit(record).encode()
        flag[31] = 2
        #expect(child(flag) == nil)
    }

    @Test func `a list is armed for an hour at most`() {
        let longest = ChildMessage.armed(session: 1, seconds: longestArming).encode()
        #expect(child(longest) == .armed(session: 1, seconds: 3600))
        var longer = longest
        longer[10] &+= 1
        #expect(child(longer) == nil)
        #expect(child(longest + [0]) == nil)
    }

    @Test func `text is cut, and escaped on both sides`() {
        let nasty = "a\u{1b}[31m\n\"ä" + String(repeating: "x", count: 400)
        for decoded in [child(ChildMessage.failed(nasty).encode()), rawFailure(Array(nasty.utf8))] {
            guard case .failed(let text) = decoded else {
                Issue.record("no message")
                continue
            }
            #expect(text.hasPrefix("a\\x1b[31m\\x0a\"\\xc3\\xa4xxx"))
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
        }
    }

    /// What a hostile child sends: bytes that its own encoder would have escaped.
    private func rawFailure(_ text: [UInt8]) -> ChildMessage? {
        child([2, 0] + text.prefix(240) + [UInt8](repeating: 0, count: max(0, 240 - text.count)))
    }

    @Test func `text ends at its first zero`() {
        #expect(rawFailure([0x61, 0, 0x62]) == .failed("a"))
    }

    @Test func `which kinds carry a descriptor`() {
        #expect(supervisorMessages.map(\.carriesDescriptor) == Array("yynynnnnnnnyynnnn").map { $0 == "y" })
    }

    @Test func `random messages of the right length give values that encode to messages again`() {
        var generator = SeededNumbers(seed: 0x6970_63)
        let samples = childMessages.map { $0.encode() } + supervisorMessages.map { $0.encode() }
        var taken = 0
        for round in 0..<5000 {
            var bytes = samples[round % samples.count]
            for index in 2..<max(2, bytes.count) where Int.random(in: 0..<8, using: &generator) == 0 {
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            let encoded = [child(bytes)?.encode(), supervisor(bytes)?.encode()].compactMap { $0 }
            taken += encoded.count
            if encoded.contains(where: { $0.count != bytes.count }) { Issue.record("\(bytes)") }
        }
        #expect(taken > 2500)
    }

    @Test func `random bytes never trap`() {
        var generator = SeededNumbers(seed: 99)
        for _ in 0..<3000 {
            let count = Int.random(in: 0...600, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if count > 1 { bytes[1] = 0 }
            for encoded in [child(bytes)?.encode(), supervisor(bytes)?.encode()] {
                if let encoded, encoded.count != count { Issue.record("\(bytes)") }
            }
        }
    }
}

@Suite struct HelperOptionsTests {
    private let seal = SealOptions(
        uid: 62_200, gid: 62_201, supervisorPID: 4711, descriptorLimit: 20_064, insecureOldKernel: true)
    private let bareSeal = SealOptions(
        uid: nil, gid: nil, supervisorPID: 1, descriptorLimit: 64, insecureOldKernel: false)

    private func broker(_ seal: SealOptions) -> BrokerOptions {
        BrokerOptions(
            seal: seal, isPrivileged: true, networkNamespace: 2, networkNamespaceName: "a=b,c",
            networkNamespaceDescriptor: 4, protocols: [0, 16], burstBuffer: 1 << 40, burstBudget: 5, receiveBuffer: 6)
    }

    private func frontend(_ seal: SealOptions) -> FrontendOptions {
        FrontendOptions(
            seal: seal,
            listeners: [
                ListenerOption(descriptor: 8, transport: .tls), ListenerOption(descriptor: 9, transport: .tcp),
            ],
            networkNamespaces: ["blue", "x=y"],
            connections: 10_000, unauthenticated: 64, handshakeSeconds: 10, pingSeconds: 30)
    }

    @Test func `both sides of a command line agree`() {
        for seal in [seal, bareSeal] {
            let broker = broker(seal)
            #expect(BrokerOptions(arguments: broker.arguments) == broker)
            let frontend = frontend(seal)
            #expect(FrontendOptions(arguments: frontend.arguments) == frontend)
        }
        var reader = broker(bareSeal)
        reader.isPrivileged = false
        reader.networkNamespaceName = ""
        reader.networkNamespaceDescriptor = nil
        reader.protocols = []
        #expect(BrokerOptions(arguments: reader.arguments) == reader)
        var plain = frontend(bareSeal)
        plain.listeners = []
        plain.networkNamespaces = []
        #expect(FrontendOptions(arguments: plain.arguments) == plain)
    }

    @Test func `a compiler has one policy, whatever it is called`() {
        for seal in [seal, bareSeal] {
            for source in [
                CompilerOptions.Source.builtin("read-only"), .file(name: "/etc/nlgate/policy.yaml"),
                .file(name: "a=b builtin=x\nfile=y"), .file(name: ""),
            ] {
                let options = CompilerOptions(seal: seal, source: source)
                #expect(CompilerOptions(arguments: options.arguments) == options)
            }
        }
        let words = CompilerOptions(seal: seal, source: .builtin("x")).arguments
        #expect(CompilerOptions(arguments: words + ["file=x"]) == nil)
        #expect(CompilerOptions(arguments: words.filter { !$0.hasPrefix("builtin=") }) == nil)
        #expect(CompilerOptions(arguments: words.filter { !$0.hasPrefix("supervisor=") }) == nil)
    }

    @Test func `a missing word is refused`() {
        let optional = [
            "uid", "gid", "insecure-old-kernel", "netns-fd", "certificate", "key", "client-ca", "crl", "serve",
        ]
        for words in [broker(seal).arguments, frontend(seal).arguments] {
            for (index, word) in words.enumerated() {
                let name = String(word.prefix { $0 != "=" })
                guard !optional.contains(name) else { continue }
                var rest = words
                rest.remove(at: index)
                #expect(BrokerOptions(arguments: rest) == nil && FrontendOptions(arguments: rest) == nil, "\(word)")
            }
        }
    }

    @Test(arguments: [
        "role=boss", "role=", "netns=-1", "netns=65536", "burst-buffer=x", "receive-buffer=4294967296", "supervisor=",
        "descriptors=-5",
    ])
    func `an impossible word is refused by the broker`(word: String) {
        let name = word.prefix { $0 != "=" }
        let words = broker(seal).arguments.map { $0.hasPrefix(name + "=") ? word : $0 }
        #expect(BrokerOptions(arguments: words) == nil)
    }

    @Test(arguments: ["listeners=9", "listeners=9:4", "listeners=1:x", "connections=", "handshake=-1", "ping=ten"])
    func `an impossible word is refused by the frontend`(word: String) {
        let name = word.prefix { $0 != "=" }
        let words = frontend(seal).arguments.map { $0.hasPrefix(name + "=") ? word : $0 }
        #expect(FrontendOptions(arguments: words) == nil)
    }
}
