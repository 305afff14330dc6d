import Foundation
import Programs
import Testing

/// What SECURITY.md says of who links what, and what the manifest can't enforce by itself.
@Suite struct LayeringTests {
    /// Modules of the toolchain that anybody may import.
    private static let system: Set<String> = ["Glibc", "Synchronization"]
    /// Modules of the toolchain that start threads or are large.
    private static let heavy: Set<String> = ["Foundation", "FoundationEssentials", "Dispatch", "_Concurrency"]
    private static let processes = ["nlgated", "nlgate-frontend", "nlgate-keeper", "nlgate-broker"]

    private let manifest: Manifest

    init() throws {
        manifest = try Manifest.shared.get()
    }

    @Test func `the manifest was read`() {
        #expect(manifest.targets.count > 20)
        #expect(manifest.targets["nlgate-broker"]?.dependencies.contains("GatewayPolicy") == true)
        #expect(manifest.targets["nlgate"]?.products == ["ArgumentParser"])
        for target in manifest.targets.values where target.kind != "system" {
            #expect(FileManager.default.fileExists(atPath: Manifest.root.path() + target.path), "\(target)")
        }
    }

    @Test func `every import is an arrow of the manifest`() {
        var imports = 0
        for target in manifest.targets.values {
            let modules = target.dependencies.map { $0.replacing("-", with: "_") }
            let allowed = Self.system.union(modules).union(target.products)
                .union(target.kind == "test" ? ["Testing"] : [])
            for file in manifest.sources(target) {
                for module in file.imports where !Self.heavy.contains(module) {
                    imports += 1
                    #expect(
                        allowed.contains(module), "\(file) imports \(module), which \(target.name) doesn't depend on")
                }
            }
        }
        #expect(imports > 200)
    }

    @Test func `every arrow of a library or program is used`() {
        for target in manifest.targets.values where target.kind != "test" {
            let imported = Set(manifest.sources(target).flatMap(\.imports))
            guard !imported.isEmpty else { continue }
            for dependency in target.dependencies {
                #expect(imported.contains(dependency), "\(target.name) depends on \(dependency) and never imports it")
            }
        }
    }

    @Test func `who links what`() {
        func expect(_ name: String, without forbidden: Set<String>) {
            #expect(manifest.closure(name).isDisjoint(with: forbidden), "\(name)")
        }
        expect(
            "nlgated",
            without: ["NetlinkWire", "NetlinkFamilies", "GatewayPolicy", "PolicyFile", "TLSSocket", "COpenSSL"])
        expect("nlgate-policyc", without: ["NetlinkFamilies", "GatewayProtocol", "TLSSocket", "COpenSSL"])
        expect("nlgate-frontend", without: ["GatewayPolicy", "NetlinkFamilies"])
        expect("nlgate-keeper", without: ["NetlinkWire", "GatewayProtocol", "GatewayPolicy", "GatewayURL"])
        expect("nlgate-broker", without: ["TLSSocket", "COpenSSL", "NetlinkFamilies", "GatewayURL"])
        expect("RemoteNetlink", without: ["CSeccomp", "CCap", "Confinement", "GatewayPolicy", "GatewayIPC"])
        for pure in ["NetlinkWire", "GatewayIPC", "GatewayURL", "Roles", "TLSHandshake"] {
            #expect(manifest.closure(pure) == [pure])
        }
        for library in ["NetlinkFamilies", "GatewayPolicy", "GatewayProtocol"] {
            #expect(manifest.closure(library) == [library, "NetlinkWire"])
        }
    }

    @Test func `the supervisor looks into no certificate and nothing that was taken out of one`() throws {
        let names = ["ClientMemo", "CertificateIdentity", "AlternativeName", "commonName", "dnsNames"]
        func users(_ target: String) throws -> [String] {
            try manifest.sources(#require(manifest.targets[target])).filter { !$0.places(of: names).isEmpty }
                .map { "\($0)" }
        }
        #expect(try users("nlgated") == [])
        #expect(try !users("nlgate-keeper").isEmpty)
    }

    @Test func `YAML is read by the policy compiler and by whoever runs the command line`() {
        #expect(manifest.targets.values.filter { $0.products.contains("Yams") }.map(\.name) == ["PolicyFile"])
        let readers = manifest.targets.values.filter {
            $0.kind == "executable" && manifest.closure($0.name).contains("PolicyFile")
        }
        #expect(Set(readers.map(\.name)).isSuperset(of: ["nlgate-policyc"]))
        #expect(Set(readers.map(\.name)).isDisjoint(with: Self.processes))
    }

    @Test func `the processes and what they link have no Foundation, Dispatch or Concurrency`() {
        for name in Self.processes.flatMap({ manifest.closure($0) }) {
            guard let target = manifest.targets[name] else { continue }
            for file in manifest.sources(target) {
                #expect(Self.heavy.isDisjoint(with: file.imports), "\(file)")
                #expect(file.places(of: ["async", "await", "actor", "Task"]).isEmpty, "\(file)")
            }
        }
    }

    @Test func `unsafe code is in three modules`() {
        let allowed: Set<String> = ["LinuxSys", "Confinement", "TLSSocket"]
        var places: Set<String> = []
        for target in manifest.targets.values where target.path.hasPrefix("Sources/") {
            for file in manifest.sources(target) {
                let found = file.places(of: ["unsafe", "unchecked"])
                guard !found.isEmpty else { continue }
                places.insert(target.name)
                #expect(allowed.contains(target.name), "\(file) in lines \(found)")
            }
        }
        #expect(places == allowed)
    }

    @Test func `no file is longer than 400 lines`() {
        // What other programs said, captured as it is.
        let captured = ["Tests/GatewayPolicyTests/ToolRequests.swift"]
        for folder in ["Sources", "Tests"] {
            let files = manifest.files(folder, ["swift", "c", "h"])
            #expect(files.count > 50)
            for file in files where !captured.contains(file.path) {
                #expect(file.lines.count <= 400, "\(file) has \(file.lines.count) lines")
            }
        }
    }

    @Test func `the programs as they are linked`() throws {
        func needed(_ name: String) throws -> [String] {
            let list = try FinishedProgram("/usr/bin/env", ["readelf", "-d", builtProgram(name)]).output
            let names = list.matches(of: /\(NEEDED\)[^\[]*\[([^\]]+)\]/).map { String($0.1) }
            try #require(names.contains { $0.hasPrefix("libc.so") }, "readelf told nothing of \(name)")
            return names
        }
        func expect(_ name: String, without prefixes: [String]) throws {
            for library in try needed(name) {
                #expect(!prefixes.contains { library.hasPrefix($0) }, "\(name) needs \(library)")
            }
        }
        for name in Self.processes { try expect(name, without: ["libFoundation", "lib_Foundation", "libdispatch"]) }
        for name in ["nlgated", "nlgate-broker", "nlgate-policyc"] {
            try expect(name, without: ["libssl", "libcrypto"])
        }
        try expect("nlgate", without: ["libseccomp", "libcap"])
        #expect(try needed("nlgate-frontend").contains { $0.hasPrefix("libssl") })
        #expect(try needed("nlgate-broker").contains { $0.hasPrefix("libseccomp") })
    }
}
