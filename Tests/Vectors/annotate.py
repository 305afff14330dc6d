"""The three steps of capture.sh: the names of the cases, the script of one, and its vector from what strace saw."""
import json, os, re, struct, subprocess, sys

HEADERS = "/usr/include/linux/"
# message type: what it carries, size of the fixed header, prefix and header file of the attributes
KINDS = {
    16: ("ifinfomsg", 16, "IFLA_", "if_link.h"), 18: ("ifinfomsg", 16, "IFLA_", "if_link.h"),
    20: ("ifaddrmsg", 8, "IFA_", "if_addr.h"), 22: ("ifaddrmsg", 8, "IFA_", "if_addr.h"),
    24: ("rtmsg", 12, "RTA_", "rtnetlink.h"), 26: ("rtmsg", 12, "RTA_", "rtnetlink.h"),
    28: ("ndmsg", 12, "NDA_", "neighbour.h"), 30: ("ndmsg", 12, "NDA_", "neighbour.h"),
    32: ("fib_rule_hdr", 12, "FRA_", "fib_rules.h"), 34: ("fib_rule_hdr", 12, "FRA_", "fib_rules.h"),
    **{kind: ("tcmsg", 20, "TCA_", "rtnetlink.h") for kind in (36, 38, 40, 42, 44, 46)},
}
# Deletions have the same form.
KINDS |= {kind + 1: form for kind, form in KINDS.items() if kind % 4 == 0}
NAMES = {16: "RTM_NEWLINK", 18: "RTM_GETLINK", 20: "RTM_NEWADDR", 22: "RTM_GETADDR", 24: "RTM_NEWROUTE",
         26: "RTM_GETROUTE", 28: "RTM_NEWNEIGH", 30: "RTM_GETNEIGH", 32: "RTM_NEWRULE", 34: "RTM_GETRULE",
         36: "RTM_NEWQDISC", 38: "RTM_GETQDISC", 40: "RTM_NEWTCLASS", 42: "RTM_GETTCLASS", 44: "RTM_NEWTFILTER",
         46: "RTM_GETTFILTER"}
NAMES |= {kind + 1: name.replace("NEW", "DEL") for kind, name in NAMES.items() if kind % 4 == 0}
GENERIC = ("genlmsghdr", 4, "CTRL_ATTR_", "genetlink.h")
WANTED = {"link": 16, "address": 20, "route": 24, "neighbour": 28, "rule": 32, "controller": 16, "qdisc": 36,
          "class": 40, "filter": 44, "request": 0}
IFINFO = {"IFLA_LINKINFO": "IFLA_INFO_"}


def cases(path):
    found, name = {}, None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("["):
            name = line[1:-1]
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    return found


def script(commands, name):
    for command in commands[:-1]:
        print(command.replace("PEER", "$PEER"))
    names = 'ip -o link show >"$TRACE/names"'
    if name.startswith("request/"):
        # Of what a request names, not of what it makes or deletes.
        print(names)
    print('strace -f -qq -o "$TRACE/strace" -e trace=sendto,sendmsg,recvmsg,recvfrom -e read=all -e write=all '
          + commands[-1] + ' >"$TRACE/stdout"'
          # Of a request only what was sent counts: the kernel may lack what it asks for.
          + (" || true" if name.startswith("request/") else ""))
    if not name.startswith("request/"):
        print(names)


def attribute_names(header, prefix):
    """Numbers of the first enum in a kernel header whose names begin with `prefix`."""
    text = re.sub(r"/\*.*?\*/", "", open(HEADERS + header).read(), flags=re.S)
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, flags=re.S):
        entries = [e.strip() for e in re.sub(r"#define.*", "", body).split(",")]
        if entries[0].split("=")[0].strip() not in (prefix + "UNSPEC",):
            continue
        numbers, value = {}, -1
        for entry in filter(None, entries):
            name, _, given = (part.strip() for part in entry.partition("="))
            if given and not given.isdigit():
                continue
            value = int(given) if given else value + 1
            numbers[value] = name
        return numbers
    return {}


def buffers(path):
    """Yields (direction, bytes) of each call."""
    direction, data = None, None
    for line in open(path):
        call = re.match(r"\d+\s+(sendto|sendmsg|recvmsg|recvfrom)\(", line)
        if call:
            if data:
                yield direction, bytes(data)
            peek = "MSG_PEEK" in line
            direction, data = ("peek" if peek else "out" if call[1].startswith("send") else "in"), bytearray()
        dump = re.match(r" \| [0-9a-f]{5}  (.{49})", line)
        if dump and data is not None:
            data += bytes.fromhex(dump[1].replace(" ", ""))
    if data:
        yield direction, bytes(data)


