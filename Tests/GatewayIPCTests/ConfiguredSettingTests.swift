import Testing

@testable import GatewayIPC

/// Settings on their way from the process that read the file: only what `encode` writes is taken.
@Suite struct ConfiguredSettingTests {
    private let settings = [
        ConfiguredSetting(name: "listen", value: "tls://[::]:7000", line: 3, column: 5),
        ConfiguredSetting(name: "key", value: "/é", line: UInt32.max, column: 1),
    ]

    @Test func `settings come back as they were`() {
        #expect(ConfiguredSetting.decode(ConfiguredSetting.encode(settings)) == settings)
        #expect(ConfiguredSetting.decode(ConfiguredSetting.encode([])) == [])
    }

    @Test func `anything else is refused`() {
        let bytes = ConfiguredSetting.encode(settings)
        for length in 0..<bytes.count { #expect(ConfiguredSetting.decode(Array(bytes.prefix(length))) == nil) }
        #expect(ConfiguredSetting.decode(bytes + [0]) == nil)
        #expect(ConfiguredSetting.decode([0xff, 0xff, 0xff, 0xff]) == nil)
        for value in ["", "a\nb", "\u{7f}", "\u{1b}[0m", String(repeating: "x", count: 4097)] {
            let bad = [ConfiguredSetting(name: "key", value: value, line: 1, column: 1)]
            #expect(ConfiguredSetting.decode(ConfiguredSetting.encode(bad)) == nil)
        }
        var broken = bytes
        broken[broken.count - 1] = 0xff
        #expect(ConfiguredSetting.decode(broken) == nil, "not UTF-8")
    }

    @Test func `random bytes are refused or come back the same`() {
        var generator = SystemRandomNumberGenerator()
        let bytes = ConfiguredSetting.encode(settings)
        for _ in 0..<2000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            guard let decoded = ConfiguredSetting.decode(changed) else { continue }
            #expect(ConfiguredSetting.encode(decoded) == changed)
        }
    }
}
