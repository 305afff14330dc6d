import ArgumentParser
import Foundation
import Glibc

/// `nlgate selftest`: what confines the gateway, tried on this host.
struct SelftestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Prove on this host, with the installed programs, what confines the gateway.",
        discussion: """
            Starts a throwaway gateway in a network of its own, which nobody else can reach, and tries to break out of each \
            of its processes. One line for each measure: 'ok', 'FAILED', or 'not tried' with the reason, which says \
            nothing about the measure. The gateway that is in service is left alone, and nothing is left behind. Needs \
            root. Exit status: 0 nothing failed; 1 a measure failed, or nothing could be tried; 2 the words are wrong.
            """)

    @Option(help: "The daemon's file; the helpers are looked for beside it, then in /usr/libexec/nlgate.")
    var nlgated: String?

    @Flag(help: "One JSON object instead of the table.")
    var json = false

    @Flag(help: "A line for each attempt, and what an unconfined process could do.")
    var verbose = false

    @Flag(help: "What could not be tried counts as failed.")
    var strict = false

    func run() throws {
        guard geteuid() == 0 else {
            throw Failure(1, "selftest needs root, to make namespaces and trace processes; nothing was tried")
        }
        let output = SelftestOutput(json: json, verbose: verbose)
        let start = Date()
        do throws(SelftestStop) {
            let programs = try Programs(nlgated)
            try Selftest(programs) { output.take($0) }.run()
        } catch {
            output.stop(error.text)
        }
        output.finish(seconds: Date().timeIntervalSince(start))
        if output.hasFailed(strict: strict) { throw ExitCode(1) }
    }
}

/// Writes findings down as they come.
final class SelftestOutput {
    private let isJSON: Bool
    private let isVerbose: Bool
    private var findings: [Finding] = []
    private var stopped: String?

    init(json: Bool, verbose: Bool) {
        isJSON = json
        isVerbose = verbose
    }

    func take(_ finding: Finding) {
        findings.append(finding)
        guard !isJSON else { return }
        write(finding.verdict, "\(finding.process): \(finding.measure) — \(Terminal.visible(finding.summary))")
        guard isVerbose else { return }
        for attempt in finding.attempts {
            let before = attempt.before.map { " (unconfined: \($0))" } ?? ""
            write(attempt.verdict, "    \(attempt.tried) → \(Terminal.visible(attempt.happened))\(before)")
        }
    }

    /// Nothing more can be tried.
    func stop(_ text: String) {
        stopped = text
        if !isJSON { write(.failed, "selftest — \(Terminal.visible(text)); what would have followed was not tried") }
    }

    func finish(seconds: Double) {
        let (ok, failed, notTried) = (count(.ok), count(.failed), count(.notTried))
        guard isJSON else {
            var text = "\(ok) ok, \(failed) failed, \(notTried) not tried, in \(Int(seconds.rounded(.up))) s"
            if stopped != nil { text += "; stopped before the end" }
            return Terminal.output.write(text + "\n")
        }
        var object = JSONObject()
        object["ok"] = JSON(UInt(ok))
        object["failed"] = JSON(UInt(failed))
        object["notTried"] = JSON(UInt(notTried))
        object["stopped"] = stopped.map { JSON($0) }
        object["measures"] = .array(findings.map(\.json))
        Terminal.output.write(JSON.object(object).text + "\n")
    }

    func hasFailed(strict: Bool) -> Bool {
        stopped != nil || count(.failed) > 0 || count(.ok) == 0 || (strict && count(.notTried) > 0)
    }

    private func count(_ verdict: Verdict) -> Int { findings.count { $0.verdict == verdict } }

    private func write(_ verdict: Verdict, _ text: String) {
        let word = verdict.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
        let style: Terminal.Style =
            switch verdict {
            case .ok: .green
            case .failed: .red
            case .notTried: .yellow
            }
        Terminal.output.write(Terminal.output.paint(word, style) + " \(text)\n")
    }
}
