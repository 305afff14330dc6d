import ArgumentParser
import Foundation
import GatewayIPC
import LinuxSys

/// `nlgate status`: what goes on in this host's gateway.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show sessions, processes, listeners and certificates of this host's gateway.",
        discussion: """
            Rates are averages since the session began; with --watch they are those of the last interval. --prometheus \
            prints the text format of Prometheus, and --output puts it whole into a file for node_exporter's textfile \
            collector, as nlgate-metrics.timer does.
            """)

    @Option(help: "The daemon's admin socket.")
    var admin = usualAdminPath

    @Flag(name: .shortAndLong, help: "One JSON document; with --watch one a line.")
    var json = false

    @Flag(help: "The text format of Prometheus.")
    var prometheus = false

    @Flag(name: .shortAndLong, help: "Again and again, until it is stopped.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two looks of --watch.", valueName: "seconds"))
    var interval = 2.0

    @Option(name: .shortAndLong, help: ArgumentHelp("Put it into this file, whole or not at all.", valueName: "file"))
    var output: String?

    func validate() throws {
        if json, prometheus { throw ValidationError("--json and --prometheus exclude each other") }
        if watch, prometheus || output != nil { throw ValidationError("--watch goes with the table and --json only") }
        guard (0.1...86_400).contains(interval) else { throw ValidationError("--interval is 0.1 to 86400 seconds") }
    }

    func run() throws {
        var last: StatusReport?
        let isTerminal = isatty(1) == 1
        repeat {
            let report = try StatusReport(AdminClient(path: admin).ask(5))
            let text = text(report, since: last)
            if let output {
                try StatusCommand.replace(output, with: text)
            } else {
                // Home, and nothing left of the last look.
                Terminal.output.write(watch && !json && isTerminal ? "\u{1b}[H\u{1b}[2J" + text : text)
            }
            last = report
            if watch { Thread.sleep(forTimeInterval: interval) }
        } while watch
    }

    private func text(_ report: StatusReport, since last: StatusReport?) -> String {
        if json { return report.json.text + "\n" }
        if prometheus { return report.metrics }
        return StatusTable(report, since: last, seconds: interval).text
    }

    /// Nobody ever reads half a file.
    private static func replace(_ path: String, with text: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        } catch {
            throw Failure(1, "\(path): \(error.localizedDescription)")
        }
    }
}
