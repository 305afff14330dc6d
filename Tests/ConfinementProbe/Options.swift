import Confinement

/// `name=value` arguments.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: [String]) {
        for argument in arguments.dropFirst() {
            guard let equals = argument.firstIndex(of: "=") else { continue }
            // The first one of a name counts.
            let name = String(argument[..<equals])
            guard values[name] == nil else { continue }
            values[name] = String(argument[argument.index(after: equals)...])
        }
    }

    subscript(_ name: String) -> String? { values[name] }

    func number(_ name: String) -> UInt64? { values[name].flatMap { UInt64($0) } }

    func measures(_ name: String) -> Measures { Measures(rawValue: number(name) ?? 0) }

    var role: ProcessRole {
        switch values["role"] {
        case "supervisor": .supervisor
        case "frontend": .frontend
        case "broker": .broker
        case "compiler": .compiler
        case "keeper": .keeper
        default: .reader
        }
    }

    var protocols: [Int32] { (values["protocols"] ?? "").split(separator: ",").compactMap { Int32($0) } }

    /// What the process seals itself with.
    func plan(parent: Int32) -> SealingPlan {
        var kernel = KernelFacts.running(insecureOldKernel: values["insecure"] != nil)
        if let minor = number("minor") { kernel.release = KernelRelease(6, Int32(minor)) }
        if let abi = number("abi") { kernel.landlockABI = Int32(abi) }
        let network: NetworkNamespace =
            switch values["network"] {
            case "empty": .empty
            case "join": .join(4)
            default: .keep
            }
        var plan = SealingPlan(
            role: role, uid: number("uid").map { UInt32($0) }, gid: number("gid").map { UInt32($0) },
            supervisorPID: parent, descriptorCount: Int32(number("count") ?? 4), network: network,
            protocols: protocols, descriptorLimit: 256, kernel: kernel)
        if let bytes = number("memory") { plan.addressSpaceLimit = bytes }
        plan.processorSeconds = number("seconds")
        plan.faults = FaultPlan(failing: measures("fail"), skipped: measures("skip"))
        return plan
    }
}
