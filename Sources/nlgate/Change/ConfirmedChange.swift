import Glibc
import LinuxSys
import RemoteNetlink

/// A change that the gateway undoes unless somebody keeps it.
struct ConfirmedChange {
    let connection: ConnectionOptions
    let seconds: Int

    func run(_ change: (IPRoute) async throws -> Reply) async throws {
        guard (1...3600).contains(seconds) else { throw Failure(2, "--confirm-within takes 1 to 3600 seconds") }
        guard try connection.url() != nil else {
            throw Failure(2, "--confirm-within needs --host: it is a gateway that undoes the change")
        }
        let ip = try await connection.ip(readOnly: false)
        do {
            let transaction = try await ip.begin(confirmWithin: .seconds(seconds))
            try await make(change, transaction)
        } catch let error as NetlinkError {
            throw Failure(error)
        }
    }

    private func make(
        _ change: (IPRoute) async throws -> Reply, _ transaction: Transaction
    ) async throws {
        do {
            let reply = try await change(transaction.ip)
            if let warning = reply.warning { printError("nlgate: \(warning)") }
        } catch {
            await transaction.rollBack()
            throw error
        }
        guard isKept() else {
            let said = await transaction.rollBack()
            throw Failure(1, "not confirmed: the change is undone\(said.map { " (\($0))" } ?? "")")
        }
        do throws(NetlinkError) {
            try await transaction.confirm()
        } catch {
            await transaction.rollBack()
            throw Failure(1, "can't confirm: \(error); the gateway undoes the change")
        }
    }

    /// Asks on a terminal; without one the way to the gateway is what counts, and that is asked afterwards.
    private func isKept() -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return true }
        // The gateway's time runs already.
        let patience = max(seconds - 1, 1)
        printError("Keep the change? Press Enter within \(patience) seconds; otherwise it is undone.")
        do throws(Errno) {
            let terminal = try Descriptor.open("/dev/stdin", flags: O_RDONLY | O_NONBLOCK)
            guard try terminal.wait(for: .read, milliseconds: Int32(patience) * 1000) else { return false }
            var buffer = [UInt8](repeating: 0, count: 256)
            guard case .bytes(let count) = try terminal.read(into: &buffer, count: buffer.count) else { return false }
            // The end of the input is no yes.
            return count > 0
        } catch {
            return false
        }
    }
}
