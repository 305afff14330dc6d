// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "nlgate",
    products: [
        .library(name: "RemoteNetlink", targets: ["RemoteNetlink", "NetlinkFamilies", "NetlinkWire"]),
        .executable(name: "nlgate", targets: ["nlgate"]),
        .executable(name: "nlgated", targets: ["nlgated"]),
        .executable(name: "nlgate-frontend", targets: ["nlgate-frontend"]),
        .executable(name: "nlgate-keeper", targets: ["nlgate-keeper"]),
        .executable(name: "nlgate-broker", targets: ["nlgate-broker"]),
        .executable(name: "nlgate-policyc", targets: ["nlgate-policyc"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // Libraries: one per trust statement. docs/architecture.md draws the arrows, LayeringTests holds them.
        .target(name: "NetlinkWire"),
        .target(name: "NetlinkFamilies", dependencies: ["NetlinkWire"]),
        .target(
            name: "GatewayPolicy", dependencies: ["NetlinkWire"], resources: [.embedInCode("operations.table")]),
        .target(
            name: "PolicyFile",
            dependencies: ["GatewayPolicy", "Roles", .product(name: "Yams", package: "Yams")]),
        .target(name: "GatewayIPC"),
        .target(name: "GatewayURL"),
        .target(name: "TLSHandshake"),
        .target(name: "Roles"),
        .target(name: "GatewayProtocol", dependencies: ["NetlinkWire"]),
        .target(name: "LinuxSys", dependencies: ["CLinux"]),
        .target(name: "ControlSocket", dependencies: ["GatewayIPC", "LinuxSys"]),
        .target(name: "Confinement", dependencies: ["LinuxSys", "CLinux", "CSeccomp", "CCap"]),
        .target(name: "TLSSocket", dependencies: ["LinuxSys", "TLSHandshake", "COpenSSL", "CRemoteKey"]),
        .target(
            name: "RemoteNetlink",
            dependencies: ["NetlinkWire", "NetlinkFamilies", "GatewayProtocol", "GatewayURL", "TLSSocket", "LinuxSys"]),

        .target(
            name: "ExecMonitor",
            dependencies: ["RemoteNetlink", "GatewayProtocol", "GatewayURL", "NetlinkWire", "TLSSocket", "LinuxSys"]),

        // Processes: one executable each.
        .executableTarget(
            name: "nlgated", dependencies: ["GatewayIPC", "GatewayURL", "Roles", "LinuxSys", "Confinement"]),
        .executableTarget(
            name: "nlgate-frontend",
            dependencies: [
                "GatewayProtocol", "GatewayIPC", "ControlSocket", "LinuxSys", "Confinement", "TLSSocket",
            ]),
        .executableTarget(
            name: "nlgate-keeper",
            dependencies: [
                "Roles", "GatewayIPC", "ControlSocket", "LinuxSys", "Confinement", "TLSHandshake", "TLSSocket",
            ]),
        .executableTarget(
            name: "nlgate-broker",
            dependencies: [
                "GatewayProtocol", "GatewayPolicy", "GatewayIPC", "ControlSocket", "NetlinkWire", "LinuxSys",
                "Confinement",
            ]),
        .executableTarget(
            name: "nlgate-policyc",
            dependencies: ["PolicyFile", "Roles", "GatewayIPC", "ControlSocket", "LinuxSys", "Confinement"]),
        .executableTarget(
            name: "nlgate",
            dependencies: [
                "RemoteNetlink", "NetlinkFamilies", "NetlinkWire", "GatewayIPC", "GatewayProtocol", "GatewayURL",
                "TLSSocket", "LinuxSys", "PolicyFile", "GatewayPolicy", "Roles", "ExecMonitor", "CSelftest",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // The client side of `make bench`; never installed.
        .executableTarget(
            name: "nlgate-bench",
            dependencies: [
                "RemoteNetlink", "NetlinkFamilies", "NetlinkWire", "GatewayProtocol", "GatewayPolicy", "GatewayURL",
                "LinuxSys",
            ],
            path: "bench/client"),

        // C: what Swift can't call, and the three system libraries.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CRemoteKey", dependencies: ["COpenSSL"]),
        .target(name: "CSelftest", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

        // Tests: one per library, then those that cross them.
        .target(name: "SeededInput", path: "Tests/SeededInput"),
        .target(name: "Programs", path: "Tests/Programs"),
        .target(name: "ConnectedSockets", dependencies: ["LinuxSys"], path: "Tests/ConnectedSockets"),
        .testTarget(name: "NetlinkWireTests", dependencies: ["NetlinkWire", "SeededInput"]),
        .testTarget(
            name: "NetlinkFamiliesTests",
            dependencies: ["NetlinkFamilies", "NetlinkWire", "SeededInput", "Programs", "nlgate"]),
        .target(
            name: "PolicyReference", dependencies: ["GatewayPolicy", "SeededInput"], path: "Tests/PolicyReference"),
        .testTarget(
            name: "GatewayPolicyTests",
            dependencies: [
                "GatewayPolicy", "PolicyReference", "SeededInput", "Programs", "NetlinkWire", "LinuxSys", "CLinux",
                "Confinement",
            ]),
        .testTarget(
            name: "PolicyFileTests",
            dependencies: ["PolicyFile", "GatewayPolicy", "Roles", "LinuxSys", "SeededInput", "Programs", "nlgate"],
            exclude: ["Corpus", "Golden"]),
        .testTarget(name: "GatewayIPCTests", dependencies: ["GatewayIPC", "SeededInput"]),
        .testTarget(name: "TLSHandshakeTests", dependencies: ["TLSHandshake"]),
        .testTarget(name: "GatewayURLTests", dependencies: ["GatewayURL"]),
        .testTarget(name: "RolesTests", dependencies: ["Roles", "GatewayPolicy", "PolicyFile", "SeededInput"]),
        .testTarget(name: "NlgatedTests", dependencies: ["nlgated", "GatewayURL", "Roles"]),
        .testTarget(name: "GatewayProtocolTests", dependencies: ["GatewayProtocol", "NetlinkWire", "SeededInput"]),
        .testTarget(name: "LinuxSysTests", dependencies: ["LinuxSys", "CHostile"]),
        .target(name: "CHostile", path: "Tests/CHostile", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(name: "exec-probe", path: "Tests/ExecProbe", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(name: "interface-program", path: "Tests/InterfaceProgram"),
        .executableTarget(name: "hostile-helper", path: "Tests/HostileHelper", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "serve-program", dependencies: ["RemoteNetlink", "LinuxSys"], path: "Tests/ServeProgram"),
        .target(name: "CProbe", path: "Tests/CProbe"),
        .executableTarget(
            name: "confinement-probe", dependencies: ["Confinement", "LinuxSys", "CProbe"],
            path: "Tests/ConfinementProbe"),
        .testTarget(
            name: "ConfinementTests",
            dependencies: [
                "Confinement", "LinuxSys", "confinement-probe", "nlgated", "nlgate-frontend", "nlgate-keeper",
                "nlgate-broker", "nlgate-policyc",
            ]),
        .testTarget(
            name: "ExecMonitorTests", dependencies: ["ExecMonitor", "GatewayProtocol", "LinuxSys", "NetlinkWire"]),
        .testTarget(
            name: "TLSSocketTests",
            dependencies: ["TLSSocket", "TLSHandshake", "LinuxSys", "ConnectedSockets", "Programs", "nlgate"]),
        .testTarget(
            name: "NlgateKeeperTests",
            dependencies: [
                "nlgate-keeper", "GatewayIPC", "Roles", "TLSHandshake", "TLSSocket", "LinuxSys", "ConnectedSockets",
                "SeededInput",
            ]),
        .testTarget(
            name: "RemoteNetlinkTests",
            dependencies: [
                "RemoteNetlink", "NetlinkFamilies", "NetlinkWire", "GatewayProtocol", "GatewayURL", "LinuxSys",
            ]),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "RemoteNetlink", "NetlinkFamilies", "NetlinkWire", "GatewayProtocol", "GatewayIPC", "TLSHandshake",
                "TLSSocket", "LinuxSys", "Confinement", "CLinux", "CHostile", "GatewayURL", "GatewayPolicy",
                "PolicyFile", "SeededInput", "Programs",
                "Roles", "nlgate", "nlgated", "nlgate-frontend", "nlgate-keeper", "nlgate-broker", "nlgate-policyc",
                "hostile-helper", "serve-program", "exec-probe", "interface-program",
            ]),
        .testTarget(name: "LayeringTests", dependencies: ["Programs"]),
        .testTarget(
            name: "HeaderTests",
            dependencies: [
                "NetlinkWire", "NetlinkFamilies", "GatewayPolicy", "LinuxSys", "CLinux", "Confinement", "CHostile",
                "Programs",
            ]),
    ]
)

let withoutSwift = ["CLinux", "CSelftest"]
for target in package.targets
where ![.system, .plugin, .binary].contains(target.type) && !withoutSwift.contains(target.name) {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
}

// A million datagrams are judged twice: what is not under test need not be slow.
for target in package.targets where ["PolicyReference", "SeededInput"].contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-O"]))
}
