import Testing

@testable import TLSSocket

@Suite struct IndexTests {
    private func index(_ text: String) throws -> CertificateIndex {
        try CertificateIndex(Array(text.utf8), path: "index.txt")
    }

    @Test func `lines of OpenSSL's form are read and written again as they were`() throws {
        let text = """
            # a comment
            V\t991231235959Z\t\t0A1B\tclient/noc-7.crt\t/CN=noc-7
            R\t20500101000000Z\t261123080000Z,keyCompromise\t00FF\tunknown\t/C=DE/CN=a b
            R\t491231235959Z\t261123080000Z\t01\tunknown\t/CN=\\xC3\\xBC

            """
        let index = try index(text.replacing("V\t99", with: "E\t99"))
        #expect(index.entries.map(\.serial) == ["0A1B", "FF", "01"])
        #expect(index.entries[1].revocation == Revocation(time: 1_795_420_800, reason: .keyCompromise))
        #expect(index.entries[2].revocation?.reason == .unspecified)
        // 99 is 1999 in ASN.1, and so long past.
        let written = String(decoding: try index.text(now: 1_795_420_800), as: UTF8.self)
        #expect(written == text.replacing("V\t99", with: "E\t99").replacing("00FF", with: "FF"))
    }

    @Test func `a certificate whose time is over is written as expired`() throws {
        let index = try index("V\t300101000000Z\t\t01\tunknown\t/CN=x\n")
        #expect(String(decoding: try index.text(now: 1_795_420_800), as: UTF8.self).hasPrefix("V\t"))
        #expect(String(decoding: try index.text(now: 1_995_420_800), as: UTF8.self).hasPrefix("E\t"))
    }

    @Test(arguments: [
        "V\t300101000000Z\t\t01\tunknown", "X\t300101000000Z\t\t01\tunknown\t/CN=x", "V\tsoon\t\t01\tunknown\t/CN=x",
        "V\t300101000000Z\t\txyz\tunknown\t/CN=x", "R\t300101000000Z\t\t01\tunknown\t/CN=x",
        "V\t300101000000Z\t260101000000Z\t01\tunknown\t/CN=x", "R\t300101000000Z\tnever\t01\tunknown\t/CN=x",
        "R\t300101000000Z\t260101000000Z,becauseISaySo\t01\tunknown\t/CN=x", "R\t301301000000Z\t\t01\tunknown\t/CN=x",
    ])
    func `a line that isn't one is an error with its number, since it may be that of a revoked certificate`(
        line: String
    ) throws {
        let text = Array("V\t300101000000Z\t\t01\tunknown\t/CN=good\n\(line)\n".utf8)
        let error = thrown { () throws(TLSError) in try CertificateIndex(text, path: "index.txt") }
        #expect(error?.code == .badPEM)
        #expect(error?.description.hasPrefix("index.txt: line 2 ") == true)
    }

    @Test func `serial numbers are the same however they are written`() {
        for text in ["0a1b", "0A1B", "A1B", "0a:1b", "00000a1b"] { #expect(CertificateIndex.serial(text) == "0A1B") }
        #expect(CertificateIndex.serial("0") == "00")
        #expect(CertificateIndex.serial("00") == "00")
        for text in ["", "0x1", "g", "-1", " 1", "@", "`", ":", String(repeating: "1", count: 65)] {
            #expect(CertificateIndex.serial(text) == nil, "\(text)")
        }
    }
}
