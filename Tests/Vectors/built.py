"""Makes built/*.nl: answers about links that the test kernel can't make, put together from the kernel's headers.

No kernel said these. What they mean is said by iproute2, which reads them as if it had saved them: 'ip monitor file'.
Usage: built.py, in this folder.
"""
import os, struct, subprocess, sys, tempfile

from annotate import attribute_names, show  # noqa: E402

LINK = "if_link.h"


def numbers(prefix, header=LINK):
    return {name: number for number, name in attribute_names(header, prefix).items()}


IFLA, INFO = numbers("IFLA_"), {"IFLA_INFO_KIND": 1, "IFLA_INFO_DATA": 2, "IFLA_INFO_SLAVE_KIND": 4,
                                "IFLA_INFO_SLAVE_DATA": 5}
BOND, PORT, VLAN = numbers("IFLA_BOND_"), numbers("IFLA_BOND_SLAVE_"), numbers("IFLA_VLAN_")
VRF, VF = numbers("IFLA_VRF_"), numbers("IFLA_VF_")


def u8(value): return struct.pack("=B", value)
def u16(value): return struct.pack("=H", value)
def be16(value): return struct.pack(">H", value)
def u32(value): return struct.pack("=I", value)
def text(value): return value.encode() + b"\0"


def attribute(number, payload):
    return struct.pack("=HH", 4 + len(payload), number) + payload + bytes(-len(payload) % 4)


def nest(table, prefix, **fields):
    return b"".join(attribute(table[prefix + name], payload) for name, payload in fields.items())


def link(index, name, *attributes, flags=0x11043):
    header = struct.pack("=BBHiII", 0, 0, 1, index, flags, 0)  # struct ifinfomsg
    body = header + attribute(IFLA["IFLA_IFNAME"], text(name)) + attribute(IFLA["IFLA_MTU"], u32(1500)) \
        + attribute(IFLA["IFLA_ADDRESS"], bytes([2, 0, 0, 0, 0, index])) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 16, 0, 0, 0) + body  # struct nlmsghdr


def linkinfo(**fields):
    return attribute(IFLA["IFLA_LINKINFO"], nest(INFO, "IFLA_INFO_", **fields))


def function(number):
    """One virtual function, with the structs of if_link.h."""
    vlan = struct.pack("=IIIHxx", number, 100 + number, 3, 0x0081)  # struct ifla_vf_vlan_info, vlan_proto big-endian
    counters = b"".join(attribute(kind, struct.pack("=Q", 1000 * number + kind)) for kind in (0, 1, 2, 3, 4, 5, 7, 8))
    return attribute(1, nest(
        VF, "IFLA_VF_",
        MAC=struct.pack("=I6s26x", number, bytes([2, 0, 0, 0, 1, number])),
        BROADCAST=struct.pack("=6s26x", b"\xff" * 6),
        VLAN=struct.pack("=III", number, 100 + number, 3), RATE=struct.pack("=III", number, 10, 1000),
        TX_RATE=struct.pack("=II", number, 1000), SPOOFCHK=struct.pack("=II", number, 1),
        LINK_STATE=struct.pack("=II", number, number % 3), RSS_QUERY_EN=struct.pack("=II", number, 0),
        TRUST=struct.pack("=II", number, number % 2),
        VLAN_LIST=attribute(1, vlan), STATS=counters))


BUILT = {
    "vlan": link(7, "v0.5", linkinfo(KIND=text("vlan"), DATA=nest(
        VLAN, "IFLA_VLAN_", PROTOCOL=be16(0x8100), ID=u16(5), FLAGS=struct.pack("=II", 3, 0xffffffff),
        EGRESS_QOS=attribute(1, struct.pack("=II", 1, 5)), INGRESS_QOS=attribute(1, struct.pack("=II", 4, 2))))),
    "bond": link(7, "bond0", linkinfo(KIND=text("bond"), DATA=nest(
        BOND, "IFLA_BOND_", MODE=u8(4), MIIMON=u32(100), UPDELAY=u32(200), DOWNDELAY=u32(300),
        PEER_NOTIF_DELAY=u32(0), USE_CARRIER=u8(1), ARP_INTERVAL=u32(0), ARP_VALIDATE=u32(0), ARP_ALL_TARGETS=u32(0),
        PRIMARY_RESELECT=u8(0), FAIL_OVER_MAC=u8(0), XMIT_HASH_POLICY=u8(1), RESEND_IGMP=u32(1), NUM_PEER_NOTIF=u8(1),
        ALL_SLAVES_ACTIVE=u8(0), MIN_LINKS=u32(2), LP_INTERVAL=u32(1), PACKETS_PER_SLAVE=u32(1),
        AD_LACP_ACTIVE=u8(1), AD_LACP_RATE=u8(1), AD_SELECT=u8(2), AD_ACTOR_SYS_PRIO=u16(65535),
        AD_USER_PORT_KEY=u16(7), AD_ACTOR_SYSTEM=bytes(6), TLB_DYNAMIC_LB=u8(1), MISSED_MAX=u8(2))), flags=0x11443),
    "bond-port": link(8, "eth1", attribute(IFLA["IFLA_MASTER"], u32(7)), linkinfo(
        SLAVE_KIND=text("bond"), SLAVE_DATA=nest(
            PORT, "IFLA_BOND_SLAVE_", STATE=u8(1), MII_STATUS=u8(0), LINK_FAILURE_COUNT=u32(3),
            PERM_HWADDR=bytes([2, 0, 0, 0, 0, 9]), QUEUE_ID=u16(4), PRIO=u32(0), AD_AGGREGATOR_ID=u16(2),
            AD_ACTOR_OPER_PORT_STATE=u8(0x3d), AD_PARTNER_OPER_PORT_STATE=u16(0x3f))), flags=0x11843),
    "dummy": link(7, "d0", linkinfo(KIND=text("dummy"))),
    "vrf": link(7, "vrf0", linkinfo(KIND=text("vrf"), DATA=nest(VRF, "IFLA_VRF_", TABLE=u32(1000))), flags=0x10441),
    "vrf-port": link(8, "eth1", attribute(IFLA["IFLA_MASTER"], u32(7)), linkinfo(
        SLAVE_KIND=text("vrf"), SLAVE_DATA=attribute(1, u32(1000)))),
    "wireguard": link(7, "wg0", linkinfo(KIND=text("wireguard")), flags=0x100d1),
    "virtual-functions": link(
        7, "eth0", attribute(IFLA["IFLA_NUM_VF"], u32(3)),
        attribute(IFLA["IFLA_VFINFO_LIST"], b"".join(function(number) for number in range(3)))),
}


def main():
    os.makedirs("built", exist_ok=True)
    version = subprocess.run(["ip", "-V"], capture_output=True, text=True).stdout.strip()
    for name, message in BUILT.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            said = subprocess.run(["unshare", "-n", "ip", "-d", "monitor", "file", file.name], capture_output=True,
                                  text=True, check=True).stdout
        with open(f"built/{name}.nl", "w") as out:
            sys.stdout = out
            print("# built by built.py from the kernel's headers: no kernel said this")
            print(f"# what it means: ip -d monitor file, {version}")
            print("names 7=" + ("bond0" if "bond" in name else "master"))
            show(message, False, "message")
            print("expected")
            print(said.rstrip())
            sys.stdout = sys.__stdout__


if __name__ == "__main__":
    main()
