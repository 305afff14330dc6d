import Foundation
import LinuxSys
import TLSSocket

/// What the daemon says of itself, decoded.
struct StatusReport {
    struct Gateway: Decodable {
        let version: String
        let kernel: String
        let time: String
        let uptimeSeconds: UInt64
        let policy: String?
        let policyLoaded: String?
        let audit: String?
        let netns: [String]?
        let sessions: UInt64
        let sessionsLimit: UInt64
        let sessionsStarted: UInt64
        let denials: UInt64
        let restarts: UInt64
    }

    struct Listener: Decodable {
        let scheme: String
        let address: String
        let owner: String
    }

    struct Process: Decodable {
        let name: String
        let pid: Int32
        let uid: UInt32?
        let sessions: UInt64
        let state: String
        let measures: UInt64?
        let missing: [String]?
    }

    struct Session: Decodable {
        let session: UInt64
        let clients: [String]?
        let identity: String?
        let roles: String?
        let transport: String
        let peer: String?
        let netns: String?
        let `protocol`: String
        let access: String
        let ageSeconds: UInt64
        let certificateEnds: String?
        let pid: Int32?
        let broker: String?
        let armed: UInt64?
        let requests: UInt64?
        let requestBytes: UInt64?
        let messages: UInt64?
        let messageBytes: UInt64?
        let overruns: UInt64?
        let queuedBytes: UInt64?
    }

    /// A file of certificates or a revocation list, as the daemon has it open.
    struct CertificateFile: Decodable {
        let what: String
        let file: String
        let descriptor: UInt64
    }

    private struct Kind: Decodable { let type: String }

    let gateway: Gateway
    private(set) var listeners: [Listener] = []
    private(set) var certificates: [CertificateStatus] = []
    private(set) var processes: [Process] = []
    private(set) var sessions: [Session] = []

    /// Decodes an answer to verb 5.
    ///
    /// - Throws: `Failure` for anything else.
    init(_ answer: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        var gateway: Gateway?
        var files: [CertificateFile] = []
        do {
            for line in answer.split(separator: 0x0a) {
                let data = Data(line)
                switch try decoder.decode(Kind.self, from: data).type {
                case "gateway": gateway = try decoder.decode(Gateway.self, from: data)
                case "listener": listeners.append(try decoder.decode(Listener.self, from: data))
                case "certificate": files.append(try decoder.decode(CertificateFile.self, from: data))
                case "process": processes.append(try decoder.decode(Process.self, from: data))
                case "session": sessions.append(try decoder.decode(Session.self, from: data))
                default: continue
                }
            }
        } catch {
            throw Failure(1, "the daemon's answer can't be read; is it of another version? \(error)")
        }
        guard let gateway else { throw Failure(1, "the daemon's answer is empty; is it of another version?") }
        self.gateway = gateway
        let daemon = processes.first { $0.name == "nlgated" }?.pid ?? 0
        certificates = files.map { CertificateStatus($0, daemon: daemon) }
    }
}

/// What is in a file of certificates: when the first of them ends.
struct CertificateStatus {
    let what: String
    let file: String
    /// Unix seconds; nil when it can't be read.
    private(set) var ends: Int64?
    /// Whose end that is.
    private(set) var subject = ""
    /// Unix seconds from which that end is near.
    private(set) var warnsFrom: Int64?
    /// Why it can't be read.
    private(set) var problem: String?

    /// Reads what the daemon has open, which may be another file than the one with that name now.
    init(_ file: StatusReport.CertificateFile, daemon: Int32) {
        what = file.what
        self.file = file.file
        do {
            let path = "/proc/\(daemon)/fd/\(file.descriptor)"
            let bytes = Array(try Data(contentsOf: URL(filePath: path)))
            let content: PEMLifetime.Content =
                switch file.what {
                case "revocation list": .revocationLists
                case "clients' CA": .authorities
                default: .chain
                }
            let lifetime = try PEMLifetime(bytes, content)
            (ends, warnsFrom, subject) = (lifetime.ends, lifetime.warnsFrom, lifetime.subject)
        } catch {
            problem = "\(error)"
        }
    }

    /// Days until the end; negative behind it.
    func days(at now: Int64) -> Int64? { ends.map { ($0 - now) / 86_400 } }

    /// ` EXPIRED` or ` SOON` when it is so.
    func mark(at now: Int64) -> String {
        guard let ends, let warnsFrom else { return "" }
        return ends < now ? " EXPIRED" : warnsFrom <= now ? " SOON" : ""
    }
}
