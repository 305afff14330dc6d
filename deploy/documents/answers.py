"""Compares what a program says with what a document says that it says."""
import re

# What differs from run to run: the same value in a document stands for the same value in an answer.
VALUES = re.compile(
    r'sha256:[0-9a-f]{16}|\b(?=[0-9a-f]*\d)[0-9a-f]{10}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'
    r'|192\.0\.2\.7:\d{2,5}|"session":\d+')
SHAPES = (
    (r'sha256:', r'sha256:[0-9a-f]{16}'), (r'\d{4}-', r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'),
    (r'192', r'192\.0\.2\.7:\d{2,5}'), (r'"session"', r'"session":\d+'), (r'', r'[0-9a-f]{10}'))


class Answers:
    """What values of a document have turned out to be."""

    def __init__(self):
        self.values = {}

    def known(self, text):
        """The text with the values of this run in the place of the document's."""
        return VALUES.sub(lambda value: self.values.get(value.group(), value.group()), text)

    def pattern(self, lines):
        """A regular expression for an answer; '…' stands for what is left out, alone on a line for any lines."""
        new, pieces = [], []
        for line in lines:
            if line.strip() in ('…', '...'):
                pieces.append(r'(?:[^\n]*\n)*')
                continue
            at = 0
            for value in VALUES.finditer(line):
                pieces.append(self.literal(line[at:value.start()]))
                pieces.append(self.value(value.group(), new))
                at = value.end()
            pieces.append(self.literal(line[at:]) + r'[ \t]*\n')
        return re.compile(''.join(pieces)), new

    @staticmethod
    def literal(text):
        return r'[^\n]*'.join(re.escape(piece) for piece in text.split('…'))

    def value(self, value, new):
        if value in self.values:
            return re.escape(self.values[value])
        if value in new:
            return '(?P=v%d)' % new.index(value)
        new.append(value)
        shape = next(shape for beginning, shape in SHAPES if re.match(beginning, value))
        return '(?P<v%d>%s)' % (len(new) - 1, shape)

    def compare(self, lines, said):
        pattern, new = self.pattern(lines)
        match = pattern.fullmatch(said if said.endswith('\n') or not said else said + '\n')
        assert match, 'the document says\n%s\nbut this was said\n%s' % ('\n'.join(lines), said)
        for number, value in enumerate(new):
            self.values[value] = match.group('v%d' % number)
