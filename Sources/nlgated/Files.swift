import Confinement
import GatewayIPC
import Glibc
import LinuxSys
import Roles

/// The daemon's files, each opened once and checked on the open descriptor.
///
/// What is inside is parsed by the keeper, the certificate by the frontends as well.
struct CredentialFiles {
    /// One file; `reopened` gives a descriptor whose offset is its own.
    final class File {
        let path: String
        private let descriptor: Descriptor

        init(_ option: String, _ path: String, isSecret: Bool) throws(StartError) {
            self.path = path
            let opened = try attempt("\(option) \(path)") { () throws(Errno) in
                // Non-blocking: a FIFO in place of a file must not hold up the start.
                try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
            }
            let status = try attempt("\(option) \(path)") { () throws(Errno) in try FileStatus(of: opened) }
            guard status.kind == .regular else {
                let kind = status.kind == .directory ? "a directory" : "not a regular file"
                throw .unusable("\(option) \(path): is \(kind)")
            }
            if isSecret, status.permissions & 0o077 != 0 {
                throw .unusable("\(option) \(path): others can read the private key; 'chmod 600 \(path)' first")
            }
            guard status.size > 0 else { throw .unusable("\(option) \(path): is empty") }
            descriptor = opened
        }

        /// For whoever may look into this process.
        var number: Int32 { descriptor.raw }

        func reopened() throws(Errno) -> Descriptor {
            try Descriptor.open("/proc/self/fd/\(descriptor.raw)", flags: O_RDONLY)
        }
    }

    let certificate: File?
    let key: File?
    let clientAuthority: File?
    let revocationList: File?
    /// The CA of the server's own certificate, to check that it is.
    let authority: File?

    /// Those that end some day, and what they are.
    var shown: [(what: String, file: File)] {
        let all = [
            ("server certificate", certificate), ("clients' CA", clientAuthority), ("revocation list", revocationList),
        ]
        return all.compactMap { what, file in file.map { (what, $0) } }
    }

    init(_ options: Options) throws(StartError) {
        guard options.usesTLS else {
            (certificate, key, clientAuthority, revocationList, authority) = (nil, nil, nil, nil, nil)
            return
        }
        certificate = try options.certificate.map { (path) throws(StartError) in
            try File("--cert", path, isSecret: false)
        }
        key = try options.key.map { (path) throws(StartError) in try File("--key", path, isSecret: true) }
        let option = options.clientAuthority == nil ? "--ca" : "--client-ca"
        clientAuthority = try (options.clientAuthority ?? options.authority).map { (path) throws(StartError) in
            try File(option, path, isSecret: false)
        }
        authority = try options.authority.map { (path) throws(StartError) in
            try File("--ca", path, isSecret: false)
        }
        revocationList = try options.revocationList.map { (path) throws(StartError) in
            try File("--crl", path, isSecret: false)
        }
    }
}

/// The network namespaces that are served; index 0 is the daemon's own and has no descriptor.
struct Namespaces {
    final class Served {
        let name: String
        let descriptor: Descriptor

        init(_ name: String) throws(StartError) {
            self.name = name
            descriptor = try attempt("--netns \(name): can't open /run/netns/\(name)") { () throws(Errno) in
                try Descriptor.open("/run/netns/\(name)", flags: O_RDONLY)
            }
        }
    }

    let served: [Served]

    init(_ options: Options) throws(StartError) {
        served = try options.namespaces.map { (name) throws(StartError) in try Served(name) }
    }

    var count: Int { served.count + 1 }
    var names: [String] { served.map(\.name) }

    /// The name of the namespace with this index; empty for the daemon's own.
    func name(_ index: UInt16) -> String { index == 0 ? "" : served[Int(index) - 1].name }

    /// How a policy's bindings call it.
    func policyName(_ index: UInt16) -> String { index == 0 ? PolicyTables.ownNamespace : name(index) }
}

/// The helper programs, opened once.
final class Images {
    let frontend: HelperImage
    let keeper: HelperImage
    let broker: HelperImage
    let compiler: HelperImage

    init() throws(StartError) {
        do throws(SealingError) {
            frontend = try HelperImage(name: "nlgate-frontend")
            keeper = try HelperImage(name: "nlgate-keeper")
            broker = try HelperImage(name: "nlgate-broker")
            compiler = try HelperImage(name: "nlgate-policyc")
        } catch {
            throw .sealing(error)
        }
    }
}

/// Which user each process becomes; nil when the daemon isn't root.
struct Users {
    struct User {
        var uid: UInt32
        var gid: UInt32
    }

    let frontend: User?
    let keeper: User?
    let reader: User?
    let broker: User?
    let compiler: User?

    init(_ options: Options) throws(StartError) {
        guard getuid() == 0 else {
            (frontend, keeper, reader, broker, compiler) = (nil, nil, nil, nil, nil)
            return
        }
        if options.uidBase == nil { try Users.expectAllOrNone() }
        func user(_ name: String, _ place: UInt32) -> User {
            Users.user(name, place, base: options.uidBase)
        }
        // The order of design: frontend, keeper, reader, broker, policy compiler.
        frontend = user("nlgate-frontend", 0)
        keeper = user("nlgate-keeper", 1)
        reader = user("nlgate-reader", 2)
        broker = user("nlgate-broker", 3)
        compiler = user("nlgate-policyc", 4)
    }

    /// Where some of the users are installed, the others are missing by mistake: a number in their place could be
    /// anybody's.
    private static func expectAllOrNone() throws(StartError) {
        let names = ["nlgate-frontend", "nlgate-keeper", "nlgate-reader", "nlgate-broker", "nlgate-policyc"]
        let missing = names.filter { installedUser($0) == nil }
        guard !missing.isEmpty, missing.count < names.count else { return }
        throw .unusable(
            "there is no user \(missing.joined(separator: ", ")), but there are others of nlgate: "
                + "'systemd-sysusers nlgate.conf' makes them, or give --uid-base for numbers of their own")
    }

    /// Whom the policy compiler becomes while the options aren't known yet.
    static func compiler(base: UInt32?) -> User? {
        getuid() == 0 ? user("nlgate-policyc", 4, base: base) : nil
    }

    private static func user(_ name: String, _ place: UInt32, base: UInt32?) -> User {
        if base == nil, let installed = installedUser(name) { return installed }
        let number = (base ?? usualUserBase) + place
        return User(uid: number, gid: number)
    }
}

private func installedUser(_ name: String) -> Users.User? {
    guard let ids = userIDs(name), ids.uid != 0 else { return nil }
    return Users.User(uid: ids.uid, gid: ids.gid)
}