def messages(data):
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, sequence, port = struct.unpack_from("=IHHII", data, offset)
        if not any(data[offset:]):
            # iproute2 sends its whole request buffer, zeros behind the message.
            return
        if length < 16:
            sys.exit(f"broken trace: {data[offset:offset + 64].hex(' ')}")
        yield kind, flags, sequence, data[offset:offset + length]
        offset += (length + 3) & ~3


def hexlines(data, note, indent):
    for start in range(0, len(data), 32):
        chunk = " " * indent + data[start:start + 32].hex(" ")
        print(f"{chunk}  # {note}" if start == 0 else chunk)


def attributes(data, prefix, header, indent):
    names = attribute_names(header, prefix)
    offset = 0
    while offset < len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        end = min(offset + ((length + 3) & ~3), len(data))
        name = names.get(kind & 0x3fff, f"{prefix}{kind & 0x3fff}")
        if name in IFINFO:
            hexlines(data[offset:offset + 4], name, indent)
            attributes(data[offset + 4:end], IFINFO[name], header, indent + 2)
        else:
            hexlines(data[offset:end], name, indent)
        offset = end


def show(message, generic, word):
    length, kind, flags = struct.unpack_from("=IHH", message)
    # Sequence number and port id differ with every run.
    message = message[:8] + bytes(8) + message[16:]
    struct_name, size, prefix, header = GENERIC if generic else KINDS[kind]
    print(f"{word} {'CTRL' if generic else NAMES[kind]}")
    hexlines(message[:16], f"nlmsghdr: length {length}, type {kind}, flags {flags:#x}", 2)
    hexlines(message[16:16 + size], struct_name, 2)
    attributes(message[16 + size:], prefix, header, 2)


def request(commands, trace):
    """The last change that the command asked for."""
    sent = [m for direction, data in buffers(trace + "/strace") if direction == "out"
            for kind, flags, _, m in messages(data) if 16 <= kind < 64 and kind & 3 in (0, 1, 3)]
    if not sent:
        sys.exit(1)
    head(commands, trace)
    show(sent[-1], False, "request")


def head(commands, trace):
    versions = subprocess.run(["ip", "-V"], capture_output=True, text=True).stdout.strip()
    print("# how produced, in a fresh network namespace:")
    for command in commands:
        print("#   " + command)
    print(f"# kernel {os.uname().release.split('-')[0]}, {versions}")
    links = re.findall(r"^(\d+): (\S+?)(?:@\S+)?: ", open(trace + "/names", errors="replace").read(), flags=re.M)
    print("names " + " ".join(f"{index}={link}" for index, link in links))


def vector(commands, name, trace):
    family = name.split("/")[0]
    if family == "request":
        return request(commands, trace)
    generic = family == "controller"
    wanted = {WANTED[family]} | ({16} if family == "address" else set())
    sent, received = {}, []
    for direction, data in buffers(trace + "/strace"):
        if direction == "peek":
            continue
        for kind, flags, sequence, message in messages(data):
            # Two sockets of one program may use the same sequence numbers: only requests of this kind count.
            if direction == "out" and (generic or kind - 2 in wanted):
                sent[sequence] = message
            elif kind in wanted:
                received.append((kind, sequence, message))
    output = open(trace + "/stdout", errors="replace").read()
    try:
        shown = None if generic else json.loads(output)
    except json.JSONDecodeError:
        # iproute2 writes names as they are, which is not always JSON.
        shown = None
    dumped = [s for _, s, _ in received if s in sent and struct.unpack_from("=H", sent[s], 6)[0] & 0x300]
    if family in ("link", "address") and " dev " in commands[-1]:
        # Of the look-ups before and after only the last answer about the link itself counts.
        wanted_name = commands[-1].split(" dev ")[1].encode() + b"\0"
        own = [m for m in received if m[0] == 16 and m[2][36:36 + len(wanted_name)] == wanted_name]
        received = ([own[-1]] if family == "link" else [own[0]]) + [m for m in received if m[0] == 20]
    elif not generic:
        received = [m for m in received if m[1] in dumped]
    if not received:
        sys.exit(1)
    head(commands, trace)
    for sequence in dict.fromkeys(m[1] for m in received):
        if sequence in sent:
            show(sent[sequence], generic, "request")
    for _, _, message in received:
        show(message, generic, "message")
    print("expected")
    # tc has no JSON for classes.
    print(output.rstrip() if generic or family == "class" else json.dumps(shown, indent=2, ensure_ascii=False))


def main():
    step, found = sys.argv[1], cases(sys.argv[2])
    if step == "list":
        print("\n".join(sys.argv[3:] or found))
    elif step == "script":
        script(found[sys.argv[3]], sys.argv[3])
    else:
        vector(found[sys.argv[3]], sys.argv[3], sys.argv[4])


if __name__ == "__main__":
    main()
