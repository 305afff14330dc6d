/// One option of the daemon that a configuration file says, on its way from the process that read the file.
public struct ConfiguredSetting: Equatable, Sendable {
    /// The option without its dashes.
    public var name: String
    /// Its value.
    public var value: String
    /// The line of the value, from 1.
    public var line: UInt32
    /// The column of the value, from 1.
    public var column: UInt32

    /// A setting from its parts.
    public init(name: String, value: String, line: UInt32, column: UInt32) {
        self.name = name
        self.value = value
        self.line = line
        self.column = column
    }

    /// Bytes that all settings may take when they are encoded.
    public static let mostBytes = 4 << 20
    private static let longestName = 64
    private static let longestValue = 4096
    private static let mostSettings = 4096

    /// The bytes of settings: a count, then line, column, and two texts behind their lengths; little-endian.
    public static func encode(_ settings: [ConfiguredSetting]) -> [UInt8] {
        var writer = PacketWriter()
        writer.put(UInt32(settings.count))
        for setting in settings {
            writer.put(setting.line)
            writer.put(setting.column)
            for text in [setting.name, setting.value] {
                writer.put(UInt16(text.utf8.count))
                writer.put(Array(text.utf8), count: text.utf8.count)
            }
        }
        return writer.bytes
    }

    /// The settings; nil for anything that `encode` doesn't write, since the sender may be hostile.
    public static func decode(_ bytes: [UInt8]) -> [ConfiguredSetting]? {
        var reader = Decoder(bytes: bytes)
        guard let count = reader.number(4), count <= mostSettings else { return nil }
        var settings: [ConfiguredSetting] = []
        for _ in 0..<count {
            guard let line = reader.number(4), let column = reader.number(4), let name = reader.text(longestName),
                let value = reader.text(longestValue)
            else { return nil }
            settings.append(
                ConfiguredSetting(name: name, value: value, line: UInt32(line), column: UInt32(column)))
        }
        return reader.isAtEnd ? settings : nil
    }

    private struct Decoder {
        let bytes: [UInt8]
        var offset = 0

        var isAtEnd: Bool { offset == bytes.count }

        mutating func number(_ size: Int) -> Int? {
            guard bytes.count - offset >= size else { return nil }
            defer { offset += size }
            return bytes[offset..<(offset + size)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        /// Never empty, at most so many bytes, and nothing that doesn't belong on one line.
        mutating func text(_ longest: Int) -> String? {
            guard let count = number(2), (1...longest).contains(count), bytes.count - offset >= count else {
                return nil
            }
            defer { offset += count }
            let content = bytes[offset..<(offset + count)]
            guard content.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
            return String(validating: content, as: UTF8.self)
        }
    }
}
