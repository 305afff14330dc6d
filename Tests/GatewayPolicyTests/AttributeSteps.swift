import GatewayPolicy
import Testing

/// One step of a dangerous attribute's path, as the head of `operations.table` describes it.
struct AttributeStep {
    /// What stands between an attribute's header and the attributes inside it.
    enum Structure: Equatable {
        case none
        case bytes(Int)
        case nextHop
    }

    var before: [UInt8] = []
    var type: UInt16 = 0
    var structure = Structure.none
    var content: [UInt8]?

    init(_ text: Substring) throws {
        var rest = text
        if rest.first == "{" {
            let end = try #require(rest.firstIndex(of: "}"), "\(text)")
            before = try AttributeStep.sibling(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        }
        let digits = rest.prefix { $0.isNumber }
        type = try #require(UInt16(digits), "\(text)")
        rest = rest.dropFirst(digits.count)
        switch rest.first {
        case nil: return
        case "+" where rest == "+hop": structure = .nextHop
        case "+": structure = .bytes(try #require(Int(rest.dropFirst()), "\(text)"))
        case "=": content = Array(rest.dropFirst().utf8) + [0]
        case "~": content = try AttributeStep.hex(rest.dropFirst())
        default: try #require(Bool(false), "\(text)")
        }
    }

    private static func sibling(_ text: Substring) throws -> [UInt8] {
        let digits = text.prefix { $0.isNumber }
        let type = try #require(UInt16(digits), "\(text)")
        let value = text.dropFirst(digits.count + 1)
        guard text.dropFirst(digits.count).first == ":" else { return Request.text(type, String(value)) }
        return Request.attribute(type, Request.little(try #require(UInt16(value), "\(text)")))
    }

    private static func hex(_ text: Substring) throws -> [UInt8] {
        let digits = Array(text)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16), "\(text)")
        }
    }
}

extension SpecialAttribute {
    /// The steps to the attribute, the outermost first.
    func parsedSteps() throws -> [AttributeStep] {
        try steps.split(separator: "/").map { try AttributeStep($0) }
    }

    /// The attribute where it belongs, with `content` unless the table gives its own.
    ///
    /// The usual content is a number of any meaning, and an empty attribute as well.
    func bytes(content: [UInt8] = [4, 0, 0, 0]) throws -> [UInt8] {
        let steps = try parsedSteps()
        let innermost = try #require(steps.last).content ?? content
        return steps.reversed().reduce(innermost) { inner, step in
            switch step.structure {
            case .none: step.before + Request.attribute(step.type, inner)
            case .bytes(let count): step.before + Request.attribute(step.type, Request.zeros(count) + inner)
            case .nextHop: step.before + Request.attribute(step.type, Special.nextHop(inner))
            }
        }
    }
}
