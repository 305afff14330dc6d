import Foundation
import NetlinkFamilies
import Programs
import Testing

/// Every constant of the wire stands below a doc comment that begins with its C name; the C compiler says its value.
@Suite struct ConstantTests {
    struct Constant: Hashable {
        let name: String
        let value: String
        let place: String
    }

    /// Constants that Debian 12's headers (Linux 6.1) don't have, with the kernel that brought them; the values are
    /// those of that kernel's header files in include/uapi/linux.
    private static let newer: [String: (value: Int, source: String)] = [
        "IFLA_GSO_IPV4_MAX_SIZE": (63, "if_link.h of Linux 6.3"),
        "IFLA_GRO_IPV4_MAX_SIZE": (64, "if_link.h of Linux 6.3"),
        "IFLA_BR_FDB_N_LEARNED": (48, "if_link.h of Linux 6.7"),
        "IFLA_BR_FDB_MAX_LEARNED": (49, "if_link.h of Linux 6.7"),
        "IFLA_MACVLAN_BC_CUTOFF": (9, "if_link.h of Linux 6.4"),
        "IFLA_VXLAN_LOCALBYPASS": (31, "if_link.h of Linux 6.5"),
        "NTF_EXT_LOCKED": (2, "neighbour.h of Linux 6.2"),
        "NTF_EXT_EXT_VALIDATED": (4, "neighbour.h of Linux 6.17"),
        "FRA_DSCP": (25, "fib_rules.h of Linux 6.12"),
        "FRA_FLOWLABEL": (26, "fib_rules.h of Linux 6.14"),
        "FRA_FLOWLABEL_MASK": (27, "fib_rules.h of Linux 6.14"),
        "FRA_SPORT_MASK": (28, "fib_rules.h of Linux 6.15"),
        "FRA_DPORT_MASK": (29, "fib_rules.h of Linux 6.15"),
        "FRA_DSCP_MASK": (30, "fib_rules.h of Linux 6.15"),
    ]

    private static let headers = [
        "sys/socket.h", "linux/netlink.h", "linux/genetlink.h", "linux/rtnetlink.h", "linux/if_link.h", "linux/if.h",
        "linux/if_addr.h", "linux/if_arp.h", "linux/if_tun.h", "linux/if_bridge.h", "linux/neighbour.h",
        "linux/fib_rules.h", "linux/lwtunnel.h", "linux/mpls_iptunnel.h", "linux/seg6_iptunnel.h", "linux/veth.h",
        "linux/pkt_sched.h", "linux/pkt_cls.h", "linux/gen_stats.h", "linux/taskstats.h", "linux/nexthop.h",
        "linux/netconf.h", "linux/netfilter.h", "linux/netfilter/nf_tables.h", "linux/netfilter/nfnetlink_conntrack.h",
    ]

    @Test func `every constant has the value of the kernel headers`() throws {
        let constants = try Self.constants()
        #expect(constants.count > 400)
        let unknown = try Self.undeclared(constants)
        let missing = unknown.subtracting(Self.newer.keys)
        #expect(missing.isEmpty, "not in the headers: \(missing.sorted())")
        let known = constants.filter { !unknown.contains($0.name) }
        let values = try Self.values(of: known)
        for constant in known {
            // A mask of 16 bits is a negative int in C.
            if constant.name == "NLA_TYPE_MASK" {
                #expect(values[constant.name].map { $0 & 0xffff } == Self.number(constant.value))
                continue
            }
            // The minor half of a handle; the major one is that of TC_H_CLSACT.
            if constant.name.hasPrefix("TC_H_MIN_") {
                #expect(values[constant.name].map { $0 | 0xffff_0000 } == Self.number(constant.value))
                continue
            }
            #expect(values[constant.name] == Self.number(constant.value), "\(constant.name) in \(constant.place)")
        }
        for constant in constants where unknown.contains(constant.name) {
            let value = Self.newer[constant.name]?.value
            #expect(value == Self.number(constant.value), "\(constant.name) in \(constant.place)")
        }
    }

