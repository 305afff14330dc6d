import Confinement
import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// What a service manager has given this process, as sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3) say.
///
/// It comes in the environment, which the daemon empties by starting itself anew; words of the command line carry it
/// over.
struct ServiceManager {
    /// The first descriptor of socket activation, SD_LISTEN_FDS_START.
    static let firstSocket: Int32 = 3
    /// Sockets that are taken at most.
    static let mostSockets = 64

    /// Where to say how it goes: a path, or a name behind "@".
    var notifySocket: String?
    /// Microseconds of silence after which the manager gives the daemon up; nil for any.
    var watchdog: UInt64?
    /// Standard error goes to journald, which takes levels.
    var hasJournal = false
    /// FileDescriptorName of each socket, in their order from descriptor 3.
    var socketNames: [String] = []

    private static let notifyWord = "--from-manager-notify="
    private static let watchdogWord = "--from-manager-watchdog="
    /// Standard error is journald's.
    static let journalWord = "--from-manager-journal"
    private static let socketsWord = "--from-manager-sockets="

    /// What the environment says to this process; what it says to another is nothing.
    static func fromEnvironment() throws(StartError) -> ServiceManager {
        var manager = ServiceManager()
        let pid = "\(getpid())"
        // Of this very descriptor, since a parent's may have been inherited.
        if let status = try? FileStatus(ofPath: "/proc/self/fd/2") {
            manager.hasJournal = environmentVariable("JOURNAL_STREAM") == "\(status.device):\(status.inode)"
        }
        manager.notifySocket = environmentVariable("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        if environmentVariable("WATCHDOG_PID") ?? pid == pid {
            let microseconds = environmentVariable("WATCHDOG_USEC").flatMap { UInt64($0) }
            manager.watchdog = microseconds == 0 ? nil : microseconds
        }
        guard environmentVariable("LISTEN_PID") == pid, let text = environmentVariable("LISTEN_FDS") else {
            return manager
        }
        guard let count = Int(text), (0...mostSockets).contains(count) else {
            throw .unusable("socket activation: LISTEN_FDS is \(printable(text)), which is not 0 to \(mostSockets)")
        }
        let list = environmentVariable("LISTEN_FDNAMES") ?? ""
        let names = list.split(separator: ":", omittingEmptySubsequences: false)
        manager.socketNames = (0..<count).map { $0 < names.count ? String(names[$0]) : "unknown" }
        return manager
    }

    /// For the command line of the program that is started anew.
    var words: [String] {
        var words: [String] = []
        if let notifySocket { words.append(ServiceManager.notifyWord + notifySocket) }
        if let watchdog { words.append(ServiceManager.watchdogWord + "\(watchdog)") }
        if hasJournal { words.append(ServiceManager.journalWord) }
        if !socketNames.isEmpty { words.append(ServiceManager.socketsWord + socketNames.joined(separator: ":")) }
        return words
    }

    /// Takes its words out of a command line.
    init(takingFrom arguments: inout [String]) throws(StartError) {
        self.init()
        var rest: [String] = []
        for word in arguments {
            if word.hasPrefix(ServiceManager.notifyWord) {
                notifySocket = String(word.dropFirst(ServiceManager.notifyWord.count))
            } else if word.hasPrefix(ServiceManager.watchdogWord) {
                watchdog = UInt64(word.dropFirst(ServiceManager.watchdogWord.count))
            } else if word == ServiceManager.journalWord {
                hasJournal = true
            } else if word.hasPrefix(ServiceManager.socketsWord) {
                let names = word.dropFirst(ServiceManager.socketsWord.count)
                socketNames = names.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            } else {
                rest.append(word)
            }
        }
        arguments = rest
        guard socketNames.count <= ServiceManager.mostSockets else {
            throw .unusable("socket activation: more than \(ServiceManager.mostSockets) sockets")
        }
    }

    private init() {}

    /// What the sockets are: their names say it.
    ///
    /// - Throws: `unusable` for any other name, because a socket of unknown purpose must not be served.
    func sockets() throws(StartError) -> [GivenSocket] {
        var sockets: [GivenSocket] = []
        for name in socketNames {
            if let scheme = KeptSocket.scheme(of: name) {
                sockets.append(.kept(scheme, name: name))
            } else if let scheme = GatewayURL.Scheme(rawValue: name) {
                sockets.append(.activated(scheme))
            } else {
                throw .unusable(
                    "socket activation: a socket is called \(printable(name)); FileDescriptorName= has to be tls, "
                        + "unix, or with --insecure-tcp tcp")
            }
        }
        return sockets
    }
}

/// A listening socket that the service manager hands over.
enum GivenSocket {
    /// The manager made it, by a FileDescriptorName that says what is spoken there.
    case activated(GatewayURL.Scheme)
    /// The daemon before left it, under this name.
    case kept(GatewayURL.Scheme, name: String)

    /// What is spoken there, if the manager made it.
    var activated: GatewayURL.Scheme? {
        if case .activated(let scheme) = self { scheme } else { nil }
    }
}

/// Tells the service manager how it goes; without one it does nothing.
final class Notifier {
    private let socket: PassedDescriptor?
    /// Milliseconds between two signs of life; half of what the manager allows.
    private let interval: UInt64?
    private var nextSign: UInt64 = 0

    /// Connects while this process may still reach sockets outside.
    init(_ manager: ServiceManager) throws(StartError) {
        interval = manager.watchdog.map { max(1, $0 / 2000) }
        guard let name = manager.notifySocket else {
            socket = nil
            return
        }
        socket = try attempt("NOTIFY_SOCKET \(printable(name))") { () throws(Errno) in
            let isAbstract = name.hasPrefix("@")
            let address = try SocketAddress(unix: isAbstract ? String(name.dropFirst()) : name, abstract: isAbstract)
            let socket = try Descriptor.datagramSocket(for: address)
            _ = try socket.connect(to: address)
            return PassedDescriptor(socket)
        }
    }

    /// Everything that was to be started is there.
    func ready(_ status: String) { say("READY=1\nSTATUS=\(status)") }

    /// A reload begins, and ends with `ready`.
    func reloading() { say("RELOADING=1\nMONOTONIC_USEC=\(Clock.monotonicMilliseconds() * 1000)") }

    /// The end has begun.
    func stopping() { say("STOPPING=1") }

    /// A sign of life, when one is due; called at least once a second.
    func alive(now: UInt64) {
        guard let interval, now >= nextSign else { return }
        // The loop turns every second: half a second early is in time for any watchdog from two seconds on.
        nextSign = now + max(1, interval - min(interval, 500))
        say("WATCHDOG=1")
    }

    /// Leaves a copy of a listening socket with the manager, as sd_pid_notify_with_fds(3) says; false when it can't be
    /// told.
    ///
    /// The manager gives it to the daemon that comes next, in LISTEN_FDS and LISTEN_FDNAMES. It has a copy already when
    /// it gave that to this one, and knows the two as one.
    func keep(_ listener: borrowing Descriptor, as name: String) -> Bool {
        guard let socket else { return false }
        let bytes = Array("FDSTORE=1\nFDNAME=\(name)".utf8)
        return (try? socket.descriptor.send(bytes.span, passing: listener.raw)) == .bytes(bytes.count)
    }

    /// The manager needs not keep what it has under this name.
    func forget(_ name: String) { say("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// A manager that doesn't listen misses it.
    private func say(_ text: String) {
        guard let socket else { return }
        let bytes = Array(text.utf8)
        _ = try? socket.descriptor.send(bytes.span)
    }
}
