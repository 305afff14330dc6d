import SeededInput

/// Datagrams: what tools send, what every operation looks like, what the policies are about, and what nobody should send.
public struct Generator: Sendable {
    private static let protocols: [Int32] = [0, 4, 6, 12, 16]

    private var numbers: SeededNumbers
    private let corpus: [Int32: [[UInt8]]]
    /// Padding of attributes holds anything.
    private var isNoisy = false

    /// Datagrams of this seed; the corpus is what to begin with, by protocol.
    public init(seed: UInt64, corpus: [Int32: [[UInt8]]]) {
        numbers = SeededNumbers(seed: seed)
        self.corpus = corpus
    }

    /// A datagram and the protocol that it is meant for.
    public mutating func next() -> (Int32, [UInt8]) {
        isNoisy = numbers.one(in: 3)
        var number = numbers.one(in: 3) ? numbers.pick(Generator.protocols) : 0
        var bytes: [UInt8]
        switch numbers.below(16) {
        case 0..<8: bytes = number == 0 ? routeMessage() : pickMaterial(number)
        case 8..<14: bytes = pickMaterial(number)
        case 14: bytes = pickMaterial(number) + (number == 0 ? routeMessage() : pickMaterial(number))
        default: bytes = (0..<numbers.below(96)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
        }
        if numbers.one(in: 2) { mutate(&bytes) }
        if numbers.one(in: 40) { number = numbers.pick(Generator.protocols) }
        return (number, bytes)
    }

    private mutating func pickMaterial(_ number: Int32) -> [UInt8] {
        numbers.pick(corpus[number, default: [[]]])
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<(1 + numbers.below(3)) {
            let index = bytes.isEmpty ? 0 : numbers.below(bytes.count)
            switch numbers.below(9) {
            case 0 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8(numbers.below(8))
            case 1 where !bytes.isEmpty: bytes[index] = UInt8(truncatingIfNeeded: numbers.next())
            case 2 where bytes.count > 20: cut(&bytes)
            case 3: bytes.insert(contentsOf: zeros(1 + numbers.below(8)), at: index)
            case 4...6 where bytes.count >= 16: append(attribute(below: 70), to: &bytes)
            case 7 where bytes.count > 17: bytes[7] = UInt8(numbers.below(16))
            case 8 where bytes.count > 24:
                bytes[16 + numbers.below(min(bytes.count - 16, 40))] = UInt8(numbers.below(40))
            default: bytes += bytes.prefix(64)
            }
        }
    }

    /// Takes bytes from the end and says so in the header.
    private mutating func cut(_ bytes: inout [UInt8]) {
        bytes.removeLast(min(bytes.count - 16, 1 + numbers.below(12)))
        bytes.replaceSubrange(0..<4, with: little(UInt32(bytes.count)))
    }

    /// Adds an attribute to the only message.
    private func append(_ attribute: [UInt8], to bytes: inout [UInt8]) {
        bytes += zeros((4 - bytes.count % 4) % 4) + attribute
        bytes.replaceSubrange(0..<4, with: little(UInt32(bytes.count)))
    }
}

extension Generator {
    private static let names = [
        "lo", "eth0", "enp1s0", "veth0", "veth9", "vlan7", "mgmt0", "mgmt-vlan", "nosuch", "a b", "",
    ]
    private static let kinds = ["dummy", "veth", "vlan", "bridge", "nlmon", "macvtap", "vxlan", "hsr", "nosuch"]
    private static let addresses: [[UInt8]] = [
        [10, 0, 0, 0], [10, 255, 1, 0], [192, 0, 2, 1], [192, 0, 2, 254], [198, 51, 100, 9], [198, 51, 100, 0],
        [0x20, 1, 0xd, 0xb8] + zeros(12), [0x20, 1, 0xd, 0xb8] + zeros(11) + [1], zeros(16), [1, 2],
    ]

    /// An attribute whose number may mean anything, with a content that means something.
    private mutating func attribute(below limit: Int) -> [UInt8] {
        wrap(UInt16(numbers.below(limit)), content(numbers.below(8)))
    }

    private mutating func content(_ kind: Int) -> [UInt8] {
        switch kind {
        case 0, 1: little(numbers.pick([0, 1, 2, 3, 4, 5, 100, 150, 254, 255, 1000, 1279, UInt32.max] as [UInt32]))
        case 2: [numbers.pick([0, 1, 4, 6, 17, 186, 188])]
        case 3: Array(numbers.pick(Generator.names).utf8) + (numbers.one(in: 8) ? [] : [0])
        case 4: numbers.pick(Generator.addresses)
        case 5: numbers.one(in: 2) ? attribute(below: 12) : attribute(below: 12) + attribute(below: 12)
        case 6: linkInfo()
        default: zeros(numbers.below(9))
        }
    }

