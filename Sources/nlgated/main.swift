// The supervisor: opens files and listeners, starts, watches and restarts the other processes, and hands out
// descriptors. It parses no byte that a client wrote. Its own sealing is less than the others': see SECURITY.md.

import Confinement
import Glibc
import LinuxSys

ignoreSIGPIPE()
var exitCode: Int32 = 0
do throws(StartError) {
    SupervisorSealing.reexecIfEnvironmentIsDirty(adding: try ServiceManager.fromEnvironment().words)
    setProcessName("nlgated")
    var words = Array(CommandLine.arguments.dropFirst())
    let manager = try ServiceManager(takingFrom: &words)
    SupervisorSealing.normaliseDescriptors(keeping: manager.socketNames.count)
    let given = try manager.sockets()
    let activated = given.compactMap(\.activated)
    let options = try Options(try ConfigurationReader.settings(words, activated), activated: activated)
    if options.printsConfiguration { throw .help(options.asConfiguration) }
    printInsecureChoices(options)
    let files = try CredentialFiles(options)
    let users = try Users(options)
    let namespaces = try Namespaces(options)
    let images = try Images()
    let limits = try options.limits.fitted()
    let listeners = try Listeners(options, given)
    defer { listeners.removePaths() }
    let admin = try AdminSocket(options)
    defer { admin.removePath() }
    let audit = try AuditLog(options.audit)
    let signals = try queuedSignals()
    let notifier = try Notifier(manager)
    let report = try sealed(options)
    let supervisor = try Supervisor(
        options, limits: limits, files: files, users: users, namespaces: namespaces, images: images,
        listeners: listeners, admin: admin, audit: audit, signals: signals, notifier: notifier, report: report)
    try supervisor.startStandingProcesses()
    if options.checkOnly, !supervisor.isStopping {
        // What is inside the files is known only now: the frontends have parsed them.
        writeLog(.info, "the command line and the files are usable")
        supervisor.stop(exitCode: 0)
    } else {
        try supervisor.watchStandardInput()
        try supervisor.listen()
        supervisor.announceListening()
    }
    exitCode = supervisor.run()
} catch {
    if case .help(let text) = error { print(text) } else { writeLog(.error, "\(error)") }
    exitCode = error.exitCode
}
exit(exitCode)
