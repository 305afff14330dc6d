import Confinement
import Testing

/// A compiled filter, interpreted as the kernel does (linux/filter.h), without installing it.
struct BPFProgram {
    static let kill: UInt32 = 0x8000_0000
    static let allow: UInt32 = 0x7fff_0000
    /// The call answers ENOSYS.
    static let noSuchCall: UInt32 = 0x0005_0000 | 38
    /// The call answers EPERM.
    static let notPermitted: UInt32 = 0x0005_0000 | 1

    private struct Instruction {
        var code: UInt16
        var ifTrue: UInt8
        var ifFalse: UInt8
        var operand: UInt32
    }

    private let instructions: [Instruction]

    init(_ bytes: [UInt8]) throws {
        try #require(bytes.count % 8 == 0 && !bytes.isEmpty)
        var list: [Instruction] = []
        for start in stride(from: 0, to: bytes.count, by: 8) {
            let code = UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
            var operand: UInt32 = 0
            for index in 0..<4 { operand |= UInt32(bytes[start + 4 + index]) << (8 * UInt32(index)) }
            list.append(
                Instruction(code: code, ifTrue: bytes[start + 2], ifFalse: bytes[start + 3], operand: operand))
        }
        instructions = list
    }

    func decide(number: UInt32, architecture: Architecture, _ arguments: [UInt64]) -> UInt32 {
        decide(number: number, token: architecture == .x86_64 ? 0xc000_003e : 0xc000_00b7, arguments)
    }

    func decide(number: UInt32, token: UInt32, _ arguments: [UInt64]) -> UInt32 {
        // struct seccomp_data: nr, arch, instruction_pointer, args[6]
        var data: [UInt32] = [number, token, 0, 0]
        for argument in arguments { data += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)] }
        var accumulator: UInt32 = 0
        var index = 0
        while index < instructions.count {
            let at = instructions[index]
            index += 1
            switch at.code {
            case 0x20: accumulator = data[Int(at.operand / 4)]  // LD W ABS
            case 0x54: accumulator &= at.operand  // ALU AND K
            case 0x05: index += Int(at.operand)  // JA
            case 0x15: index += Int(accumulator == at.operand ? at.ifTrue : at.ifFalse)  // JEQ
            case 0x25: index += Int(accumulator > at.operand ? at.ifTrue : at.ifFalse)  // JGT
            case 0x35: index += Int(accumulator >= at.operand ? at.ifTrue : at.ifFalse)  // JGE
            case 0x06: return at.operand  // RET K
            default:
                Issue.record("instruction \(at.code) isn't known")
                return 0
            }
        }
        return 0
    }
}
