import GatewayPolicy
import Roles
import Testing

@Suite struct RoleTests {
    private let certificate = Principal.certificate(fingerprint: [UInt8](repeating: 1, count: 32))

    @Test func `verified certificates, uid 0 and the daemon's uid get what is configured`() {
        for roleSet in [RoleSet.readOnly, .unrestricted] {
            let table = RoleTable(builtin: roleSet, daemonUID: 1000)
            for principal in [certificate, .user(uid: 0, gid: 5), .user(uid: 1000, gid: 5)] {
                #expect(table.roleSet(of: principal) == roleSet)
            }
        }
    }

    @Test func `anonymous clients and other uids read and no more`() {
        let table = RoleTable(builtin: .unrestricted, daemonUID: 1000)
        for principal in [
            Principal.anonymous(address: [127, 0, 0, 1]), .user(uid: 1001, gid: 0), .user(uid: UInt32.max, gid: 0),
        ] {
            #expect(table.roleSet(of: principal) == .readOnly)
        }
        // A group makes nobody trusted.
        #expect(table.roleSet(of: .user(uid: 5, gid: 1000)) == .readOnly)
    }

    @Test func `the two have different numbers and names`() {
        #expect(RoleSet.readOnly.number != RoleSet.unrestricted.number)
        #expect(RoleSet.readOnly.name == "builtin:read-only")
        #expect(RoleSet.unrestricted.name == "builtin:unrestricted")
    }

    @Test(arguments: [RoleSet.readOnly, .unrestricted])
    func `which protocols need a privileged broker is what the grants say`(roleSet: RoleSet) {
        let grants = roleSet == .readOnly ? Grants.readOnly : .unrestricted
        for number in 0..<32 as Range<UInt32> {
            #expect(
                roleSet.needsPrivilege(protocolNumber: number, readOnly: false)
                    == grants.needsPrivilege(protocolNumber: Int32(number)), "protocol \(number)")
            // A client that only reads never does, and the grants agree.
            #expect(!roleSet.needsPrivilege(protocolNumber: number, readOnly: true))
            #expect(!grants.restrictedToReading().needsPrivilege(protocolNumber: Int32(number)))
        }
    }

    @Test func `numbers that are no protocol need nothing`() {
        for number in [32, 33, 1000, UInt32.max] as [UInt32] {
            #expect(!RoleSet.unrestricted.needsPrivilege(protocolNumber: number, readOnly: false))
        }
    }
}
