import CProbe
import Confinement
import Glibc
import LinuxSys

let control = Descriptor(owning: 3)

/// One message to whoever started the probe.
func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = try? control.send(bytes.span)
}

func stop(_ code: Int32, _ error: SealingError) -> Never {
    say("error: \(error)")
    exit(code)
}

/// Seals the process and acts at the stage that was asked for; 20 to 23 tell which stage threw.
func runSealed(_ options: Options) -> Never {
    if let action = options["before"] { say("before: \(inChild(action))") }
    if options["thread"] != nil { _ = probe_start_thread() }
    var sealing: Sealing
    do throws(SealingError) { sealing = try Sealing(options.plan(parent: getppid())) } catch { stop(20, error) }
    act(options, at: "start")
    do throws(SealingError) { try sealing.isolate() } catch { stop(21, error) }
    act(options, at: "isolated")
    do throws(SealingError) { try sealing.lockSystemCalls() } catch { stop(22, error) }
    act(options, at: "locked")
    do throws(SealingError) {
        let report = try sealing.finish()
        let bytes = report.encode()
        _ = try? control.send(bytes.span)
    } catch { stop(23, error) }
    act(options, at: "finished")
    if options["serve"] != nil, options.role == .compiler {
        // It can't receive: nobody has anything to tell it.
        _ = try? control.wait(for: .read, milliseconds: 30_000)
    } else if options["serve"] != nil {
        serve(&sealing)
    }
    exit(0)
}

private func act(_ options: Options, at stage: String) {
    guard options["at"] ?? "finished" == stage, let action = options["act"] else { return }
    if action == "hold" {
        say("holding")
        _ = try? control.wait(for: .read, milliseconds: 30_000)
        exit(0)
    }
    say("after: \(perform(action))")
    if stage != "finished" { exit(0) }
}

/// What the action answers while nothing is sealed, in a child, so that it leaves nothing behind.
private func inChild(_ action: String) -> Int64 {
    let name = Context(action)
    let status = unsafe probe_in_child(
        { context in
            guard let context = unsafe context else { return 255 }
            // SAFETY: the pointer is the object that lives until the child has ended.
            let action = unsafe Unmanaged<Context>.fromOpaque(context).takeUnretainedValue().action
            let result = perform(action)
            return result >= 0 ? 0 : Int32(truncatingIfNeeded: -result)
        }, Unmanaged.passUnretained(name).toOpaque(), 5000)
    return withExtendedLifetime(name) { status & 0x7f == 0 ? -Int64(status >> 8) : -1000 - Int64(status & 0x7f) }
}

private final class Context {
    let action: String
    init(_ action: String) { self.action = action }
}

/// Obeys one-word commands until the control socket closes.
private func serve(_ sealing: inout Sealing) {
    var admin: NetAdmin?
    var sockets: [Socket] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    func answer(_ name: String, _ body: () throws -> Void) {
        do {
            try body()
            say("\(name): done")
        } catch { say("\(name): \(error)") }
    }
    while (try? control.wait(for: .read, milliseconds: 30_000)) == true {
        guard case .bytes(let count)? = try? control.receivePacket(into: &buffer, count: 256) else { break }
        let command = String(decoding: buffer[..<count], as: UTF8.self)
        switch command {
        case "raise":
            answer(command) {
                if admin == nil { admin = try NetAdmin() }
                try admin?.raise()
            }
        case "lower": answer(command) { try admin?.lower() }
        case "open": answer(command) { sockets.append(try Socket()) }
        case "write": say("write: \(sockets.last.map { writeLink($0.descriptor) } ?? 1002)")
        case "drop": answer(command) { try sealing.dropSocketCreation() }
        default: say("\(command): \(perform(command))")
        }
    }
}

private final class Socket {
    let descriptor: Descriptor
    init() throws(Errno) { descriptor = try Descriptor.netlink(protocolNumber: 0) }
}

/// Sets the loopback interface up and returns the kernel's answer.
private func writeLink(_ socket: borrowing Descriptor) -> Int32 {
    // nlmsghdr { 32, RTM_SETLINK, REQUEST|ACK, 1, 0 }, ifinfomsg { UNSPEC, 0, index 1, IFF_UP, change IFF_UP }
    let request: [UInt8] = [
        32, 0, 0, 0, 19, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
    ]
    guard case .bytes? = try? socket.send(request.span) else { return 1000 }
    var reply = [UInt8](repeating: 0, count: 4096)
    guard let datagram = try? socket.receiveNetlink(into: &reply, count: 4096), datagram.length >= 20 else {
        return 1001
    }
    return Int32(
        bitPattern: UInt32(reply[16]) | UInt32(reply[17]) << 8 | UInt32(reply[18]) << 16 | UInt32(reply[19]) << 24)
}
