import CSelftest
import Foundation
import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket

/// Why the selftest can't go on.
struct SelftestStop: Error {
    let text: String

    init(_ text: String) {
        self.text = text
    }
}

/// The programs of the gateway that is tested.
struct Programs {
    /// Path of `nlgated`.
    let daemon: String

    /// The one that is named, else the first of the usual places.
    init(_ named: String?) throws(SelftestStop) {
        var places = ["/usr/sbin/nlgated"]
        if let folder = ownFolder() { places.insert(folder + "nlgated", at: 0) }
        if let variable = environmentVariable("NLGATE_NLGATED"), !variable.isEmpty { places = [variable] }
        if let named { places = [named] }
        for place in places where FileManager.default.isExecutableFile(atPath: place) {
            daemon = URL(filePath: place).resolvingSymlinksInPath().path()
            return
        }
        throw SelftestStop("there is no nlgated at \(places.joined(separator: ", ")); name it with --nlgated")
    }

    /// A helper's path, looked for as nlgated does.
    func helper(_ name: String) throws(SelftestStop) -> String {
        let beside = URL(filePath: daemon).deletingLastPathComponent().path() + name
        for place in [beside, "/usr/libexec/nlgate/" + name] where FileManager.default.isExecutableFile(atPath: place) {
            return place
        }
        throw SelftestStop("there is no \(name) beside \(daemon) and none in /usr/libexec/nlgate")
    }
}

/// The network and the files that the throwaway gateway lives in: namespaces that end with their last process.
enum ThrowawayPlace {
    // In the order of cst_new_files().
    private static let folders = ["/mnt", "/srv", "/media", "/opt", "/tmp"]

    /// Enters it; from here on this process sees no network but a loopback interface.
    ///
    /// Returns the empty folder that only this process and its children see.
    static func enter(besides programs: Programs) throws(SelftestStop) -> String {
        let network = cst_new_network()
        guard network == 0 else {
            throw SelftestStop("a network namespace can't be made here: \(errorName(-network))")
        }
        var last: Int32 = -ENOENT
        for (place, folder) in folders.enumerated() where !programs.daemon.hasPrefix(folder + "/") {
            last = cst_new_files(Int32(place))
            if last == 0 { return folder }
        }
        throw SelftestStop("a mount namespace with an empty file system can't be made here: \(errorName(-last))")
    }
}

/// Certificates of the throwaway gateway, and of clients that it knows and doesn't know.
struct ThrowawayCertificates {
    let folder: String
    let reader: Credentials
    let writer: Credentials
    /// The same name, from a CA of the same name that nobody trusts.
    let stranger: Credentials

    init(in folder: String) throws(SelftestStop) {
        self.folder = folder
        do throws(TLSError) {
            let day = Validity(days: 1)
            let (own, foreign) = (try Self.authority(day), try Self.authority(day))
            let root = own.certificate
            func client(_ name: String, of files: IssuedCertificate) throws(TLSError) -> Credentials {
                let authority = try CertificateAuthority(certificate: files.certificate, key: files.key)
                let made = try authority.issueClient(commonName: name, validity: day)
                return Credentials(certificate: made.certificate, key: made.key, authority: root)
            }
            reader = try client("reader", of: own)
            writer = try client("writer", of: own)
            stranger = try client("writer", of: foreign)
            let authority = try CertificateAuthority(certificate: root, key: own.key)
            let server = try authority.issueServer(names: ["127.0.0.1"], validity: day)
            try Self.write(root, to: folder + "/ca.crt")
            try Self.write(server.certificate, to: folder + "/server.crt")
            try Self.write(server.key, to: folder + "/server.key")
        } catch {
            throw SelftestStop("certificates can't be made: \(error)")
        }
    }

    private static func authority(_ validity: Validity) throws(TLSError) -> IssuedCertificate {
        try CertificateAuthority.create(commonName: "nlgate selftest", validity: validity)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(TLSError) {
        do throws(Errno) {
            _ = try Descriptor.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(bytes.span)
        } catch {
            throw TLSError(.system(error), path)
        }
    }

    var daemonWords: [String] {
        ["--key", folder + "/server.key", "--cert", folder + "/server.crt", "--ca", folder + "/ca.crt"]
    }

    /// The file that a word of a helper's command line names by its descriptor.
    func file(_ word: String) -> String? {
        switch word {
        case "key": folder + "/server.key"
        case "certificate": folder + "/server.crt"
        case "client-ca", "ca": folder + "/ca.crt"
        default: nil
        }
    }
}

/// A gateway of the installed programs, which ends with this process, however that ends.
final class ThrowawayGateway {
    static let tls = "tls://127.0.0.1:7000"

