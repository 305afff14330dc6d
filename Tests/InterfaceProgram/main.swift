// Prints what the C library's getifaddrs says to a Swift program.
import Glibc

var list: UnsafeMutablePointer<ifaddrs>?
// SAFETY: the C library makes the list and ends it with a null pointer; nothing of it is kept after it is freed.
guard unsafe getifaddrs(&list) == 0 else {
    print("getifaddrs: \(errno)")
    exit(1)
}
var next = unsafe list
while let entry = unsafe next?.pointee {
    let name = unsafe String(cString: entry.ifa_name)
    let family = unsafe entry.ifa_addr?.pointee.sa_family ?? 0
    // IFF_RUNNING comes and goes.
    unsafe print(name, family, entry.ifa_flags & ~0x40, address(entry))
    unsafe next = entry.ifa_next
}
unsafe freeifaddrs(list)

func address(_ entry: ifaddrs) -> String {
    guard let address = unsafe entry.ifa_addr else { return "-" }
    let size: Int
    switch unsafe Int32(address.pointee.sa_family) {
    case AF_INET: size = MemoryLayout<sockaddr_in>.size
    case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
    default: return "-"
    }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    // SAFETY: the family says how long the address is; the text's pointer and length are the array's own.
    let result = unsafe text.withUnsafeMutableBufferPointer {
        unsafe getnameinfo(address, socklen_t(size), $0.baseAddress, socklen_t($0.count), nil, 0, NI_NUMERICHOST)
    }
    return result == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "?"
}
