#!/usr/bin/env python3
"""Pictures in docs/pictures are well-formed SVG with title, description and letters as letters, and some page shows each.

The picture of the processes has every program of Package.swift.
"""
import glob
import os
import re
import sys
import xml.etree.ElementTree

os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SVG = '{http://www.w3.org/2000/svg}'
LARGEST = 30_000

pages = ''
for path in ['README.md'] + glob.glob('docs/*.md'):
    with open(path, encoding='utf-8') as page:
        pages += page.read()
complaints, pictures = [], sorted(glob.glob('docs/pictures/*'))
words = {}
for path in pictures:
    name = os.path.basename(path)
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except xml.etree.ElementTree.ParseError as error:
        complaints.append('%s: %s' % (path, error))
        continue
    words[name] = ' '.join(''.join(text.itertext()) for text in root.iter(SVG + 'text'))
    for part in ('title', 'desc', 'text'):
        if root.tag != SVG + 'svg' or not any(''.join(found.itertext()).strip() for found in root.iter(SVG + part)):
            complaints.append('%s has no %s' % (path, part))
    if os.path.getsize(path) > LARGEST:
        complaints.append('%s is larger than %d bytes' % (path, LARGEST))
    with open(path, encoding='utf-8') as picture:
        text = picture.read()
    if 'prefers-color-scheme: dark' not in text:
        complaints.append('%s has no colours for a dark page' % path)
    # Nothing is fetched, and nothing runs.
    if re.search(r'<script|<image|<foreignObject|href=|@import|url\((?!#)', text):
        complaints.append('%s needs something from outside of it' % path)
    if not re.search(r'!\[[^\]]+\]\((docs/)?pictures/%s\)' % re.escape(name), pages):
        complaints.append('no page shows %s with words for those who do not see it' % path)
with open('Package.swift', encoding='utf-8') as manifest:
    programs = re.findall(r'\.executable\(name: "([^"]+)"', manifest.read())
for program in programs:
    if not re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(program), words.get('processes.svg', '')):
        complaints.append('docs/pictures/processes.svg lacks ' + program)
print('\n'.join(complaints), file=sys.stderr, end='\n' if complaints else '')
if complaints or not pictures or not programs:
    sys.exit(1)
print('check-pictures: %d pictures, and the one of the processes has all %d programs' % (len(pictures), len(programs)))
