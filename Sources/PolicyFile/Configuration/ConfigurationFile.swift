/// The daemon's configuration: the options of its command line, as a YAML file.
///
/// The shape is checked here, and which keys there are; what a value means is the daemon's to say, which has the options.
public struct ConfigurationFile: Sendable {
    /// One option, as the file says it.
    public struct Setting: Hashable, Sendable {
        /// The key; for a limit `limit`.
        public let name: String
        /// The value; for a limit `NAME=VALUE`, for a switch `true` or `false`.
        public let value: String
        /// Where the value stands.
        public let position: SourcePosition
    }

    /// Keys with one value.
    public static let texts = [
        "key", "cert", "ca", "client-ca", "crl", "policy", "audit", "admin", "frontends", "readers", "uid-base",
    ]
    /// Keys with a list, each element of which is a setting.
    public static let lists = ["listen", "netns"]
    /// Keys that are true or false.
    public static let switches = ["insecure-tcp", "stop-on-eof"]
    private static let keys = ["config"] + lists + texts + ["limits"] + switches

    private static let longestValue = 2048
    private static let mostSettings = 1024

    /// In the order of the file; nothing when there is an error.
    public let settings: [Setting]
    /// What is wrong, in the order of the file.
    public let diagnostics: [Diagnostic]

    /// Reads a configuration.
    public init(checking source: PolicySource) {
        let collector = DiagnosticCollector(SourceMap(source), .configuration)
        var settings: [Setting] = []
        if source.text.utf8.count > PolicySource.maximumSize {
            collector.error(0..<0, "the file is larger than \(PolicySource.maximumSize) bytes")
        } else if let root = SourceReader.read(collector) {
            settings = SettingReader(collector).read(root, keys: ConfigurationFile.keys)
        }
        if settings.count > ConfigurationFile.mostSettings {
            collector.error(0..<0, "more than \(ConfigurationFile.mostSettings) settings")
        }
        self.settings = collector.hasErrors ? [] : settings.sorted { $0.position < $1.position }
        diagnostics = collector.sorted
    }

    /// Walks over the keys.
    private struct SettingReader {
        let model: ModelReader

        init(_ collector: DiagnosticCollector) {
            model = ModelReader(collector: collector)
        }

        func read(_ root: SourceNode, keys: [String]) -> [Setting] {
            guard let mapping = model.mapping(root, what: "a configuration", keys: keys) else { return [] }
            readVersion(mapping["config"], root)
            var settings: [Setting] = []
            for key in ConfigurationFile.texts {
                guard let entry = mapping[key] else { continue }
                if let value = text(entry.value, what: key) { settings.append(setting(key, value, entry.value)) }
            }
            for key in ConfigurationFile.lists {
                for node in model.items(mapping[key], what: key) {
                    if let value = text(node, what: "a value of \(key)") { settings.append(setting(key, value, node)) }
                }
            }
            for key in ConfigurationFile.switches {
                guard let entry = mapping[key], let value = text(entry.value, what: key) else { continue }
                if value == "true" || value == "false" {
                    settings.append(setting(key, value, entry.value))
                } else {
                    model.error(entry.value.range, "'\(value.shortened)' where \(key) is true or false")
                }
            }
            return settings + limits(mapping["limits"])
        }

        private func limits(_ entry: SourceNode.Entry?) -> [Setting] {
            guard let entry else { return [] }
            return model.pairs(entry, what: "limits").compactMap { pair in
                guard let value = text(pair.value, what: pair.key.value.shortened) else { return nil }
                let isName =
                    pair.key.value.utf8.count <= 64
                    && pair.key.value.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
                guard isName else {
                    model.error(pair.key.range, "'\(pair.key.value.shortened)' is no limit's name")
                    return nil
                }
                return Setting(
                    name: "limit", value: "\(pair.key.value)=\(value)",
                    position: model.collector.map.position(pair.key.range.lowerBound))
            }
        }

        private func readVersion(_ entry: SourceNode.Entry?, _ root: SourceNode) {
            guard let entry else {
                return model.error(root.range, "the configuration's version is missing", "begin with 'config: 1'")
            }
            guard let version = text(entry.value, what: "the version"), version != "1" else { return }
            model.error(entry.value.range, "unknown version \(version.shortened)", "this program knows 1")
        }

        /// A single value, never empty and without control characters.
        private func text(_ node: SourceNode, what: String) -> String? {
            guard case .scalar(let text, _) = node.content else {
                model.error(node.range, "\(node.kind) where \(what) belongs")
                return nil
            }
            let isFit = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            guard !text.isEmpty, text.utf8.count <= ConfigurationFile.longestValue, isFit else {
                let limit = ConfigurationFile.longestValue
                model.error(node.range, "\(what) is empty, longer than \(limit) bytes, or has control characters")
                return nil
            }
            return text
        }

        private func setting(_ name: String, _ value: String, _ node: SourceNode) -> Setting {
            Setting(name: name, value: value, position: model.collector.map.position(node.range.lowerBound))
        }
    }
}
