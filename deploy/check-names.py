#!/usr/bin/env python3
"""What documents name exists: tests, suites, files and folders of this project.

- `XyzTests` is a suite or a folder of Tests;
- in docs/lessons.md `several words` are a test, and so is `name`() anywhere;
- `Folder/…` and `file.swift` are there, also without `Sources/` or a library's folder before them.
"""
import glob
import os
import re
import sys

os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOPS = ('Sources', 'Tests', 'bench', 'deploy', 'docs', 'policy')
FILE = re.compile(r'^[\w.+/-]+\.(swift|c|h|sh|py|table|yaml|yml|nft|json|md|service|socket|timer)$')

swift = ''
for path in glob.glob('Tests/**/*.swift', recursive=True):
    with open(path, encoding='utf-8') as source:
        swift += source.read()
tests = set(re.findall(r'func `([^`]+)`\(', swift))
suites = set(re.findall(r'\b(?:struct|class|enum) (\w+)', swift)) | set(os.listdir('Tests'))
paths = set()
for top in TOPS:
    for folder, names, files in os.walk(top):
        paths.update(os.path.join(folder, name) for name in names + files)
ends = {path[at + 1:] for path in paths for at in range(len(path)) if path[at] == '/'} | paths | set(os.listdir('.'))
# What documents name that is somebody's own, or on an installed system.
OTHERS = re.compile(r'^(/|\.|pki/|edge/|ca-private/|root/)|^(nlgated|draft|policy|blue|NAME|FILE)\.yaml$|^(openat2|sd-daemon|seccomp)\.h$')

count, missing = 0, []
for page in sorted(glob.glob('*.md') + glob.glob('docs/*.md') + glob.glob('policy/*.md')):
    if page == 'CHANGELOG.md':
        continue
    with open(page, encoding='utf-8') as document:
        lines = document.read().split('\n')
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith('```'):
            inside = not inside
        if inside:
            continue
        named = [(name, name in suites) for name in re.findall(r'\b[A-Z]\w+Tests\b', line)]
        named += [(name, name in tests) for name in re.findall(r'`([^`]+)`\(\)', line)]
        for span in re.findall(r'`([^`]+)`(?!\()', line):
            if page == 'docs/lessons.md' and ' ' in span and span != 'make lint':
                named.append((span, span in tests))
            elif FILE.match(span) and not OTHERS.match(span):
                named.append((span, span in ends))
            elif re.match(r'^(%s)/[\w./-]*$' % '|'.join(TOPS), span):
                named.append((span, os.path.exists(span)))
        count += len(named)
        missing += ['%s:%d: there is no %s' % (page, number, name) for name, exists in named if not exists]
print('\n'.join(missing), file=sys.stderr, end='\n' if missing else '')
if missing or not count:
    sys.exit(1)
print('check-names: %d tests, files and folders that documents name are there' % count)
