"""What today's pyroute2 reads in the messages of Tests/Vectors: one JSON object, vector to list of {name: value}.

Usage: PYTHONPATH=FOLDER-WITH-PYROUTE2 decode_vectors.py FOLDER-OF-VECTORS FAMILY…
Values stand under their attribute's name, those of the fixed header under the field's; next hops have a number before.
"""
import json
import os
import sys

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg
from pyroute2.netlink.rtnl.tcmsg import tcmsg

CLASSES = {16: ifinfmsg, 20: ifaddrmsg, 24: rtmsg, 28: ndmsg, 32: fibmsg, 36: tcmsg, 40: tcmsg, 44: tcmsg}


def messages(path):
    found, current = [], None
    for line in open(path, encoding="utf-8", errors="replace"):
        if line.startswith(("message ", "request ")):
            current = bytearray()
            if line.startswith("message "):
                found.append(current)
        elif line.startswith("expected"):
            break
        elif line.startswith("  ") and current is not None:
            current += bytes.fromhex(line.split("#")[0])
    return found


def flatten(value, out, prefix=""):
    for name, content in value.items():
        if name not in ("header", "attrs", "value", "__align"):
            out[prefix + name] = content
    for attribute in value.get("attrs", []):
        name, content = attribute[0], attribute[1]
        if name == "UNKNOWN":
            continue
        if name == "RTA_MULTIPATH":
            for number, hop in enumerate(content):
                flatten(hop, out, f"{number}/")
        elif name.endswith("_ACT"):
            # An action's counters have the names of the filter's own.
            flatten({"attrs": content["attrs"]}, out, prefix + "action/")
        elif isinstance(content, dict) and "attrs" in content and content["attrs"]:
            flatten({"attrs": content["attrs"]}, out, prefix)
        elif isinstance(content, dict):
            for key, part in content.items():
                if key not in ("header", "attrs"):
                    out[f"{prefix}{name}.{key}"] = part
        elif isinstance(content, (str, int, bool)) or content is None:
            out[prefix + name] = content


def main():
    folder, result = sys.argv[1], {}
    for family in sys.argv[2:]:
        for file in sorted(os.listdir(f"{folder}/{family}")):
            read = []
            for data in messages(f"{folder}/{family}/{file}"):
                message = CLASSES[int.from_bytes(data[4:6], "little")](bytes(data))
                message.decode()
                flat = {"message": int.from_bytes(data[4:6], "little")}
                flatten(message, flat)
                read.append(flat)
            result[f"{family}/{file.removesuffix('.nl')}"] = read
    json.dump(result, sys.stdout, default=str)


main()
