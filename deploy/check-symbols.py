"""Finds public declarations without a comment, and those that throw and don't say what.

Usage: check-symbols.py MODULE.symbols.json
"""
import json
import re
import sys


def throws(declaration):
    """Whether the declaration itself throws, not a closure that it takes."""
    while True:
        shorter = re.sub(r"\([^()]*\)", "", declaration)
        if shorter == declaration:
            return re.search(r"\b(throws|rethrows)\b", declaration) is not None
        declaration = shorter


def main():
    graph = json.load(open(sys.argv[1], encoding="utf-8"))
    wrong = []
    for symbol in graph["symbols"]:
        comment = "\n".join(line["text"] for line in symbol.get("docComment", {}).get("lines", []))
        declaration = "".join(part["spelling"] for part in symbol.get("declarationFragments", []))
        name = ".".join(symbol["pathComponents"])
        if not comment.strip():
            wrong.append(f"{name} has no comment")
        elif throws(declaration) and "- Throws:" not in comment:
            wrong.append(f"{name} doesn't say what it throws")
    print("\n".join(f"{sys.argv[1]}: {line}" for line in wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
