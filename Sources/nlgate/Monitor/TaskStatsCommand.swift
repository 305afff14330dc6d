import ArgumentParser
import Foundation
import NetlinkFamilies
import RemoteNetlink

/// `nlgate taskstats`.
struct TaskStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "taskstats", abstract: "What a process or thread has used, or those that end.",
        discussion: "Ids are those of the kernel that is asked.")

    @Option(help: "A thread's id.")
    var pid: UInt32?

    @Option(help: "A process's id: the sum of its threads' delays.")
    var tgid: UInt32?

    @Option(help: "Tasks that end on these processors, such as 0-3,7.")
    var exits: String?

    @OptionGroup var connection: ConnectionOptions

    @Flag(name: [.customShort("j"), .long], help: "One JSON object a line.")
    var json = false

    func validate() throws {
        guard [pid != nil, tgid != nil, exits != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("exactly one of --pid, --tgid and --exits is needed")
        }
    }

    func run() async throws {
        do {
            let tasks = try await client()
            if let pid { return try print(.pid(pid), try await tasks.stats(pid: pid)) }
            if let tgid { return try print(.tgid(tgid), try await tasks.stats(tgid: tgid)) }
            for try await element in tasks.exits(cpus: exits ?? "") {
                switch element {
                case .exit(let subject, let statistics): try print(subject, statistics)
                case .lost: printError("nlgate: tasks ended of which nothing is known")
                }
            }
        } catch let error as NetlinkError {
            if error.errno == ESRCH, let id = pid ?? tgid { throw Failure(1, "there is no task \(id)") }
            throw Failure(error)
        }
    }

    private func client() async throws -> TaskStats {
        let target = try connection.url()
        var settings = ConnectionSettings()
        settings.networkNamespace = target == nil ? nil : connection.netns
        settings.clientName = "nlgate"
        guard let target else { return try await TaskStats(try NetlinkConnection(.generic, settings: settings)) }
        return try await TaskStats(
            try await NetlinkConnection(
                target, .generic, credentials: try connection.credentials(for: target), settings: settings))
    }

    private func print(_ subject: TaskSubject, _ statistics: TaskStatistics) throws {
        let object = Output.taskObject(subject, statistics)
        let text = json ? JSON.object(object).text + "\n" : Output.taskTable(object)
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}

/// Writes one line to standard error.
func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

extension Output {
    /// The fields under the names of `struct taskstats`, without `ac_`.
    static func taskObject(_ subject: TaskSubject, _ task: TaskStatistics) -> JSONObject {
        var object = JSONObject()
        switch subject {
        case .pid(let id): object["pid"] = JSON(id)
        case .tgid(let id): object["tgid"] = JSON(id)
        }
        object["comm"] = JSON(task.command.jsonText)
        object["ppid"] = JSON(task.parentPID)
        object["uid"] = JSON(task.uid)
        object["gid"] = JSON(task.gid)
        object["nice"] = JSON(Int32(task.nice))
        object["exitcode"] = JSON(task.exitCode)
        object["btime"] = JSON(task.begin64 ?? UInt64(task.begin))
        let numbers: [(String, UInt64)] = [
            ("etime_us", task.elapsed), ("utime_us", task.userTime), ("stime_us", task.systemTime),
            ("cpu_run_real_ns", task.cpuTime), ("minflt", task.minorFaults), ("majflt", task.majorFaults),
            ("hiwater_rss_kib", task.peakMemory), ("hiwater_vm_kib", task.peakVirtual),
            ("read_char", task.bytesRead), ("write_char", task.bytesWritten), ("read_syscalls", task.readCalls),
            ("write_syscalls", task.writeCalls), ("read_bytes", task.blockBytesRead),
            ("write_bytes", task.blockBytesWritten), ("nvcsw", task.voluntarySwitches),
            ("nivcsw", task.involuntarySwitches),
        ]
        for (name, value) in numbers { object[name] = JSON(value) }
        let delays: [(String, TaskStatistics.Delay?)] = [
            ("cpu", task.cpuDelay), ("blkio", task.blockDelay), ("swapin", task.swapDelay),
            ("freepages", task.reclaimDelay), ("thrashing", task.thrashingDelay), ("compact", task.compactionDelay),
            ("wpcopy", task.copyDelay), ("irq", task.interruptDelay),
        ]
        for (name, delay) in delays {
            object[name + "_count"] = delay.map { JSON($0.count) }
            object[name + "_delay_total_ns"] = delay.map { JSON($0.nanoseconds) }
        }
        return object
    }

    /// One line a field.
    static func taskTable(_ object: JSONObject) -> String {
        var columns = Columns()
        for (name, value) in object.entries {
            let text = if case .string(let text) = value { ByteString(text).description } else { value.text }
            columns.append([name, text])
        }
        return columns.text
    }
}