    private mutating func wrap(_ type: UInt16, _ content: [UInt8]) -> [UInt8] {
        var bytes = little(UInt16(4 + content.count)) + little(type) + content
        while bytes.count % 4 != 0 { bytes.append(isNoisy ? UInt8(numbers.below(256)) : 0) }
        return bytes
    }

    private mutating func wrap(_ type: UInt16, nul text: String) -> [UInt8] { wrap(type, Array(text.utf8) + [0]) }

    private mutating func linkInfo() -> [UInt8] {
        let kind = wrap(1, nul: numbers.pick(Generator.kinds))
        switch numbers.below(3) {
        case 0: return kind
        case 1: return kind + wrap(2, attribute(below: 6))
        default:
            let peer = zeros(16) + wrap(3, nul: numbers.pick(Generator.names)) + attribute(below: 50)
            return kind + wrap(2, wrap(1, peer))
        }
    }

    /// A message of rtnetlink with a plausible header and the attributes that policies ask about.
    private mutating func routeMessage() -> [UInt8] {
        let types: [UInt16] = [
            16, 17, 19, 20, 21, 24, 25, 28, 29, 32, 33, 36, 44, 48, 67, 72, 84, 104, 105, 108, 112, 79, 18, 26, 22,
        ]
        let type = numbers.pick(types)
        let family = numbers.pick([0, 0, 2, 2, 2, 7, 10, 10, 128] as [UInt8])
        let index = little(numbers.pick([0, 2, 3, 3, 4, 9, UInt32.max] as [UInt32]))
        let table = numbers.pick([0, 5, 100, 150, 254, 255] as [UInt8])
        let lengths = (numbers.pick([0, 8, 16, 24, 32, 33, 64, 128] as [UInt8]), numbers.pick([0, 8, 24] as [UInt8]))
        let header: [UInt8]
        switch type {
        case 24...26, 32, 33:
            header =
                [family, lengths.0, lengths.1, 0, table, numbers.pick([0, 4, 186, 188]), 0, 1]
                + little(numbers.pick([0, 0, 2] as [UInt32]))
        case 20...22: header = [family, lengths.0, 0, 0] + index
        case 28, 29, 72: header = [family, 0, 0, 0] + index + zeros(4)
        case 36, 44: header = [family, 0, 0, 0] + index + zeros(12)
        case 48, 67, 79: header = [family, 2, 0, 0]
        case 104, 105: header = [family, 0, numbers.pick([0, 186]), 0] + zeros(4)
        case 84, 112: header = [family, 0, 0, 0] + index
        default:
            header =
                [family, 0, 0, 0] + index + little(numbers.pick([0, 0, 1, 0x100] as [UInt32]))
                + little(numbers.pick([0, 1, 0x100] as [UInt32]))
        }
        var attributes: [UInt8] = []
        for number in usual(type) where numbers.one(in: 2) {
            attributes += wrap(number, content(kind(type, number)))
        }
        let flags: UInt16 = numbers.pick([1, 5, 0x405, 0x605, 0x505, 0x205, 0x105, 0x301])
        let length = UInt32(16 + header.count + attributes.count)
        return little(length) + little(type) + little(flags) + zeros(8) + header + attributes
    }

    /// Attributes that a policy asks about.
    private func usual(_ type: UInt16) -> [UInt16] {
        switch type {
        case 16...19, 108: [3, 5, 10, 18, 27, 37, 46, 53]
        case 20...22: [1, 2, 10, 11]
        case 24...26: [1, 3, 4, 15]
        case 28, 29: [1, 8, 9, 10, 12]
        case 32, 33: [1, 2, 3, 10, 15, 17, 21]
        case 44: [1, 2]
        case 48, 79, 84: [1]
        case 67: [6]
        case 104: [5]
        default: []
        }
    }

    /// What such an attribute holds, most of the time.
    private mutating func kind(_ type: UInt16, _ number: UInt16) -> Int {
        if numbers.one(in: 12) { return numbers.below(8) }
        switch (type, number) {
        case (16...19, 3), (16...19, 53), (108, 3), (108, 53), (32...33, 3), (32...33, 17), (79, 1): return 3
        case (16...19, 18): return 6
        case (20...33, 1), (20...33, 2): return 4
        case (20...22, 11), (28...29, 12), (32...33, 21): return 2
        default: return 0
        }
    }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

private func little<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> Number(8 * $0)) }
}
