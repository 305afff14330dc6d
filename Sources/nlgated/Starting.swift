import Confinement
import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// Starting processes: first those that stand, each of which must seal itself before anybody is served; later the
/// privileged brokers, one for each session.
extension Supervisor {
    private static let readySeconds: UInt64 = 10

    /// Starts frontends and readers, and waits until each has read its own state back and the policy is there.
    func startStandingProcesses() throws(StartError) {
        for namespace in 0..<namespaces.count {
            for index in 0..<readerCount { try startOrThrow(.reader(namespace: namespace, index: index)) }
        }
        if needsKeeper { try startOrThrow(.keeper) }
        for index in 0..<frontendCount { try startOrThrow(.frontend(index: index)) }
        requestPolicy(PolicyRequest(kind: .configured, waiting: []))
        while !isStopping, policy == nil || children.values.contains(where: { !isUsable($0) }) {
            if let failure { throw .unusable(failure) }
            turn(milliseconds: 200)
        }
        if let failure { throw .unusable(failure) }
    }

    /// True when the process can do its work.
    private func isUsable(_ child: Child) -> Bool {
        child.isReady && (!child.isFrontend || !needsKeeper || child.isLinked)
    }

    /// Opens the doors.
    func listen() throws(StartError) {
        guard !isStopping else { return }
        try listeners.listen(backlog: limits.backlog)
        listeners.keep(with: notifier)
        try attempt("epoll") { () throws(Errno) in
            // Not before: clients may wait already where the service manager listened.
            for (index, listener) in listeners.unix.enumerated() {
                try epoll.add(listener.descriptor.raw, .read, token: Token.unixListener(index))
            }
        }
        isServing = true
        for child in children.values { beginServing(child) }
        notifier.ready("serving")
    }

    func beginServing(_ child: Child) {
        guard isServing, child.isFrontend, !child.isServing, isUsable(child) else { return }
        child.isServing = true
        if !child.send(.serve) { kill(child) }
    }

    private func startOrThrow(_ kind: Child.Kind) throws(StartError) {
        do throws(SealingError) {
            _ = try start(kind)
        } catch {
            throw .sealing(error)
        }
    }

    /// Starts one process.
    func start(_ kind: Child.Kind) throws(SealingError) -> Child {
        let pair: DescriptorPair
        do throws(Errno) {
            pair = try Descriptor.packetPair()
        } catch {
            throw .spawn(kind.name, error)
        }
        // No process of ours sends descriptors to the supervisor.
        _ = refuseDescriptors(on: pair.ours.raw)
        let ends = pair.release()
        let ours = Descriptor(owning: ends.ours)
        let theirs = Descriptor(owning: ends.theirs)
        let process =
            switch kind {
            case .frontend: try spawnFrontend(theirs.raw)
            case .reader(let namespace, _), .broker(let namespace, _):
                try spawnBroker(kind, namespace, theirs.raw)
            case .compiler: try spawnCompiler(theirs.raw)
            case .keeper: try spawnKeeper(theirs.raw)
            }
        childCount += 1
        let child = Child(
            number: childCount, kind: kind, process: process, control: ours,
            deadline: now + Supervisor.readySeconds * 1000)
        children[child.number] = child
        do throws(Errno) {
            try epoll.add(child.control.raw, .read, token: Token.control(child.number))
            try epoll.add(child.process.descriptor.raw, .read, token: Token.process(child.number))
        } catch {
            throw .spawn(kind.name, error)
        }
        return child
    }

    private func spawnFrontend(_ control: Int32) throws(SealingError) -> ChildProcess {
        var next: Int32 = 4
        let inherited = listeners.internet.map { listener in
            defer { next += 1 }
            return ListenerOption(descriptor: next, transport: listener.scheme == .tls ? .tls : .tcp)
        }
        let options = FrontendOptions(
            seal: sealOptions(users.frontend), listeners: inherited, networkNamespaces: namespaces.names,
            connections: limits.sessions, unauthenticated: max(1, limits.unauthenticatedPerAddress / frontendCount),
            handshakeSeconds: UInt32(limits.handshakeSeconds), pingSeconds: UInt32(limits.pingSeconds))
        return try spawn(
            images.frontend, arguments: options.arguments,
            descriptors: [null.raw, null.raw, 2, control] + listeners.internet.map { $0.descriptor.raw })
    }

    private func spawnKeeper(_ control: Int32) throws(SealingError) -> ChildProcess {
        var inheritance = Inheritance()
        let files = filesOfNextKeeper()
        guard let key = try inheritance.add(files.key, for: .keeper),
            let certificate = try inheritance.add(files.certificate, for: .keeper),
            let clientCA = try inheritance.add(files.clientAuthority, for: .keeper)
        else { preconditionFailure("a keeper without a key") }
        let options = KeeperOptions(
            seal: sealOptions(users.keeper), key: key, certificate: certificate, clientCA: clientCA,
            revocationList: try inheritance.add(files.revocationList, for: .keeper),
            authority: try inheritance.add(files.authority, for: .keeper),
            graceSeconds: UInt32(limits.crlGraceMinutes * 60),
            handshakeRate: UInt32(max(1, limits.handshakesPerSecond / frontendCount)),
            handshakeSeconds: UInt32(limits.handshakeSeconds))
        return try spawn(
            images.keeper, arguments: options.arguments,
            descriptors: [null.raw, null.raw, 2, control] + inheritance.numbers)
    }

