import GatewayProtocol
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The library against gateways that are silent, late, cut off or wrong.
    @Suite struct ScriptedTests {
        @Test func `a request without an answer ends with its deadline, and the connection stays usable`() async throws
        {
            // The first request gets its answer only after the second was asked.
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                let index = UInt32(payload[20])
                if index == 1 { return }
                if index == 2 {
                    let late = MessageHeader(type: request.type, sequence: request.sequence &- 1)
                    writer.append(.datagram, answer(late, .newLink, linkPayload(Link(index: 1, name: "late"))))
                }
                writer.append(
                    .datagram, answer(request, .newLink, linkPayload(Link(index: index, name: "right"))))
            }
            var settings = ConnectionSettings()
            settings.deadline = .milliseconds(150)
            let ip = try await IPRoute(host: gateway.url, settings: settings)
            let error = await #expect(throws: NetlinkError.self) { try await ip.link(index: 1) }
            #expect(error?.reason == .timedOut(.milliseconds(150)))
            #expect(error?.request?.type == .getLink)
            #expect(try await ip.link(index: 2).name == "right")
            #expect(try await ip.link(index: 3).name == "right")
        }

        @Test func `a cancelled task gives its request up at once`() async throws {
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload), payload[20] != 1 else { return }
                writer.append(.datagram, answer(request, .newLink, linkPayload(Link(index: 2, name: "there"))))
            }
            let ip = try await IPRoute(host: gateway.url)
            let tasks = (0..<200).map { _ in Task { try await ip.link(index: 1) } }
            // Some are cancelled before they are asked, some while they wait.
            try await Task.sleep(for: .milliseconds(20))
            for task in tasks { task.cancel() }
            for task in tasks {
                let error = await #expect(throws: NetlinkError.self) { try await task.value }
                #expect(error?.reason == .cancelled)
            }
            // Given up, they don't hold up those that come after them.
            #expect(try await ip.link(index: 2).name == "there")
        }

        @Test func `a lost connection fails everything under way, and what comes later`() async throws {
            let gateway = try ScriptedGateway { _, _, _ in }
            let ip = try await IPRoute(host: gateway.url)
            let tasks = (0..<100).map { _ in Task { try await ip.link(index: 1) } }
            let dump = Task { try await ip.links() }
            let join = Task { try await ip.connection.join(5) }
            try await Task.sleep(for: .milliseconds(50))
            gateway.hangUp()
            for task in tasks {
                let error = await #expect(throws: NetlinkError.self) { try await task.value }
                #expect(error?.reason == .connection(.closed))
                #expect(error?.host == ip.host)
            }
            await #expect(throws: NetlinkError.self) { try await dump.value }
            await #expect(throws: NetlinkError.self) { try await join.value }
            let later = await #expect(throws: NetlinkError.self) { try await ip.link(index: 1) }
            #expect(later?.reason == .connection(.closed))
        }

        @Test func `GOODBYE is told as the gateway said it`() async throws {
            let gateway = try ScriptedGateway { header, _, writer in
                guard header.kind == .datagram else { return }
                writer.append(.goodbye, Outcome(code: GoodbyeReason.revoked, text: "certificate revoked").encode())
            }
            let ip = try await IPRoute(host: gateway.url)
            let error = await #expect(throws: NetlinkError.self) { try await ip.links() }
            #expect(error?.reason == .connection(.goodbye(Outcome(code: 4, text: "certificate revoked"))))
        }

        @Test func `OVERRUN fails the requests whose answers may be lost`() async throws {
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                if payload[20] == 1 { return writer.append(.overrun) }
                writer.append(.datagram, answer(request, .newLink, linkPayload(Link(index: 2, name: "there"))))
            }
            let ip = try await IPRoute(host: gateway.url)
            let error = await #expect(throws: NetlinkError.self) { try await ip.link(index: 1) }
            #expect(error?.reason == .overrun)
            #expect(try await ip.link(index: 2).name == "there")
        }

        /// A dump of two links, of which the first says that it was interrupted so many times.
        private func interrupting(_ times: Int) throws -> ScriptedGateway {
            let left = Counter(times)
            return try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                let flags: MessageFlags = left.countDown() ? [.multi, .dumpInterrupted] : .multi
                writer.append(
                    .datagram,
                    answer(request, .newLink, linkPayload(Link(index: 1, name: "one")), flags)
                        + answer(request, .newLink, linkPayload(Link(index: 2, name: "two")), .multi))
                writer.append(.datagram, answer(request, .done, [0, 0, 0, 0], .multi))
            }
        }

        @Test func `an interrupted dump is asked for again, then reported`() async throws {
            let (two, all) = (try interrupting(2), try interrupting(.max))
            let twice = try await IPRoute(host: two.url)
            #expect(try await twice.links().map(\.index) == [1, 2])
            var settings = ConnectionSettings()
            settings.dumpAttempts = 3
            let always = try await IPRoute(host: all.url, settings: settings)
            let error = await #expect(throws: NetlinkError.self) { try await always.links() }
            #expect(error?.reason == .interrupted(attempts: 3))
        }

        @Test func `a stream that was interrupted gives all it has before it says so`() async throws {
            let gateway = try interrupting(.max)
            let ip = try await IPRoute(host: gateway.url)
            var indexes: [UInt32] = []
            let request = try LinkRequest.dump()
            let error = await #expect(throws: NetlinkError.self) {
                for try await link in ip.connection.dump(request, as: Link.self) { indexes.append(link.index) }
            }
            #expect(indexes == [1, 2])
            #expect(error?.reason == .interrupted(attempts: 1))
        }

        @Test func `the words of the end of a dump and of a success are kept`() async throws {
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                if request.flags.contains(.dump) {
                    // NLMSG_DONE has no echoed header before its attributes.
                    var done = MessageWriter()
                    done.append(UInt32(bitPattern: -22))
                    try? done.attribute(ExtendedAckAttribute.message, "no such table")
                    writer.append(.datagram, answer(request, .done, done.bytes, [.multi, .ackTLVs]))
                } else {
                    writer.append(.datagram, acknowledgement(request, text: "done, but look"))
                }
            }
            let ip = try await IPRoute(host: gateway.url)
            let error = await #expect(throws: NetlinkError.self) { try await ip.routes(.inet) }
            #expect(error?.errno == 22)
            #expect(error?.text == "no such table")
            #expect(try await ip.delete(Link(index: 5)).warning == "done, but look")
        }

        @Test func `what isn't netlink is an error of the request, not of the program`() async throws {
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                var bytes = answer(request, .newLink, linkPayload(Link(index: 1, name: "x")))
                if payload[20] == 1 { bytes[0] = 200 } else { bytes[16 + 16] = 1 }
                writer.append(.datagram, bytes)
            }
            let ip = try await IPRoute(host: gateway.url)
            for index: UInt32 in [1, 2] {
                let error = await #expect(throws: NetlinkError.self) { try await ip.link(index: index) }
                guard case .malformed = error?.reason else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }

        @Test func `an answer that stops in its middle ends with the deadline`() async throws {
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                let whole = answer(request, .newLink, linkPayload(Link(index: 1, name: "x")))
                writer.append(.datagram, flags: .more, Array(whole.prefix(20)))
            }
            var settings = ConnectionSettings()
            settings.deadline = .milliseconds(100)
            let ip = try await IPRoute(host: gateway.url, settings: settings)
            for _ in 0..<3 {
                let error = await #expect(throws: NetlinkError.self) { try await ip.link(index: 1) }
                #expect(error?.reason == .timedOut(.milliseconds(100)) || error?.reason.isConnection == true)
            }
            // So does a dump whose end never comes.
            let endless = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                writer.append(.datagram, answer(request, .newLink, linkPayload(Link(index: 1, name: "x")), .multi))
            }
            let other = try await IPRoute(host: endless.url, settings: settings)
            let error = await #expect(throws: NetlinkError.self) { try await other.links() }
            #expect(error?.reason == .timedOut(.milliseconds(100)))
        }

        @Test func `a link with 256 virtual functions is a message beyond 64 KiB, and arrives whole`() async throws {
            // IFLA_VFINFO_LIST 22, IFLA_VF_INFO 1, IFLA_VF_MAC 1; IFLA_VF_STATS 8, 48 bytes of counters.
            var functions = MessageWriter()
            for number: UInt32 in 0..<256 {
                try functions.attribute(1) { (writer: inout MessageWriter) throws(WireError) in
                    try writer.attribute(1) { (writer: inout MessageWriter) throws(WireError) in
                        writer.append(number)
                        writer.append([2, 0, 0, 0, 1, UInt8(number)] + [UInt8](repeating: 0, count: 26))
                    }
                    for kind: UInt16 in 2...9 {
                        try writer.attribute(kind) { (writer: inout MessageWriter) throws(WireError) in
                            for _ in 0..<5 { writer.append(number) }
                        }
                    }
                }
            }
            var link = Link(index: 9, name: "pf0")
            link.unknownAttributes = [RawAttribute(rawType: 22, payload: functions.bytes)]
            // What else a card has: a description, its ports, its statistics.
            for type: UInt16 in [400, 401] {
                link.unknownAttributes.append(RawAttribute(rawType: type, payload: [UInt8](repeating: 7, count: 8192)))
            }
            let whole = linkPayload(link)
            #expect(whole.count > 65_536)
            let gateway = try ScriptedGateway { header, payload, writer in
                guard header.kind == .datagram, let request = firstMessage(payload) else { return }
                let isDump = request.flags.isSuperset(of: .dump)
                writer.append(.datagram, answer(request, .newLink, whole, isDump ? .multi : []))
                if isDump { writer.append(.datagram, answer(request, .done, [0, 0, 0, 0], .multi)) }
            }
            let ip = try await IPRoute(host: gateway.url)
            for found in [try await ip.link(index: 9), try #require(try await ip.links().first)] {
                #expect(found.name == "pf0")
                #expect(linkPayload(found) == whole)
            }
        }

        @Test func `nobody there, and no URL`() async throws {
            let nobody = await #expect(throws: NetlinkError.self) {
                try await IPRoute(host: "unix://@nlgate-nobody-at-all")
            }
            guard case .connection(.connect) = nobody?.reason else {
                Issue.record("\(String(describing: nobody))")
                return
            }
            let wrong = await #expect(throws: NetlinkError.self) { try await IPRoute(host: "edge1:7000") }
            #expect(wrong?.description.contains("tls://") == true)
            let bare = await #expect(throws: NetlinkError.self) { try await IPRoute(host: "tls://127.0.0.1:1") }
            #expect(bare?.description.contains("nlgate pki") == true)
            let unknown = await #expect(throws: NetlinkError.self) {
                try await IPRoute(host: "tcp://nosuch.invalid:7000")
            }
            guard case .connection(.resolve) = unknown?.reason else {
                Issue.record("\(String(describing: unknown))")
                return
            }
        }

        @Test func `a gateway that never welcomes is given up in time`() async throws {
            // Accepts, and is silent: the listener's backlog is enough.
            let silent = try Listener()
            var settings = ConnectionSettings()
            settings.connectTimeout = .milliseconds(100)
            let error = await #expect(throws: NetlinkError.self) {
                try await IPRoute(host: silent.url, settings: settings)
            }
            guard case .connection(.timedOut) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            let task = Task { try await IPRoute(host: silent.url) }
            try await Task.sleep(for: .milliseconds(20))
            task.cancel()
            let cancelled = await #expect(throws: NetlinkError.self) { try await task.value }
            #expect(cancelled?.reason == .cancelled)
        }
    }
}

extension NetlinkError.Reason {
    fileprivate var isConnection: Bool { if case .connection = self { true } else { false } }
}
