import GatewayPolicy
import Testing

@testable import PolicyFile

@Suite struct NameTests {
    @Test(arguments: [
        "GETLNK > GETLINK", "GTELINK > GETLINK", "getlink > GETLINK", "RTM_GETLNK > GETLINK", "GET_LINK > GETLINK",
        "LINK > GETLINK", "GETLIN > GETLINK", "NEIGH > GETNEIGH", "GETNEIGHT > GETNEIGH", "TBL > GETNEIGHTBL",
        "ROUTES > nothing", "XYZZY > nothing", "GE > nothing",
    ])
    func `the nearest name is found, and none where none is near`(pair: String) {
        let words = pair.components(of: " > ")
        let names = ["GETLINK", "GETADDR", "GETROUTE", "GETNEIGH", "GETNEIGHTBL"]
        let found = Suggestion.nearest(to: words[0], in: names, prefix: "RTM_") ?? "nothing"
        #expect(found == words[1])
    }

    @Test func `every family, operation and group of the table is found by its name`() throws {
        for family in Catalogue.families {
            #expect(try NameTable.family(family.label) == family)
            for operation in family.operations {
                #expect(NameTable.operation(operation.name.lowercased(), in: family) == operation)
                #expect(NameTable.operation(family.prefix + operation.name, in: family) == operation)
            }
            for group in family.groups { #expect(NameTable.group(group.name, in: family) == group) }
        }
    }

    @Test func `names are unique without case, in every family`() {
        for family in Catalogue.families {
            #expect(Set(family.operations.map { $0.name.uppercased() }).count == family.operations.count)
            #expect(Set(family.groups.map { $0.name.uppercased() }).count == family.groups.count)
        }
        #expect(Set(Catalogue.families.map { $0.label.uppercased() }).count == Catalogue.families.count)
    }

    @Test func `whatever can't be granted says why`() {
        for family in Catalogue.families {
            for operation in family.operations {
                #expect((operation.whyNever == nil) == !operation.grantable.isEmpty)
            }
        }
    }

    @Test(arguments: [
        "0.0.0.0/0", "10.0.0.0/8", "192.168.1.1/32", "::/0", "2001:db8::/32", "fe80::1/128", "1:2:3:4:5:6:7:8/128",
        "1::8/128", "::1:0:0:0:0/64", "2001:db8:0:1::/64",
    ])
    func `a prefix is read and written again`(text: String) throws {
        let written = AddressText.text(try AddressText.prefix(text))
        #expect(try AddressText.prefix(written) == AddressText.prefix(text))
        #expect(written == text || text == "::1:0:0:0:0/64")
    }

    @Test(arguments: [
        "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/08", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8",
        "10.0.0.0.0/8", "010.0.0.0/8", "256.0.0.0/8", "10.0.0.0/8/8", "::/129", ":::/0", "1::2::3/128",
        "1:2:3:4:5:6:7/128",
        "1:2:3:4:5:6:7:8:9/128", "1:2:3:4:5:6:7::8:9/128", "12345::/16", "g::/16", "+1::/16", "::1.2.3/128", "1:/16",
        ":1/16",
        "10.0.0.0/ 8", " 10.0.0.0/8", "10.0.0.1/8", "2001:db8::1/32",
    ])
    func `what is no prefix is refused`(text: String) {
        #expect(throws: NameError.self) { try AddressText.prefix(text) }
    }

    @Test func `an address of IPv4 inside of IPv6 and the shortest form`() throws {
        #expect(try AddressText.text(AddressText.prefix("::ffff:10.0.0.1/128")) == "::ffff:a00:1/128")
        #expect(try AddressText.text(AddressText.prefix("2001:0DB8:0:0:1:0:0:1/128")) == "2001:db8::1:0:0:1/128")
        #expect(try AddressText.destination("10.9.0.1/24") == AddressText.prefix("10.9.0.0/24"))
        #expect(try AddressText.destination("10.9.0.0/24")?.length == 24)
        #expect(try AddressText.destination("::1")?.length == 128)
    }

    @Test(arguments: [
        "CN=Ops CA", "CN=Ops CA,O=Example,C=DE", "CN=a\\, b,O=c", "OU=x+CN=y,C=z", "2.5.4.3=x", "CN=\\C3\\A4", "CN=é",
        "CN=a\\+b",
    ])
    func `names as RFC 4514 writes them`(text: String) {
        #expect(DistinguishedName.problem(text) == nil)
    }

    @Test(arguments: [
        "", "Ops CA", "CN", "CN=", "CN=a,", ",CN=a", "CN=a,,O=b", "CN=a, O=b", "CN=a ,O=b", "/CN=a", "CN=a;O=b",
        "CN=\"a\"", "CN=<a>",
        "=a", "C N=a", "CN=a+",
    ])
    func `other names are refused`(text: String) {
        #expect(DistinguishedName.problem(text) != nil)
    }

    @Test func `places are counted in characters, bytes from the beginning`() {
        let map = SourceMap(PolicySource(name: "p", text: "aé→b\r\n\ncd"))
        let offsets = [0, 1, 3, 6, 7, 9, 10, 11, 12]
        let places = offsets.map { map.position($0) }.map { "\($0.line):\($0.column)" }
        #expect(places == ["1:1", "1:2", "1:3", "1:4", "1:5", "2:1", "3:1", "3:2", "3:3"])
        for (offset, place) in zip(offsets, offsets.map { map.position($0) }) {
            #expect(map.offset(line: place.line, column: place.column) == offset)
        }
        #expect(map.offset(line: 99, column: 99) == 12 && map.offset(line: 1, column: 99) <= 8)
    }
}

extension String {
    fileprivate func components(of separator: String) -> [String] { split(separator: separator).map(String.init) }
}
