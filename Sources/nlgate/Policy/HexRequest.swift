import ArgumentParser
import GatewayPolicy
import PolicyFile
import Roles

/// `explain --hex`: what a broker would do with a datagram, as far as that depends on no link of the server.
struct HexRequest {
    private static let longest = 4 << 20

    private let judge: DatagramJudge
    private let families: FamilyMap
    private let path: String

    /// - Throws: `Failure` for a client that has nothing in the namespace.
    init(_ input: PolicyInput, _ query: ClientQuery, _ namespace: String?, _ protocolNumber: Int32) throws {
        path = input.path
        guard let tables = input.policy.tables else { throw Failure(1, "\(input.path) has errors") }
        if let why = NetlinkProtocol.whyRefused(protocolNumber) { throw Failure(1, why) }
        let (narrowed, identity) = try HexRequest.session(tables, query, input.policy)
        let match = narrowed.match(
            identity, networkNamespace: namespace ?? PolicyTables.ownNamespace, daemonUID: UInt32.max)
        guard let match else { throw Failure(1, "nothing is bound to this client in this namespace") }
        do throws(GrantsError) {
            let grants = try SessionGrants(decoding: narrowed.grantSet(match).span)
            judge = DatagramJudge(session: grants, protocolNumber: protocolNumber)
        } catch {
            throw Failure(1, "the compiled policy can't be read: \(error)")
        }
        // Numbers of generic families are the kernel's.
        families = protocolNumber == NetlinkProtocol.generic ? try KernelFamilies().map : FamilyMap()
    }

    /// A client by its name is whoever is asking, and nobody else.
    private static func session(
        _ tables: PolicyTables, _ query: ClientQuery, _ policy: PolicyFile
    ) throws -> (PolicyTables, Identity) {
        switch query {
        case .identity(let identity): return (tables, identity)
        case .named(let name):
            guard policy.clientNames.contains(name) else {
                let names = policy.clientNames.joined(separator: ", ")
                throw Failure(2, "unknown client \(name); there are \(names)")
            }
            var narrowed = tables
            narrowed.clients = tables.clients.map { client in
                var client = client
                client.criteria = client.name == name ? [.uid(0)] : [.uid(1)]
                return client
            }
            return (narrowed, .user(uid: 0, gid: 0))
        }
    }

    func run(_ hex: String, json: Bool) throws {
        let datagram = try HexRequest.bytes(hex)
        let verdict = judge.judge(
            datagram.span, families: families, context: SessionContext(portID: 0), lookup: NoServerFacts())
        switch verdict {
        case .forward(let summary): write(summary, json)
        case .refuse(let refusal):
            write(refusal, json)
            throw ExitCode(1)
        }
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        let digits = hex.filter { !$0.isWhitespace && $0 != ":" }
        let values = digits.compactMap(\.hexDigitValue)
        guard values.count == digits.count, !values.isEmpty, values.count.isMultiple(of: 2),
            values.count / 2 <= longest
        else { throw Failure(2, "--hex takes bytes as pairs of hexadecimal digits") }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }

    private func write(_ summary: DatagramSummary, _ json: Bool) {
        let reported = summary.entries.contains { $0.ceilingOnly != nil }
        guard !json else {
            return PolicyJSON.write(
                PolicyJSON.object([
                    "decision": JSON(reported ? "reported" : "allowed"), "privileged": JSON(summary.needsCapability),
                    "messages": .array(
                        summary.entries.map { entry in
                            PolicyJSON.object([
                                "index": PolicyJSON.number(entry.index), "operation": JSON(entry.operation),
                                "target": entry.target.isEmpty ? nil : JSON(entry.target),
                                "line": PolicyJSON.number(Int(entry.line)),
                                "reason": entry.ceilingOnly.map { JSON($0.text(client: "this client")) },
                            ])
                        }),
                ]))
        }
        let terminal = Terminal.output
        let title = reported ? "passes and is reported" : "allowed"
        terminal.write(
            terminal.paint(title, .green) + ": \(CheckReport.count(summary.messages, "message")), \(summary.writes) of them write\n")
        for entry in summary.entries {
            let why = entry.ceilingOnly.map { ": \($0.text(client: "this client"))" } ?? ""
            terminal.write("\(path):\(entry.line): \(words(entry.operation, entry.target))\(why)\n")
        }
    }

    private func write(_ refusal: Refusal, _ json: Bool) {
        guard !json else {
            return PolicyJSON.write(
                PolicyJSON.object([
                    "decision": JSON("denied"),
                    "messages": .array(
                        refusal.items.enumerated().map { index, item in
                            PolicyJSON.object([
                                "index": PolicyJSON.number(index), "errno": JSON(item.objection.errno),
                                "operation": item.operation.isEmpty ? nil : JSON(item.operation),
                                "target": item.target.isEmpty ? nil : JSON(item.target),
                                "reason": JSON(item.objection.text(client: "this client")),
                            ])
                        }),
                ]))
        }
        let terminal = Terminal.output
        terminal.write(terminal.paint("denied", .red) + "\n")
        for item in refusal.items {
            let what = words(item.operation, item.target)
            terminal.write("\(what.isEmpty ? "" : "\(what): ")\(item.objection.text(client: "this client"))\n")
        }
    }

    private func words(_ operation: String, _ target: String) -> String {
        [operation, target].filter { !$0.isEmpty }.map { Terminal.visible($0) }.joined(separator: " ")
    }
}
