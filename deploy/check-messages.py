#!/usr/bin/env python3
"""Every message that docs/troubleshooting.md quotes is one that a program can say: it stands in Sources, or is an errno's.

In the left column of the tables, `code` is a quotation; '…' stands for what is left out. Where a source puts a value into a
text, any words do.
"""
import glob
import os
import re
import sys

os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = 'docs/troubleshooting.md'
# Words in the left column that are no messages: what somebody calls, and the audit log's own words.
NAMES = {'exec', 'monitor', 'denied'}
# What surrounds a text in a sentence of another.
STRIPPED = ' :;,"()[]'
KNOWN = {os.strerror(number) for number in range(1, 134)}


def literals(text):
    """The texts of a Swift source, each as the fixed pieces between its interpolations; '"a" + "b"' is one text."""
    text = re.sub(r'"\s*\+\s*"', '', text)
    position = 0
    while True:
        position = text.find('"', position)
        if position < 0:
            return
        position += 1
        pieces, piece = [], []
        while position < len(text) and text[position] not in '"\n':
            if text[position] == '\\' and text[position + 1] == '(':
                depth, position = 1, position + 2
                while depth and position < len(text):
                    depth += {'(': 1, ')': -1}.get(text[position], 0)
                    position += 1
                pieces.append(''.join(piece))
                piece = []
                continue
            if text[position] == '\\':
                position += 1
            piece.append(text[position])
            position += 1
        pieces.append(''.join(piece))
        position += 1
        if any(pieces):
            yield pieces


def said(words, pieces):
    """True when the words can be a part of the text; at least half of their letters are fixed in it."""
    for first, piece in enumerate(pieces):
        for begin in range(len(piece)):
            if not (piece[begin:].startswith(words) or words.startswith(piece[begin:])):
                continue
            left, fixed = words[len(piece) - begin:], min(len(words), len(piece) - begin)
            for following in pieces[first + 1:]:
                if not left:
                    break
                at = next((at for at in range(len(left) + 1)
                           if following and (left[at:].startswith(following) or following.startswith(left[at:]))), len(left))
                fixed += min(len(following), len(left) - at)
                left = left[at + len(following):]
            if not left and 2 * fixed >= len(words):
                return True
    return False


def is_said(words, texts):
    """By one text, or by one behind another, with a colon between."""
    if any(said(words, pieces) for pieces in texts):
        return True
    head, colon, tail = words.partition(': ')
    return bool(colon) and is_said(head, texts) and is_said(tail.strip(STRIPPED), texts)


texts = []
for path in glob.glob('Sources/**/*.swift', recursive=True):
    with open(path, encoding='utf-8') as source:
        texts += literals(source.read())
quoted, missing = 0, []
with open(PAGE, encoding='utf-8') as page:
    for number, line in enumerate(page, 1):
        if not line.startswith('| ') or line.startswith('| message') or line.startswith('| symptom'):
            continue
        for words in re.findall(r'`([^`]+)`', line.split(' | ')[0]):
            if words in NAMES:
                continue
            quoted += 1
            for part in words.replace('CN=…', '…').split('…'):
                for known in KNOWN:
                    part = part.replace(known, '')
                part = part.strip(STRIPPED)
                if len(re.sub('[^a-zA-Z]', '', part)) > 2 and not is_said(part, texts):
                    missing.append("%s:%d: no program says '%s'" % (PAGE, number, part))
print('\n'.join(missing), file=sys.stderr, end='\n' if missing else '')
if not quoted or missing:
    sys.exit(1)
print('check-messages: %d messages of %s are in the sources' % (quoted, PAGE))
