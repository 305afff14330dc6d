import Confinement
import Glibc
import LinuxSys

/// Seals the process as asked and runs the action; the exit status tells: 0 done, 20 to 24 the stage that threw.
func run(_ options: Options) -> Never {
    let control = Descriptor(owning: 3)
    func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = try? control.send(bytes.span)
    }
    func stop(_ code: Int32, _ error: SealingError) -> Never {
        say("error: \(error)")
        exit(code)
    }
    var sealing: Sealing
    do throws(SealingError) { sealing = try Sealing(options.plan(parent: getppid())) } catch { stop(20, error) }
    do throws(SealingError) { try sealing.isolate() } catch { stop(21, error) }
    do throws(SealingError) { try sealing.lockSystemCalls() } catch { stop(22, error) }
    let report: SealingReport
    do throws(SealingError) { report = try sealing.finish() } catch { stop(23, error) }
    let bytes = report.encode()
    _ = try? control.send(bytes.span)
    exit(0)
}
