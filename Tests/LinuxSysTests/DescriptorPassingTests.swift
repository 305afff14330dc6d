import CHostile
import Foundation
import Glibc
import LinuxSys
import Testing

/// How many descriptors of this process are open on that file.
private func openCount(_ path: String) -> Int {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return all.count { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path }
}

/// A file that only this test has open.
private final class Marker {
    let path: String
    let descriptor: Descriptor

    init() throws {
        path = "/tmp/nlgate-marker-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        descriptor = try Descriptor.open(path, flags: O_RDWR | O_CREAT | O_EXCL)
    }

    deinit { removeFile(path) }
}

/// Two ends of a SEQPACKET pair as something that a test can hold.
private final class Pair {
    let near: Descriptor
    let far: Descriptor

    init() throws {
        let ends = try Descriptor.packetPair().release()
        near = Descriptor(owning: ends.ours)
        far = Descriptor(owning: ends.theirs)
    }

    /// Sends three bytes with so many copies of a descriptor.
    func sendHostile(_ fd: Int32, count: Int32) throws {
        // SAFETY: the C function reads three bytes of the array.
        try #require(unsafe hostile_send(near.raw, [1, 2, 3], 3, fd, count) == 0)
    }

    /// What arrived, and whether a descriptor came with it.
    func receive() throws(Errno) -> (transfer: Transfer, descriptor: Bool) {
        var buffer = [UInt8](repeating: 0, count: 8)
        var passed: Descriptor?
        let transfer = try far.receivePacket(into: &buffer, taking: &passed)
        return (transfer, passed != nil)
    }
}

private func failure(_ body: () throws(Errno) -> some Any) -> Errno? {
    do throws(Errno) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

@Suite struct DescriptorPassingTests {
    @Test func `one descriptor arrives, and is another for the same file`() throws {
        let pair = try Pair()
        let marker = try Marker()
        #expect(try pair.near.send([1, 2, 3].span, passing: marker.descriptor.raw) == .bytes(3))
        var buffer = [UInt8](repeating: 0, count: 8)
        var passed: Descriptor?
        #expect(try pair.far.receivePacket(into: &buffer, taking: &passed) == .bytes(3))
        #expect(Array(buffer[..<3]) == [1, 2, 3])
        let arrived = passed != nil
        #expect(arrived)
        #expect(openCount(marker.path) == 2)
        passed = nil
        #expect(openCount(marker.path) == 1)
    }

    @Test func `a packet without a descriptor takes none`() throws {
        let pair = try Pair()
        #expect(try pair.near.send([1].span, passing: -1) == .bytes(1))
        let received = try pair.receive()
        #expect(received.transfer == .bytes(1))
        #expect(!received.descriptor)
    }

    @Test(arguments: [2, 3, 8, 9, 16] as [Int32])
    func `several descriptors are EPROTO and none leaks`(count: Int32) throws {
        let pair = try Pair()
        let marker = try Marker()
        try pair.sendHostile(marker.descriptor.raw, count: count)
        #expect(failure { () throws(Errno) in try pair.receive() }?.rawValue == EPROTO)
        #expect(openCount(marker.path) == 1)
    }

    @Test(arguments: [1, 2] as [Int32])
    func `a descriptor where none is expected is EPROTO and doesn't leak`(count: Int32) throws {
        let pair = try Pair()
        let marker = try Marker()
        try pair.sendHostile(marker.descriptor.raw, count: count)
        let error = failure { () throws(Errno) in
            var buffer = [UInt8](repeating: 0, count: 8)
            return try pair.far.receivePacket(into: &buffer, count: 8)
        }
        #expect(error?.rawValue == EPROTO)
        #expect(openCount(marker.path) == 1)
    }

    @Test func `a packet that is longer than the buffer is EPROTO, its descriptor doesn't leak`() throws {
        let pair = try Pair()
        let marker = try Marker()
        #expect(try pair.near.send([UInt8](repeating: 0, count: 9).span, passing: marker.descriptor.raw) == .bytes(9))
        #expect(failure { () throws(Errno) in try pair.receive() }?.rawValue == EPROTO)
        #expect(openCount(marker.path) == 1)
    }

    @Test func `an empty pair would block, a closed one is closed`() throws {
        let pair = try Pair()
        #expect(try pair.receive().transfer == .wouldBlock)
        pair.near.shutdown(write: false)
        #expect(try pair.receive().transfer == .closed)
    }
}

@Suite struct DescriptorTests {
    @Test func `a descriptor is closed with its owner, unless it was released`() throws {
        let marker = try Marker()
        do {
            let copy = try marker.descriptor.duplicate(above: 50)
            #expect(copy.raw >= 50)
            #expect(openCount(marker.path) == 2)
        }
        #expect(openCount(marker.path) == 1)
        let raw = try marker.descriptor.duplicate().release()
        #expect(openCount(marker.path) == 2)
        _ = Descriptor(owning: raw)
        #expect(openCount(marker.path) == 1)
    }

    @Test func `what can't be opened says why`() {
        for (path, code) in [("/nonexistent", ENOENT), ("/proc/self/status/x", ENOTDIR), ("/tmp", EISDIR)] {
            #expect(
                failure { () throws(Errno) in try Descriptor.open(path, flags: O_RDWR).release() }?.rawValue == code)
        }
        #expect(Errno(rawValue: ENOENT).description == "No such file or directory")
    }

    @Test func `a file is read whole, and not beyond the limit`() throws {
        let marker = try Marker()
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        var written = 0
        while written < content.count {
            guard case .bytes(let count) = try marker.descriptor.write(content.span.extracting(written..<content.count))
            else { break }
            written += count
        }
        func read(_ limit: Int) throws(Errno) -> [UInt8] {
            try Descriptor.open(marker.path, flags: O_RDONLY).readAll(limit: limit)
        }
        #expect(try read(200_000) == content)
        #expect(failure { () throws(Errno) in try read(199_999) }?.rawValue == EFBIG)
    }

    @Test func `what a file is`() throws {
        let marker = try Marker()
        let status = try FileStatus(of: marker.descriptor)
        #expect(status.kind == .regular)
        #expect(status.permissions == 0o600)
        #expect(status.uid == getuid())
        try marker.descriptor.setPermissions(mode: 0o640)
        #expect(try FileStatus(ofPath: marker.path).permissions == 0o640)
        #expect(try FileStatus(ofPath: "/tmp").kind == .directory)
        #expect(try FileStatus(ofPath: "/dev/null").kind == .other)
        #expect(failure { () throws(Errno) in try FileStatus(ofPath: marker.path + "x") }?.rawValue == ENOENT)
    }
}