    @Test func `names of attributes stand at the numbers of the kernel headers`() throws {
        var expected: [String: Int] = [:]
        for level in AttributeNames.levels {
            let names = try #require(AttributeNames(level: level))
            for type in 1...names.highest {
                guard let name = names.name(type) else { continue }
                expected[names.prefix + name] = Int(type)
                if let inside = names.inside(type) { #expect(inside.names.highest > 0) }
            }
        }
        #expect(expected.count > 300)
        let constants = expected.map { Constant(name: $0.key, value: "\($0.value)", place: "AttributeNames.swift") }
        let values = try Self.values(of: constants)
        for (name, value) in expected { #expect(values[name] == value, "\(name)") }
    }

    @Test func `what is listed as newer is used`() throws {
        let names = Set(try Self.constants().map(\.name))
        #expect(Set(Self.newer.keys).subtracting(names).isEmpty)
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Reads `/// NAME: what it is.` and the declaration below it.
    private static func constants() throws -> [Constant] {
        var found: [Constant] = []
        for module in ["NetlinkWire", "NetlinkFamilies"] {
            let folder = root.appending(path: "Sources/\(module)")
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
                let lines = try String(contentsOf: file, encoding: .utf8).split(
                    separator: "\n", omittingEmptySubsequences: false)
                var name: Substring?
                for line in lines {
                    let text = line.drop { $0 == " " }
                    if let match = text.prefixMatch(of: /\/\/\/ ([A-Z][A-Z0-9_]+)(:| \(|\.|,)/) {
                        name = match.1
                    } else if text.hasPrefix("///") {
                        continue
                    } else {
                        if let constant = try constant(text, name, file) { found.append(constant) }
                        name = nil
                    }
                }
            }
        }
        return found
    }

    private static func constant(_ line: Substring, _ name: Substring?, _ file: URL) throws -> Constant? {
        let place = file.lastPathComponent
        let declared = line.firstMatch(
            of: /static let \w+(?:: UInt\d+)? = (?:\w+\(rawValue: )?([0-9][0-9a-fA-Fx<_ ]*)\)?$/)
        let keyed = line.firstMatch(of: /static var \w+: Self \{ Self\(([0-9]+)\) \}/)
        guard let value = declared?.1 ?? keyed?.1 else { return nil }
        // Sizes of structures and masks of the type field are not constants of a message.
        if line.contains("static let size") || line.contains("static let leastSize") || line.contains("headerSize = ") {
            return nil
        }
        guard let name else {
            Issue.record("\(place): no C name above: \(line)")
            return nil
        }
        return Constant(name: String(name), value: String(value), place: place)
    }

    private static func number(_ text: String) -> Int? {
        let sides = text.replacing("_", with: "").split(separator: " << ")
        let values = sides.map { side -> Int? in
            side.hasPrefix("0x") ? Int(side.dropFirst(2), radix: 16) : Int(side)
        }
        guard let first = values.first ?? nil else { return nil }
        guard values.count == 2, let shift = values[1] else { return first }
        return first << shift
    }

    /// Names that the C compiler doesn't know.
    private static func undeclared(_ constants: [Constant]) throws -> Set<String> {
        let (_, messages) = try run("cc", ["-x", "c", "-fsyntax-only", "-fmax-errors=0", "-"], program(constants))
        var unknown: Set<String> = []
        for match in messages.matches(of: /error: [‘']([A-Z0-9_]+)[’'] undeclared/) { unknown.insert(String(match.1)) }
        return unknown
    }

    private static func values(of constants: [Constant]) throws -> [String: Int] {
        let binary = FileManager.default.temporaryDirectory.appending(path: "constants-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: binary) }
        let (_, messages) = try run("cc", ["-x", "c", "-o", binary.path, "-"], program(constants))
        try #require(FileManager.default.isExecutableFile(atPath: binary.path), "\(messages)")
        var values: [String: Int] = [:]
        for line in try run(binary.path, [], "").output.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2 { values[String(parts[0])] = Int(parts[1]) }
        }
        return values
    }

    private static func program(_ constants: [Constant]) -> String {
        let names = Set(constants.map(\.name)).sorted()
        return headers.map { "#include <\($0)>\n" }.joined() + "#include <stdio.h>\nint main(void) {\n"
            + names.map { "printf(\"%s %lld\\n\", \"\($0)\", (long long)(\($0)));\n" }.joined() + "}\n"
    }

    private static func run(_ tool: String, _ arguments: [String], _ input: String) throws -> (
        output: String, errors: String
    ) {
        let environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
        let program = try FinishedProgram("/usr/bin/env", [tool] + arguments, environment: environment, input: input)
        return (program.output, program.errors)
    }
}
