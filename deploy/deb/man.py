#!/usr/bin/env python3
"""Man pages out of what the programs say about themselves.

usage: man.py NLGATE NLGATED FOLDER
"""
import json
import os
import re
import subprocess
import sys


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"(?m)^\.", r"\\&.", text)


def output(*words):
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    return subprocess.run(words, check=True, capture_output=True, text=True, env=environment, timeout=300).stdout


def header(name, section, date, version, title):
    return [f'.TH {escape(name).upper()} {section} "{date}" "nlgate {version}" "nlgate"', ".SH NAME",
            f"{escape(name)} \\- {escape(title[:1].lower() + title[1:].rstrip('.'))}"]


def shown(command):
    return [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)
            and a.get("valueName") not in ("help", "version")]


def names(argument):
    marks = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    listed = [marks[n["kind"]] + n["name"] for n in argument.get("names", [])]
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return f"\\fI{escape(value)}\\fR" + ("..." if argument.get("isRepeating") else "")
    text = ", ".join(f"\\fB{escape(n)}\\fR" for n in listed)
    return text + (f" \\fI{escape(value)}\\fR" if argument["kind"] == "option" else "")


def synopsis(path, command):
    words = [f"\\fB{escape(' '.join(path))}\\fR"]
    if any(a["kind"] != "positional" for a in shown(command)):
        words.append("[\\fIoptions\\fR]")
    for argument in shown(command):
        if argument["kind"] == "positional":
            name = names(argument)
            words.append(f"[{name}]" if argument.get("isOptional") else name)
    if visible(command):
        words.append("\\fIcommand\\fR")
    return " ".join(words)


def visible(command):
    return [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]


def arguments(command):
    lines = []
    for argument in shown(command):
        text = argument.get("abstract", "") or argument.get("discussion", "")
        default = argument.get("defaultValue")
        if default and argument["kind"] == "option":
            text += f" The default is {default}."
        lines += [".TP", names(argument), escape(" ".join(text.split())) or "\\&"]
    return lines


def prose(text):
    return [".PP", escape(text.strip())] if text and text.strip() else []


def body(path, command, depth):
    lines = []
    for sub in visible(command):
        own = path + [sub["commandName"]]
        lines += [".SS " + f'"{escape(" ".join(own[1:]))}"', synopsis(own, sub), ".PP"]
        other = f" Also: {', '.join(sub['aliases'])}." if sub.get("aliases") else ""
        lines += [escape(sub.get("abstract", "") + other)] + prose(sub.get("discussion")) + arguments(sub)
        lines += body(own, sub, depth + 1)
    return lines


STATUS = [".SH EXIT STATUS", ".TP", "0", "done", ".TP", "1", "the kernel or the policy said no, in words on standard error",
          ".TP", "2", "the words are wrong", ".TP", "3", "no connection"]


def command_page(path, command, date, version):
    lines = header("-".join(path), 1, date, version, command.get("abstract", ""))
    lines += [".SH SYNOPSIS", synopsis(path, command), ".SH DESCRIPTION", escape(command.get("abstract", ""))]
    lines += prose(command.get("discussion"))
    if shown(command):
        lines += [".SH OPTIONS"] + arguments(command)
    if len(path) == 1:
        lines += [".SH COMMANDS"]
        for sub in visible(command):
            page = "-".join(path + [sub["commandName"]])
            lines += [".TP", f"\\fB{escape(page)}\\fR(1)", escape(sub.get("abstract", ""))]
    elif visible(command):
        lines += [".SH COMMANDS"] + body(path, command, 0)
    others = ["\\fBnlgated\\fR(8)"] if len(path) == 1 else ["\\fBnlgate\\fR(1)", "\\fBnlgated\\fR(8)"]
    return lines + STATUS + [".SH SEE ALSO", ", ".join(others)]


def daemon_page(text, date, version):
    """The daemon's own help: usage, a sentence, options in two columns, the exit status."""
    lines = header("nlgated", 8, date, version, "serve this host's netlink to clients on other hosts")
    lines += [".SH SYNOPSIS", ".nf"]
    usage = [l for l in text.splitlines() if "nlgated" in l and l.startswith(("usage:", "      "))][:2]
    lines += [escape(l.replace("usage:", "").strip()) for l in usage] + [".fi", ".SH DESCRIPTION"]
    lines += ["Serves this host\\(aqs netlink to clients on other hosts, over mutual TLS and through sealed processes.",
              "SIGHUP reads the policy, the key, the certificates and the revocation list again, and opens the audit log again; SIGTERM ends every session and then the daemon.",
              ".SH OPTIONS"]
    columns = 24
    for line in text.splitlines():
        if re.match(r"  --", line):
            head, tail = (line.strip(), "")
            if len(line) > columns and "  " not in line[:columns].strip() and line[columns - 1] == " ":
                head, tail = line[:columns].strip(), line[columns:].strip()
            lines += [".TP", f"\\fB{escape(head)}\\fR", escape(tail) or "\\&"]
        elif line.startswith(" " * columns) and "usage" not in line and len(lines) > 12:
            lines.append(escape(line.strip()))
    lines += [".SH EXIT STATUS", escape(text.split("Exit status:")[1].strip())]
    lines += [".SH FILES", ".TP", "/etc/nlgate/nlgated.yaml", "options, see \\fBnlgated.yaml\\fR(5)"]
    return lines + [".SH SEE ALSO", "\\fBnlgate\\fR(1), \\fBnlgated.yaml\\fR(5)"]


def configuration_page(example, date, version):
    lines = header("nlgated.yaml", 5, date, version, "options of nlgated")
    lines += [".SH DESCRIPTION",
              "The options of \\fBnlgated\\fR(8) without their dashes, as YAML: \\fBlisten\\fR and \\fBnetns\\fR are lists,",
              "\\fBlimits\\fR is a mapping, \\fBinsecure\\-tcp\\fR and \\fBstop\\-on\\-eof\\fR are true or false. What the command",
              "line says goes before the file. The file belongs to root, and nobody else may write it.",
              "\\fBnlgated \\-\\-check\\fR names every error with file, line and column;",
              "\\fBnlgated \\-\\-print\\-config\\fR prints all options and where each comes from.",
              "A change is in force after \\fBsystemctl restart nlgated\\fR; a reload reads the files that it names again, not this one.",
              ".SH EXAMPLE", ".nf"]
    return lines + [escape(l) or "\\&" for l in example.splitlines()] + [".fi", ".SH SEE ALSO", "\\fBnlgated\\fR(8)"]


def main():
    nlgate, nlgated, folder = sys.argv[1:4]
    version = output(nlgated, "--version").split()[1]
    here = os.path.dirname(os.path.abspath(__file__))
    date = output("date", "-u", "+%Y-%m-%d", "-d", "@" + os.environ["SOURCE_DATE_EPOCH"]).strip()
    command = json.loads(output(nlgate, "--experimental-dump-help"))["command"]
    pages = {"man1/nlgate.1": command_page(["nlgate"], command, date, version)}
    for sub in visible(command):
        path = ["nlgate", sub["commandName"]]
        pages[f"man1/{'-'.join(path)}.1"] = command_page(path, sub, date, version)
    pages["man8/nlgated.8"] = daemon_page(output(nlgated, "--help"), date, version)
    with open(os.path.join(here, "nlgated.yaml"), encoding="utf-8") as file:
        pages["man5/nlgated.yaml.5"] = configuration_page(file.read(), date, version)
    for name, lines in pages.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    print(f"man: {len(pages)} pages")


main()
