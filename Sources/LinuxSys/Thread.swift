import Glibc

/// Starts a thread that runs `body` and ends with it; nobody waits for it.
///
/// The thread blocks every signal, so that a program's handlers run where they did without it. It is in the network
/// namespace of the thread that starts it. The corresponding C function is `pthread_create`.
///
/// - Throws: `EAGAIN` when there are too many threads, and what else `pthread_create` reports.
public func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let start = ThreadStart(name: name, body: body)
    // SAFETY: the new thread takes over the reference; when there is none, it is given back right below.
    let reference = unsafe Unmanaged.passRetained(start)
    var thread = pthread_t()
    var all = sigset_t()
    var before = sigset_t()
    // SAFETY: each call reads or writes one sigset_t; the mask is the calling thread's, put back right below.
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    // SAFETY: the pointer is the reference from above, of which the function makes an object again.
    let result = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                setProcessName(start.name)
                start.body()
            }
            return nil
        }, reference.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    guard result == 0 else {
        unsafe reference.release()
        throw Errno(rawValue: result)
    }
    _ = pthread_detach(thread)
}

/// What a new thread runs.
private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}
