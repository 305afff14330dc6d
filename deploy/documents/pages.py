"""What stands in a document: fenced blocks, indented command lines, and commands inside of sentences."""
import re

# Words that a command begins with, where a document speaks of one.
COMMANDS = ('apt', 'cd', 'chmod', 'cp', 'dpkg', 'export', 'grep', 'install', 'journalctl', 'make', 'man', 'mv', 'nlgate',
            'nlgated', 'openssl', 'podman', 'python3', 'scp', 'ss', 'sudo', 'systemctl', 'systemd-analyze')


def is_command(line):
    words = line.strip().lstrip('(').split()
    return len(words) > 1 and words[0] in COMMANDS


class Part:
    """A piece of a document: kind is block, line (an indented command) or mention (one inside of a sentence)."""

    def __init__(self, line, kind, language, text):
        self.line, self.kind, self.language, self.text = line, kind, language, text


def parts(path):
    """Everything of a document that has a place in the plan, from top to bottom."""
    found, begin, language, lines, prose = [], None, '', [], []
    with open(path, encoding='utf-8') as document:
        for number, line in enumerate(document, 1):
            if line.startswith('```'):
                if begin is None:
                    begin, language, lines = number, line[3:].strip(), []
                else:
                    found.append(Part(begin, 'block', language, ''.join(lines)))
                    begin = None
            elif begin is not None:
                lines.append(line)
            if begin is not None or line.startswith('```'):
                prose.append('\n')
                continue
            if re.match(r'    \S', line) and is_command(line):
                found.append(Part(number, 'line', '', line.strip() + '\n'))
            prose.append(line)
    text = ''.join(prose)
    for mention in re.finditer(r'`([^`]+)`', text):
        said = ' '.join(mention.group(1).split())
        if is_command(said):
            found.append(Part(text.count('\n', 0, mention.start()) + 1, 'mention', '', said))
    return sorted(found, key=lambda part: part.line)


def prompted(text):
    """A block with prompts: (command, answer) one by one. '# ' is root's, '$ ' anybody's, a backslash goes on."""
    steps, continued = [], False
    for line in text.splitlines():
        if continued:
            steps[-1][1] += '\n' + line
        elif line[:2] in ('# ', '$ '):
            steps.append([line[0], line[2:], []])
        else:
            steps[-1][2].append(line)
            continue
        continued = line.endswith('\\')
    return [(prompt, command, answer) for prompt, command, answer in steps]
