import PolicyFile
import Testing

/// Every kind of error, with its place and what to do about it.
@Suite struct ErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let errors: [String]

        init(_ text: String, _ errors: String...) {
            self.text = text
            self.errors = errors
        }

        var testDescription: String { errors.first ?? text }
    }

    @Test(arguments: reading + clients + roles + conditions + rest)
    func `an error has its place and says what to do`(test: Case) {
        #expect(check(test.text).errors == test.errors.map { "p.yaml:\($0)".inserting("error: ") })
        #expect(!check(test.text).isValid && check(test.text).tables == nil)
    }
}

extension String {
    /// Behind the first space, where the severity stands.
    fileprivate func inserting(_ text: String) -> String {
        guard let space = firstIndex(of: " ") else { return self }
        return "\(self[..<space]): \(text)\(self[index(after: space)...])"
    }
}
