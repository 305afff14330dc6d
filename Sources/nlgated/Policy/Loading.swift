import Confinement
import GatewayIPC
import LinuxSys
import Roles

/// How a policy comes into force: one compilation at a time, each by a process of its own, then all at once or not at
/// all.
extension Supervisor {
    /// Asks for a policy; its turn comes when those before it are done.
    ///
    /// Further wishes for the configured policy join one that hasn't begun and is the last.
    func requestPolicy(_ request: PolicyRequest) {
        if request.isConfigured, let last = policyRequests.indices.last, policyRequests[last].isConfigured {
            policyRequests[last].waiting += request.waiting
        } else {
            policyRequests.append(request)
        }
        compileNext()
    }

    /// Starts the next compilation unless one runs.
    func compileNext() {
        while compilation == nil, !isStopping, !policyRequests.isEmpty {
            let request = policyRequests.removeFirst()
            do throws(StartError) {
                try compile(request)
            } catch {
                compilation = nil
                refusePolicy(request, configuredName(request), "\(error)", [])
            }
        }
    }

    private func compile(_ request: PolicyRequest) throws(StartError) {
        let input =
            switch request.kind {
            case .configured: try PolicyInput(opening: options.policy)
            case .handed(let file): try PolicyInput(handed: file)
            }
        compilation = Compilation(request, input)
        do throws(SealingError) {
            _ = try start(.compiler)
        } catch {
            throw .sealing(error)
        }
    }

    private func configuredName(_ request: PolicyRequest) -> String {
        request.isConfigured ? options.policy.name : "the file that was handed over"
    }

    /// The compiler has ended.
    func finishCompilation(_ status: ExitStatus) {
        guard let done = compilation else { return }
        compilation = nil
        switch done.result(succeeded: status == .exited(0), status: "\(status)") {
        case .failure(let reason, let diagnostics):
            refusePolicy(done.request, done.input.name, reason, diagnostics)
        case .tables(let tables, let diagnostics):
            if tables.auditRequired, !audit.hasDestination {
                let reason = "'audit: required' needs an audit log, and the daemon runs with --audit none"
                refusePolicy(done.request, done.input.name, reason, diagnostics)
            } else {
                accept(tables, done, diagnostics)
            }
        }
        compileNext()
    }

    private func accept(_ tables: PolicyTables, _ done: Compilation, _ diagnostics: [String]) {
        let unserved = tables.unservedNamespaces(namespaces.names).map {
            "\(done.input.name): warning: a binding names the namespace \(printable($0)), which isn't served; "
                + "start the daemon with --netns \(printable($0))"
        }
        let warnings = diagnostics + unserved
        policyCount += 1
        let loaded = LoadedPolicy(
            number: policyCount, tables: tables, clientTable: tables.clientTable, name: done.input.name,
            loadedAt: Clock.unixMilliseconds(), warnings: warnings)
        let isFirst = policy == nil
        policy = loaded
        tellPolicy()
        for line in warnings { writeDiagnostic(line) }
        let text = "policy \(printable(loaded.name)) loaded: \(loaded.summary)"
        if !options.checkOnly { audit.reload(loaded.name, isLoaded: true, loaded.summary) }
        policyNews.append(PolicyNews(text: text, isFirst: isFirst, warnings: warnings, waiting: done.request.waiting))
        rejudge()
        if lastReview == nil { announcePolicy() }
    }

    /// Nobody has rights of the policy before any more: whoever wants to know gets to know.
    func announcePolicy() {
        for news in policyNews {
            if !news.isFirst {
                log(news.text)
                reloadVerdict = news.text
            }
            for client in news.waiting { admin.answer(client, ok: news.text, news.warnings, self) }
        }
        policyNews = []
        tellReloaded()
    }

    /// The service manager hears of a reload's end when the policy, the key and the certificates are in force, or won't
    /// be, and no frontend shakes hands by those before.
    func tellReloaded() {
        guard let text = reloadVerdict, renewal == nil, lastReview == nil,
            children.values.allSatisfy({ !$0.isFrontend || $0.linking == nil })
        else { return }
        reloadVerdict = nil
        notifier.ready(text)
    }

    /// Nothing changes; everybody who cares is told why.
    private func refusePolicy(_ request: PolicyRequest, _ name: String, _ reason: String, _ diagnostics: [String]) {
        for line in diagnostics { writeDiagnostic(line) }
        let text = "policy \(printable(name)) not loaded: \(reason)"
        if policy == nil {
            failure = failure ?? text
        } else {
            log("\(text); the one before stays in force", .error)
            reloadVerdict = "\(text); the one before stays in force"
            tellReloaded()
        }
        if !options.checkOnly { audit.reload(name, isLoaded: false, reason) }
        for client in request.waiting { admin.answer(client, error: text, diagnostics, self) }
    }

    /// SIGHUP: the configured policy, the key and the certificates are read again, and the audit log is opened again.
    func reload() {
        audit.reopen()
        notifier.reloading()
        renewCredentials()
        requestPolicy(PolicyRequest(kind: .configured, waiting: []))
    }

    /// What is in force and what was warned of.
    func policyStatus() -> (text: String, lines: [String]) {
        guard let policy else { return ("no policy is loaded", []) }
        let lines = [
            "policy: \(printable(policy.name))", "loaded: \(timestamp(policy.loadedAt))", "holds: \(policy.summary)",
            "audit: \(audit.status)", "warnings: \(policy.warnings.count)",
        ]
        return ("the policy in force", lines + policy.warnings)
    }
}
