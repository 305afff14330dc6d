import Testing

@testable import GatewayIPC

private let endpoint = Endpoint(address: Array(1...16), port: 7000)
private let identity = IdentityRecord(
    fingerprint: [UInt8](repeating: 0xab, count: 32), notAfter: Int64.max, display: "CN=noc-7")
private let request = OpenRequest(
    connection: 7, transport: .tls, networkNamespace: 3, protocolNumber: 16, readOnly: true, local: endpoint,
    peer: .unknown, identity: identity)
private let assignment = Assignment(
    session: 1 << 40, protocolNumber: 16, networkNamespace: 3, readOnly: true, grantSet: 2, identity: "CN=noc-7",
    roles: "builtin:unrestricted")

private let childMessages: [ChildMessage] = [
    .ready(report: (0..<256).map { UInt8($0) }), .failed("no"), .open(request), .closed(connection: 8),
    .sessionClosed(connection: 9), .accepted(number: UInt64.max), .ended(session: 11),
]

private let supervisorMessages: [SupervisorMessage] = [
    .adopt(connection: 1 << 31, uid: 1000, gid: 1001), .opened(connection: 5),
    .refused(connection: 6, reason: 2, text: "the limit"), .assign(assignment),
    .revoke(session: 12, reason: 5, text: "expired"), .serve, .stop,
]

/// Random numbers that are the same in every run.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

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
        #expect(childMessages.map { $0.encode().count } == [258, 242, 250, 6, 6, 10, 10])
        #expect(supervisorMessages.map { $0.encode().count } == [14, 6, 250, 245, 254, 2, 2])
        let kinds = childMessages.map { $0.encode()[0] } + supervisorMessages.map { $0.encode()[0] }
        #expect(kinds == [1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22])
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
        return (Array(0...600) + [4096]).filter { isTaken(Array(filled.prefix($0))) }
    }

    @Test func `unknown kinds and kinds of the other direction are refused at every length`() {
        var taken: Set<UInt16> = []
        for kind in 0..<512 as Range<UInt16> {
            for length in [2, 6, 10, 14, 242, 245, 250, 254, 258] {
                var bytes = [UInt8](repeating: 0, count: length)
                bytes[0] = UInt8(truncatingIfNeeded: kind)
                bytes[1] = UInt8(truncatingIfNeeded: kind >> 8)
                if let message = child(bytes) {
                    taken.insert(kind)
                    if kind > 7 { Issue.record("\(message)") }
                }
                if let message = supervisor(bytes) {
                    taken.insert(kind)
                    if !(16...22).contains(kind) { Issue.record("\(message)") }
                }
            }
        }
        // OPEN of zeros has a transport that doesn't exist.
        #expect(taken == Set([1, 2, 4, 5, 6, 7] + Array(16...22)))
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
        #expect(supervisorMessages.map(\.carriesDescriptor) == [true, true, false, true, false, false, false])
    }

    @Test func `random messages of the right length give values that encode to messages again`() {
        var generator = Generator(state: 0x6970_63)
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
        var generator = Generator(state: 99)
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
            certificate: 4, key: 5, clientCA: 6, revocationList: 7, networkNamespaces: ["blue", "x=y"],
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
        (plain.certificate, plain.key, plain.clientCA, plain.revocationList) = (nil, nil, nil, nil)
        plain.listeners = []
        plain.networkNamespaces = []
        #expect(FrontendOptions(arguments: plain.arguments) == plain)
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
