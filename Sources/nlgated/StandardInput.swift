import LinuxSys

/// `--stop-on-eof`: whoever started the daemon holds the other end of standard input, and the daemon goes with it.
extension Supervisor {
    /// Starts to watch standard input, where that was asked for.
    func watchStandardInput() throws(StartError) {
        guard options.stopOnEOF else { return }
        try attempt("standard input") { () throws(Errno) in
            try epoll.add(standardInput.raw, .read, token: Token.standardInput)
        }
    }

    /// Tells a program at the other end, if it is a socket, that clients may come.
    func announceListening() {
        guard options.stopOnEOF else { return }
        _ = try? standardInput.write(Array("listening\n".utf8).span)
    }

    /// What the program says is of no interest; its end is.
    func readStandardInput() {
        var buffer = [UInt8](repeating: 0, count: 256)
        if case .bytes? = try? standardInput.read(into: &buffer, count: buffer.count) { return }
        epoll.remove(standardInput.raw)
        log("standard input has ended: stopping")
        stop(exitCode: 0)
    }
}

/// Open as long as the daemon runs.
private let standardInput = Descriptor(owning: 0)
