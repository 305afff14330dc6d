#!/usr/bin/env python3
"""The worked example of docs/protocol.md: one session on a gateway, without any code of the gateway.

usage: wire-example.py PATH-OF-UNIX-SOCKET [--quiet] [--check PROTOCOL.MD]

With --quiet it prints only how the gateway refused. With --check it also compares the bytes that it sends with those
printed in the document.
"""
import re
import socket
import struct
import sys

KINDS = {1: "HELLO", 2: "WELCOME", 3: "DATAGRAM", 6: "OPTION", 7: "RESULT", 10: "PONG", 11: "GOODBYE", 15: "RESET"}


def frame(kind, payload=b"", flags=0, tag=0, group=0):
    return struct.pack("<IHHII", 16 + len(payload), kind, flags, tag, group) + payload


def attribute(kind, payload):
    return struct.pack("<HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def u32(value):
    return struct.pack("<I", value)


def message(kind, flags, sequence):
    """A netlink request about link 1: nlmsghdr and ifinfomsg."""
    return struct.pack("<IHHII", 32, kind, flags, sequence, 0) + struct.pack("<BxHiII", 0, 0, 1, 0, 0)


REQUEST, ACK = 1, 4
GETLINK, DELLINK = 18, 17
EXT_ACK = 11
SENT = [
    ("preface", b"nlgate/1"),
    ("HELLO: protocol 0, client name, byte order",
     frame(1, attribute(1, u32(0)) + attribute(4, b"example\0") + attribute(6, b"\1"))),
    ("OPTION, tag 7: NETLINK_EXT_ACK = 1", frame(6, attribute(1, u32(EXT_ACK)) + attribute(2, u32(1)), tag=7)),
    ("DATAGRAM, tag 8: RTM_GETLINK of link 1, sequence 1", frame(3, message(GETLINK, REQUEST, 1), tag=8)),
    ("DATAGRAM, tag 9: RTM_DELLINK of link 1, sequence 2", frame(3, message(DELLINK, REQUEST | ACK, 2), tag=9)),
]


def say(text):
    if "--quiet" not in sys.argv:
        print(text)


def dump(data):
    for start in range(0, len(data), 16):
        say("    " + data[start:start + 16].hex(" "))


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise SystemExit("the gateway closed the connection")
        data += part
    return data


def read_frame(connection):
    head = read_exactly(connection, 16)
    length, kind, flags, tag, group = struct.unpack("<IHHII", head)
    return kind, tag, head + read_exactly(connection, length - 16)


def expect(condition, what):
    if not condition:
        raise SystemExit("wire-example: " + what)


def check(document):
    """The hex of the document's example, which is all that stands there in lines of bytes, is what is sent."""
    with open(document, encoding="utf-8") as file:
        example = file.read().split("## A worked example", 1)[1].split("The gateway answers", 1)[0]
    shown = "".join(re.findall(r"^ {4}((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:$|   )", example, re.MULTILINE))
    expect(bytes.fromhex(shown) == b"".join(data for _, data in SENT), "the document shows other bytes")


def main():
    if "--check" in sys.argv:
        check(sys.argv[sys.argv.index("--check") + 1])
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(sys.argv[1])
    connection.sendall(b"".join(data for _, data in SENT))
    for what, data in SENT:
        say(f"-> {what}")
        dump(data)
    answers = []
    for _ in range(4):
        kind, tag, data = read_frame(connection)
        answers.append((kind, tag, data))
        say(f"<- {KINDS.get(kind, kind)}, tag {tag}, {len(data)} bytes")
        dump(data if len(data) <= 256 else data[:64])
    expect([kind for kind, _, _ in answers] == [2, 7, 3, 3], "the answers are not WELCOME, RESULT, DATAGRAM, DATAGRAM")
    expect(answers[1][1] == 7 and answers[1][2][16:24] == attribute(1, u32(0)), "the option was not set")
    expect(struct.unpack_from("<H", answers[2][2], 20)[0] == 16, "GETLINK was not answered with RTM_NEWLINK")
    refusal = answers[3][2][16:]
    kind, flags, sequence = struct.unpack_from("<HHI", refusal, 4)
    expect((kind, flags, sequence) == (2, 0x300, 2), "DELLINK was not answered with NLMSG_ERROR, capped, with a text")
    expect(struct.unpack_from("<i", refusal, 16)[0] == -1, "DELLINK was not refused with EPERM")
    expect(b"policy does not grant route DELLINK" in refusal, "the refusal does not name the grant")
    connection.sendall(frame(15, tag=10))
    kind, tag, data = read_frame(connection)
    expect((kind, tag, data[16:]) == (7, 10, attribute(1, u32(0))), "RESET was not answered with RESULT 0")
    say("-> RESET, tag 10\n<- RESULT, tag 10, code 0")
    if "--quiet" in sys.argv:
        print(refusal[40:].rstrip(b"\0").decode())


main()
