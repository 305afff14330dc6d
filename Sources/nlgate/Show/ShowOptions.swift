import ArgumentParser
import NetlinkFamilies

/// How a table is shown, the same for all of them.
struct ShowOptions: ParsableArguments {
    @Flag(name: [.customShort("j"), .long], help: "One JSON document with the names that 'ip -j' uses.")
    var json = false

    @Flag(name: [.customShort("d"), .long], help: "Everything that is known (JSON).")
    var details = false

    @Flag(name: [.customShort("4")], help: "IPv4 only.")
    var ipv4 = false

    @Flag(name: [.customShort("6")], help: "IPv6 only.")
    var ipv6 = false

    func validate() throws {
        if ipv4, ipv6 { throw ValidationError("-4 and -6 exclude each other") }
    }

    /// The family that was asked for, else `otherwise`.
    func family(otherwise: AddressFamily) -> AddressFamily {
        ipv4 ? .inet : ipv6 ? .inet6 : otherwise
    }
}

/// Prints a table or a document; text without the newline that print adds.
func show(_ text: String) {
    print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
}