    let folder: String
    let certificates: ThrowawayCertificates
    let pid: Int32
    private let child: ChildProcess
    private let input: Descriptor

    var unix: String { "unix://\(folder)/s.sock" }
    var log: String {
        FileManager.default.contents(atPath: folder + "/log").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    var supervisor: ProcessView { ProcessView(pid: pid) }

    /// What its policy says: one client reads, another one and root may also change links by one operation.
    private static let policy = """
        policy: 1
        clients:
          reader: { common-name: reader }
          writer: { common-name: writer }
          root: { uid: 0 }
        roles:
          reading: { read: all, listen: { route: all } }
          writing: { include: [reading], write: { route: [NEWLINK] } }
        bindings:
          - { client: reader, roles: [reading] }
          - { client: writer, roles: [writing] }
          - { client: root, roles: [writing] }

        """

    /// Starts it and waits until it listens.
    init(_ programs: Programs, in folder: String, certificates: ThrowawayCertificates) throws(SelftestStop) {
        self.folder = folder
        self.certificates = certificates
        do throws(Errno) {
            let policy = try Descriptor.open(folder + "/policy.yaml", flags: O_WRONLY | O_CREAT, mode: 0o600)
            _ = try policy.write(Array(Self.policy.utf8).span)
            let words =
                certificates.daemonWords + [
                    "--listen", Self.tls, "--listen", "unix://\(folder)/s.sock", "--admin", folder + "/admin.sock",
                    "--policy", folder + "/policy.yaml", "--audit", "none", "--frontends", "1", "--readers", "1",
                    "--stop-on-eof",
                ]
            let ends = try Descriptor.packetPair().release()
            let theirs = Descriptor(owning: ends.theirs)
            let null = try Descriptor.open("/dev/null", flags: O_RDWR)
            let log = try Descriptor.open(folder + "/log", flags: O_RDWR | O_CREAT | O_APPEND)
            child = try ProgramFile(path: programs.daemon).start(
                arguments: words, environment: ["SWIFT_BACKTRACE=enable=no"],
                descriptors: [theirs.raw, null.raw, log.raw])
            pid = child.pid
            input = Descriptor(owning: ends.ours)
        } catch {
            throw SelftestStop("\(programs.daemon) can't be started: \(error)")
        }
        try waitUntilListening()
    }

    deinit {
        try? child.signal(SIGKILL)
        _ = try? child.descriptor.wait(for: .read, milliseconds: 5000)
        _ = try? child.reap()
    }

    private func waitUntilListening() throws(SelftestStop) {
        var byte = [UInt8](repeating: 0, count: 64)
        do throws(Errno) {
            _ = try input.wait(for: .read, milliseconds: 20_000)
            if case .bytes = try input.receive(into: &byte, count: 64) { return }
        } catch {}
        let words = log.split(separator: "\n").last.map(String.init) ?? "no word"
        throw SelftestStop("the gateway doesn't start: \(words)")
    }

    /// A session, as one of its clients.
    func session(_ url: String, _ credentials: Credentials?, readOnly: Bool = false) throws -> GatewaySession {
        let hello = Hello(
            protocolNumber: 0, networkNamespace: nil, readOnly: readOnly, clientName: "selftest", groups: [])
        return try GatewaySession(GatewayURL(url), credentials, hello, timeout: 10)
    }

    /// Its live processes of a kind.
    func processes(_ kind: HelperKind) -> [ProcessView] {
        ProcessView.allNumbers().map { ProcessView(pid: $0) }.filter { view in
            let words = view.words
            return words.contains("supervisor=\(pid)") && kind.fits(words)
        }
    }

    /// Kills the supervisor and waits until it is reaped.
    func killSupervisor() {
        try? child.signal(SIGKILL)
        _ = try? child.descriptor.wait(for: .read, milliseconds: 10_000)
        _ = try? child.reap()
    }
}
