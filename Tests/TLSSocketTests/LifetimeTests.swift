import Testing

@testable import TLSSocket

/// What stands in a PEM file comes to its end, and from when on that is near.
@Suite struct LifetimeTests {
    private static let day: Int64 = 86_400

    private struct Span {
        var begin: Int64
        var end: Int64
        var warning: Int64
    }

    private static let spans = [
        Span(begin: 0, end: 3600, warning: 2400), Span(begin: 0, end: 90 * day, warning: 60 * day),
        Span(begin: 0, end: 91 * day, warning: 61 * day), Span(begin: 0, end: 3650 * day, warning: 3620 * day),
        Span(begin: 100, end: 100, warning: 100), Span(begin: 200, end: 100, warning: 100),
        Span(begin: .min, end: 100 * day, warning: 70 * day), Span(begin: .max, end: 100, warning: 100),
    ]

    @Test func `a third of its time, thirty days at most`() {
        for span in Self.spans {
            #expect(PEMLifetime.warningTime(from: span.begin, to: span.end) == span.warning, "\(span)")
        }
    }

    @Test func `a chain ends with its first certificate, authorities with the first that is valid`() throws {
        let now = currentTime()
        func authority(_ name: String, _ begin: Int64, _ end: Int64) throws -> [UInt8] {
            try CertificateAuthority.create(
                commonName: name, validity: Validity(notBefore: now + begin, notAfter: now + end)
            ).certificate
        }
        let old = try authority("old", -9000, -10)
        let near = try authority("near", -9000, 90)
        let far = try authority("far", -9000, 90_000)
        let chain = try PEMLifetime(far + old + near, .chain)
        #expect(chain.subject == "CN=old" && chain.ends == now - 10 && chain.warnsFrom == now - 10 - 8990 / 3)
        let authorities = try PEMLifetime(far + old + near, .authorities)
        #expect(authorities.subject == "CN=near" && authorities.ends == now + 90)
        #expect(try PEMLifetime(old, .authorities).subject == "CN=old")
        #expect(throws: TLSError.self) { try PEMLifetime(old, .revocationLists) }
        #expect(throws: TLSError.self) { try PEMLifetime([], .chain) }
    }
}
