import PolicyFile
import Testing

@Suite struct DiagnosticTests {
    @Test func `a diagnostic reads as compilers print it`() {
        let position = SourcePosition(line: 3, column: 7, offset: 40)
        let diagnostic = Diagnostic(.error, file: "p.yaml", at: position, "unknown key", hint: "did you mean read?")
        #expect(diagnostic.description == "p.yaml:3:7: error: unknown key; did you mean read?")
    }
}
