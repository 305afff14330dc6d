internal import CLinux
import Glibc

/// The owner of one file descriptor; closes it when it goes away.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that this module doesn't wrap.
    ///
    /// It is valid as long as the owner lives.
    public let raw: Int32

    /// Takes ownership of an open descriptor.
    public init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        _ = Glibc.close(raw)
    }

    /// Gives the number up without closing it.
    public consuming func release() -> Int32 {
        let raw = self.raw
        discard self
        return raw
    }

    /// A second descriptor for the same open file, close-on-exec.
    ///
    /// - Throws: `EMFILE` and what `fcntl` reports. The corresponding C function is `fcntl`.
    public func duplicate(above lowest: Int32 = 3) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(nlg_dup_above(raw, lowest)))
    }

    /// Opens a file, close-on-exec.
    ///
    /// - Throws: what `open` reports. The corresponding C function is `open`.
    public static func open(_ path: String, flags: Int32, mode: UInt32 = 0o600) throws(Errno) -> Descriptor {
        // SAFETY: the C function only reads the NUL-terminated path during the call.
        Descriptor(owning: try check(unsafe nlg_open(path, flags, mode)))
    }

    /// Reads up to `count` bytes into `buffer` at `offset`, which must have room for them.
    ///
    /// - Throws: what `read` reports, but for `EAGAIN`. The corresponding C function is `read`.
    public func read(into buffer: inout [UInt8], at offset: Int = 0, count: Int) throws(Errno) -> Transfer {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "read past the buffer")
        // SAFETY: the range was checked against the buffer right above.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            var result: Int
            repeat {
                result = unsafe Glibc.read(raw, bytes.baseAddress.map { unsafe $0 + offset }, count)
            } while result < 0 && errno == EINTR
            return result
        }
        return try transfer(result)
    }

    /// Writes as many of `bytes` as the descriptor takes now.
    ///
    /// - Throws: what `write` reports, but for `EAGAIN`. The corresponding C function is `write`.
    public func write(_ bytes: Span<UInt8>) throws(Errno) -> Transfer {
        // SAFETY: the pointer and the count are the span's own.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            var result: Int
            repeat {
                result = unsafe Glibc.write(raw, bytes.baseAddress, bytes.count)
            } while result < 0 && errno == EINTR
            return result
        }
        return try transfer(result)
    }

    /// Reads to the end of a file, at most `limit` bytes.
    ///
    /// - Throws: `EFBIG` when there is more than `limit`, and what `read` reports.
    public func readAll(limit: Int) throws(Errno) -> [UInt8] {
        var content = [UInt8]()
        var chunk = [UInt8](repeating: 0, count: min(limit + 1, 64 * 1024))
        while true {
            switch try read(into: &chunk, count: chunk.count) {
            case .bytes(let count):
                content.append(contentsOf: chunk[..<count])
                guard content.count <= limit else { throw Errno(rawValue: EFBIG) }
            case .closed: return content
            case .wouldBlock: throw Errno(rawValue: EAGAIN)
            }
        }
    }
}

/// Both ends of something.
public struct DescriptorPair: ~Copyable, Sendable {
    /// The end that stays.
    public let ours: Descriptor
    /// The end that is handed over.
    public let theirs: Descriptor

    /// Pairs two descriptors.
    public init(ours: consuming Descriptor, theirs: consuming Descriptor) {
        self.ours = ours
        self.theirs = theirs
    }

    /// Takes the pair apart; the caller owns both numbers from here on.
    public consuming func release() -> (ours: Int32, theirs: Int32) {
        (ours.release(), theirs.release())
    }
}
