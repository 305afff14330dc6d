#!/usr/bin/env python3
"""Records what programs say to netlink, in a fresh network namespace, for the tests that learn a policy from it.

usage: record.py NAME   (as root; NAME is link, bird or nft; needs strace and the program; prints the recording)

The interface v0 has another number on another machine: a line says which it had. A line of a recording is the protocol's number, a letter, and: g and the groups that were joined; d and a datagram.
"""
import re, subprocess, sys, tempfile, os

SETUP = """
ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
ip addr add 192.0.2.1/24 dev v0; ip -o link show v0
"""
BIRD = """
router id 192.0.2.1;
ipv4 table t4;
protocol device { scan time 60; }
protocol kernel { ipv4 { table t4; export all; import none; }; kernel table 100; scan time 60; persist; }
protocol static { ipv4 { table t4; };
""" + "".join(f"route 10.{i // 256 + 1}.{i % 256}.0/24 via 192.0.2.9;\n" for i in range(300)) + "}\n"
NFT = """
table inet filter {
    set trusted { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.7 } }
    chain input { type filter hook input priority 0; policy drop;
        ct state established,related accept
        iifname "lo" accept
        ip saddr @trusted tcp dport { 22, 443 } counter accept
        limit rate 5/second log prefix "dropped: "
    }
    chain forward { type filter hook forward priority 0; policy drop; }
}
"""
FILES = {"bird": BIRD, "nft": NFT}
COMMANDS = {
    "link": "ip -br link",
    "bird": "timeout 4 bird -f -c FILE -s FILE.ctl",
    "nft": "nft -f FILE",
}


def main(name):
    with tempfile.TemporaryDirectory() as folder:
        file, trace = os.path.join(folder, "file"), os.path.join(folder, "trace")
        open(file, "w").write(FILES.get(name, ""))
        calls = "socket,bind,close,sendto,sendmsg"
        command = COMMANDS[name].replace("FILE", file)
        script = SETUP + f"strace -f -e trace={calls} -e write=all -o {trace} {command} || true\n"
        run = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True)
        text = open(trace).read()
    protocols, number, data = {}, None, b""
    names = {"NETLINK_ROUTE": 0, "NETLINK_SOCK_DIAG": 4, "NETLINK_NETFILTER": 12, "NETLINK_GENERIC": 16}
    print(f"# {COMMANDS[name]}")
    print(f"# v0 is {run.stdout.split(':')[0]}")

    def flush():
        nonlocal data
        if number is not None and data:
            print(f"{number} d {data.hex()}")
        data = b""

    for line in text.splitlines():
        line = re.sub(r"^\d+ +", "", line)
        if line.startswith(" * "):
            continue
        dump = re.match(r" \| [0-9a-f]+  ((?:[0-9a-f]{2}  ?)+)", line)
        if dump:
            data += bytes.fromhex(dump[1])
            continue
        flush()
        number = None
        if made := re.match(r"socket\(AF_NETLINK, [^,]*, (NETLINK_\w+)\) = (\d+)", line):
            protocols[made[2]] = names[made[1]]
        elif bound := re.match(r"bind\((\d+), \{sa_family=AF_NETLINK, nl_pid=\d+, nl_groups=0x([0-9a-f]+)\}", line):
            groups = [str(bit + 1) for bit in range(32) if int(bound[2], 16) >> bit & 1]
            if groups and bound[1] in protocols:
                print(f"{protocols[bound[1]]} g {' '.join(groups)}")
        elif said := re.match(r"(?:sendto|sendmsg)\((\d+),", line):
            number = protocols.get(said[1])
    flush()


main(sys.argv[1])