    private func spawnBroker(
        _ kind: Child.Kind, _ namespace: Int, _ control: Int32
    ) throws(SealingError) -> ChildProcess {
        var isPrivileged = false
        if case .broker = kind { isPrivileged = true }
        let served = namespace == 0 ? nil : namespaces.served[namespace - 1]
        var protocols = Supervisor.readerProtocols
        if case .broker(_, let session) = kind, let record = sessions[session] {
            protocols = [Int32(record.assignment.protocolNumber)]
        }
        let options = BrokerOptions(
            seal: sealOptions(isPrivileged ? users.broker : users.reader), isPrivileged: isPrivileged,
            networkNamespace: UInt16(namespace), networkNamespaceName: served?.name ?? "",
            networkNamespaceDescriptor: served == nil ? nil : 4, protocols: protocols,
            burstBuffer: UInt64(limits.burstBuffer), burstBudget: UInt64(limits.burstBudget),
            receiveBuffer: UInt32(clamping: limits.receiveBuffer))
        return try spawn(
            images.broker, arguments: options.arguments,
            descriptors: [null.raw, null.raw, 2, control] + (served.map { [$0.descriptor.raw] } ?? []))
    }

    private func spawnCompiler(_ control: Int32) throws(SealingError) -> ChildProcess {
        guard let input = compilation?.input else { preconditionFailure("there is nothing to compile") }
        let source: CompilerOptions.Source =
            switch input.source {
            case .builtin(let name): .builtin(name)
            case .file: .file(name: input.name)
            }
        return try spawn(
            images.compiler,
            arguments: CompilerOptions(seal: sealOptions(users.compiler), source: source).arguments,
            descriptors: [null.raw, null.raw, 2, control] + (input.file.map { [$0.descriptor.raw] } ?? []))
    }

    private func sealOptions(_ user: Users.User?) -> SealOptions {
        SealOptions(
            uid: user?.uid, gid: user?.gid, supervisorPID: getpid(), descriptorLimit: limits.descriptors,
            insecureOldKernel: options.insecureOldKernel)
    }

    /// A process ended: its sessions end with it, and a standing one is started again, later each time.
    func childEnded(_ child: Child, _ status: ExitStatus) {
        guard children.removeValue(forKey: child.number) != nil else { return }
        epoll.remove(child.control.raw)
        epoll.remove(child.process.descriptor.raw)
        for session in child.sessions { forget(session) }
        for peer in child.adopted.values { forget(peer) }
        answerStatus()
        if isStopping { return }
        switch child.kind {
        case .compiler: finishCompilation(status)
        case .broker(_, let session):
            guard !child.isReady else {
                if status != .exited(0) { log("\(child.kind.name) ended with \(status)", .warning) }
                return
            }
            log("\(child.kind.name) ended with \(status) before it was ready", .error)
            refuse(session, "the session's process could not be started")
        case .keeper where !keeperEnded(child, status): return
        case .frontend, .reader, .keeper:
            log("\(child.kind.name) ended with \(status)", .warning)
            guard child.isReady, isServing else {
                failure = failure ?? "\(child.kind.name) ended with \(status) before it was ready"
                if isServing { restart(child.kind) }
                return
            }
            restart(child.kind)
        }
    }

    /// Back-off: 100 ms, doubled with each death within a minute, at most 10 s; a gateway whose processes die all the
    /// time ends, so that whoever watches it takes notice.
    private func restart(_ kind: Child.Kind) {
        restartCount += 1
        deaths = deaths.filter { now - $0 < 60_000 } + [now]
        guard deaths.count <= Supervisor.mostDeaths else {
            writeLog(.error, "\(deaths.count) processes died within a minute; giving up")
            return stop(exitCode: 1)
        }
        let delay = min(100 << UInt64(min(deaths.count - 1, 7)), 10_000)
        restarts.append((now + UInt64(delay), kind))
    }

    /// Starts what is due.
    func startDue() {
        let due = restarts.filter { $0.at <= now }
        restarts.removeAll { $0.at <= now }
        for entry in due {
            do throws(SealingError) {
                _ = try start(entry.kind)
                log("\(entry.kind.name) started again")
            } catch {
                log("\(error)", .error)
                restart(entry.kind)
            }
        }
    }
}

/// Files that a process is started with, as its descriptors from 4 on.
private struct Inheritance {
    private var opened: [PassedDescriptor] = []

    var next: Int32 { 4 + Int32(opened.count) }
    var numbers: [Int32] { opened.map { $0.descriptor.raw } }

    /// The number under which the process finds the file; nil when there is none.
    mutating func add(_ file: CredentialFiles.File?, for kind: Child.Kind) throws(SealingError) -> Int32? {
        guard let file else { return nil }
        do throws(Errno) {
            let number = next
            opened.append(PassedDescriptor(try file.reopened()))
            return number
        } catch {
            throw .spawn(kind.name, error)
        }
    }
}
