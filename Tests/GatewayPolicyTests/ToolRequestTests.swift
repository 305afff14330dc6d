import GatewayPolicy
import Testing

/// One captured request.
struct ToolRequest: CustomTestStringConvertible, Sendable {
    let command: String
    let protocolNumber: Int32
    let isRead: Bool
    let bytes: [UInt8]

    var testDescription: String { "\(command) (\(bytes.count) bytes)" }

    static let all: [ToolRequest] = {
        var requests: [ToolRequest] = []
        var command = ""
        var current: (protocolNumber: Int32, isRead: Bool, bytes: [UInt8])?
        func finish() {
            guard let (protocolNumber, isRead, bytes) = current else { return }
            requests.append(
                ToolRequest(command: command, protocolNumber: protocolNumber, isRead: isRead, bytes: bytes))
            current = nil
        }
        for line in toolRequests.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("#") {
                finish()
                command = String(line.dropFirst(2))
            } else if line.hasPrefix("    zeros"), let count = Int(words[1]) {
                current?.bytes += Request.zeros(count)
            } else if line.hasPrefix(" ") {
                current?.bytes += hexadecimal(words[0])
            } else {
                finish()
                let number = [0, 4, 6, 12, 16].first { NetlinkProtocol.name($0) == words[0] } ?? -1
                current = (number, words[1] == "both", hexadecimal(words[2]))
            }
        }
        finish()
        return requests
    }()

    static func hexadecimal(_ text: Substring) -> [UInt8] {
        let digits = text.compactMap { UInt8(String($0), radix: 16) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

@Suite struct ToolRequestTests {
    @Test func `all captured requests are read`() {
        #expect(ToolRequest.all.count > 150)
        #expect(ToolRequest.all.allSatisfy { $0.protocolNumber >= 0 && $0.bytes.count >= 16 })
    }

    @Test(arguments: ToolRequest.all)
    func `what real tools send passes under unrestricted`(request: ToolRequest) throws {
        let court = try Court(.unrestricted, request.protocolNumber)
        #expect(court.complaint(request.bytes) == nil)
    }

    @Test(arguments: ToolRequest.all)
    func `read-only lets exactly the reads of real tools through`(request: ToolRequest) throws {
        let court = try Court(.readOnly, request.protocolNumber)
        #expect(court.forwards(request.bytes) == request.isRead, "\(court.complaint(request.bytes) ?? "forwarded")")
        if !request.isRead { #expect(court.errors(request.bytes).contains(1)) }
    }
}
