import Foundation
import LinuxSys
import Programs
import Synchronization
import Testing

/// The clients of 2013: releases of pyroute2 0.1, unmodified, under a Python 2.7.
enum OldClient {
    /// Why a test doesn't run where one of the two is missing.
    static let reason: Comment =
        "no Python 2.7, or no pyroute2 0.1 from the package index: recorded clients speak instead"

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A Python 2.7, found as the benchmark finds it.
    static let python = try? output(of: "bench/python27", [])

    /// The folder that holds each release; nil where it can't be had.
    private static let folders = Mutex<[String: String?]>([:])

    static func folder(_ version: String) -> String? {
        folders.withLock { folders in
            if let known = folders[version] { return known }
            let folder = root.path() + ".build/pyroute2/" + version
            let fetched = (try? output(of: "Tests/python/fetch-pyroute2", [version, folder])) != nil
            folders[version] = .some(fetched ? folder : nil)
            return fetched ? folder : nil
        }
    }

    /// Every release that speaks to a gateway; the package index has no 0.1.8 and no 0.1.11.
    static let versions = ["0.1.4", "0.1.5", "0.1.6", "0.1.7", "0.1.9", "0.1.10", "0.1.12"]
    /// One of each kind: what 0.1.4 and 0.1.5, what those until 0.1.7, and what the later ones have in common.
    static let kinds = ["0.1.4", "0.1.7", "0.1.12"]

    static func isAvailable(_ versions: [String]) -> Bool {
        python != nil && versions.allSatisfy { folder($0) != nil }
    }

    /// A script of the repository with the environment of the tests, as the package index may need it.
    static func output(of script: String, _ arguments: [String]) throws -> String {
        try FinishedProgram(root.path() + script, arguments, seconds: 600).successful()
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts `old_client.py` in the calling thread's namespace.
    static func start(_ version: String, _ words: [String], log: String) throws -> RunningTool {
        guard let python, let folder = folder(version) else { throw ToolFailure(description: "no pyroute2 \(version)") }
        return try RunningTool(
            "/usr/bin/env",
            [
                "PYTHONPATH=" + folder, "PYTHONDONTWRITEBYTECODE=1", python, root.path() + "Tests/python/old_client.py",
                version,
            ]
                + words,
            log: log)
    }

    /// Runs `old_client.py` to its end; the only object that it printed.
    static func one(_ version: String, _ words: String..., in scratch: Scratch) throws -> [String: Any] {
        let objects = try run(version, words, in: scratch)
        guard let first = objects.first, objects.count == 1 else { throw ToolFailure(description: "\(objects)") }
        return first
    }

    /// Runs `old_client.py` to its end; the objects that it printed.
    static func run(_ version: String, _ words: [String], in scratch: Scratch) throws -> [[String: Any]] {
        let tool = try start(version, words, log: scratch.path + "/old-\(UUID().uuidString)")
        let status = try tool.wait(seconds: 240)
        guard status == .exited(0) else {
            throw ToolFailure(description: "pyroute2 \(version) \(words): \(status): \(tool.log)")
        }
        return try objects(tool.log)
    }

    /// The JSON objects among the lines of a log.
    static func objects(_ log: String) throws -> [[String: Any]] {
        try log.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

extension Gateway {
    /// What a client is called with.
    var unixURL: String { "unix://" + unixPath }
}

/// Pythons that are on the path or among pyenv's versions, one of each version.
enum Python {
    /// For `nlgate_client.py`.
    static let clients = list(from: 8)
    /// With pyroute2 0.9 beside them; none where the package index can't be had.
    static let withPyroute = list(from: 9).compactMap { python in
        try? OldClient.output(of: "Tests/python/make-venv", [python, OldClient.root.path() + ".build/pyroute2/0.9"])
    }

    private static func list(from minor: Int) -> [String] {
        let found = (try? OldClient.output(of: "Tests/python/find-pythons", ["\(minor)"])) ?? ""
        return found.split(separator: "\n").map(String.init)
    }
}
