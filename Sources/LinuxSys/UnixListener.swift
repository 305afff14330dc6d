import Glibc

/// Binds a Unix socket, with its permissions right from the start; a dead socket of the same name is replaced, a live
/// one and any other file is not.
///
/// With a path of nil the name is abstract, and `mode` means nothing. The corresponding C functions are `connect` and
/// `bind`.
///
/// - Throws: `EADDRINUSE` when somebody listens there, or another file has the name, and what else `bind` reports.
public func boundUnixSocket(_ address: SocketAddress, path: String?, mode: UInt32) throws(Errno) -> Descriptor {
    let socket = try Descriptor.streamSocket(for: address)
    guard let path else {
        try socket.bind(to: address)
        return socket
    }
    if isDeadSocket(path, address) { removeFile(path) }
    // The path gets the socket's own permissions: setting them by name could hit a file put in its place.
    try socket.setPermissions(mode: mode)
    let previous = umask(0)
    defer { _ = umask(previous) }
    try socket.bind(to: address)
    return socket
}

/// True for a socket that nobody listens on any more.
private func isDeadSocket(_ path: String, _ address: SocketAddress) -> Bool {
    guard let status = try? FileStatus(ofPath: path), status.kind == .socket else { return false }
    do throws(Errno) {
        _ = try Descriptor.streamSocket(for: address).connect(to: address)
        return false
    } catch {
        return error.rawValue == ECONNREFUSED
    }
}
