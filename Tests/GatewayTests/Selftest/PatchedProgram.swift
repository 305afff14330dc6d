import Foundation

/// A program of this package with some of its functions emptied: what a faulty or hostile build of it would be.
///
/// Reads as much of ELF64 as that takes (elf.h).
struct PatchedProgram {
    private var bytes: [UInt8]

    init(path: String) throws {
        bytes = Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// Makes the function return 0 at once.
    ///
    /// A Swift function that throws returns without an error then.
    mutating func empty(_ name: (String) -> Bool) throws {
        let found = symbols().filter { name($0.name) }
        guard found.count == 1, let address = found.first?.address, let offset = fileOffset(of: address) else {
            throw ToolFailure(description: "\(found.count) functions have that name")
        }
        #if arch(arm64)
            // mov w0, #0; ret
            let code: [UInt8] = [0, 0, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6]
        #else
            // xor %eax, %eax; ret
            let code: [UInt8] = [0x31, 0xc0, 0xc3]
        #endif
        bytes.replaceSubrange(offset..<offset + code.count, with: code)
    }

    func write(to path: String) throws {
        guard
            FileManager.default.createFile(atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o755])
        else { throw ToolFailure(description: "can't write \(path)") }
    }

    private func number(_ offset: Int, _ width: Int) -> Int {
        (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    /// Offset and size of the sections of this type: SHT_SYMTAB is 2.
    private func section(_ index: Int) -> (type: Int, offset: Int, size: Int, link: Int) {
        let header = number(0x28, 8) + index * number(0x3a, 2)
        return (number(header + 4, 4), number(header + 24, 8), number(header + 32, 8), number(header + 40, 4))
    }

    private func symbols() -> [(name: String, address: Int)] {
        let sections = (0..<number(0x3c, 2)).map { section($0) }
        guard let table = sections.first(where: { $0.type == 2 }) else { return [] }
        let names = sections[table.link].offset
        return stride(from: table.offset, to: table.offset + table.size, by: 24).compactMap { entry in
            // STT_FUNC
            guard bytes[entry + 4] & 15 == 2 else { return nil }
            let name = bytes[(names + number(entry, 4))...].prefix { $0 != 0 }
            return (String(decoding: name, as: UTF8.self), number(entry + 8, 8))
        }
    }

    /// Where in the file the loaded address is (PT_LOAD).
    private func fileOffset(of address: Int) -> Int? {
        for index in 0..<number(0x38, 2) {
            let header = number(0x20, 8) + index * number(0x36, 2)
            let (offset, start, size) = (number(header + 8, 8), number(header + 16, 8), number(header + 32, 8))
            if number(header, 4) == 1, address >= start, address < start + size { return address - start + offset }
        }
        return nil
    }
}
