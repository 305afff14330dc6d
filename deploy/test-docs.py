#!/usr/bin/env python3
"""Runs the command lines of README and docs as they stand there: test-docs.py FOLDER-WITH-PROGRAMS [DOCUMENT…]

Every fenced block, every indented command line and every command inside of a sentence has its place in
deploy/documents/plan.py: run on one of two hosts (network namespaces with the names and addresses of the documents), its
answer compared, checked as a policy or a configuration, or tried by a test that is named and looked into. What has no place
is a failure, so a new one can't be forgotten. Needs root.
"""
import contextlib
import fnmatch
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from documents.answers import Answers  # noqa: E402
from documents.hosts import Hosts  # noqa: E402
from documents.pages import is_command, parts, prompted  # noqa: E402
from documents.plan import BEFORE, LINES, PLAN  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOSTS = ('edge1', 'noc', 'ca')
EXPORTS = '\n'.join('export NLGATE_%s=%%s' % name for name in ('HOST', 'KEY', 'CERT', 'CA'))
README_LINE = 'nlgated --listen tls://0.0.0.0:7000 --key edge1.example.net.key --cert edge1.example.net.crt --ca ca.crt'


def fits(text, pattern):
    return fnmatch.fnmatchcase(' '.join(text.split()), pattern)


def commands(text):
    """The command lines of a block; a backslash goes on, comments and empty lines are none."""
    lines = [line for line in re.sub(r'\\\n\s*', '', text).splitlines() if line.strip()]
    return [line for line in lines if not line.startswith('#')]


class Documents:
    def __init__(self, hosts, programs):
        self.hosts, self.programs = hosts, programs
        self.document, self.exports, self.answers = '', '', Answers()
        self.counts = {'blocks': 0, 'lines': 0, 'checked': 0, 'elsewhere': 0}
        self.remarks, self.seen = [], set()

    # What a document begins with.

    def enter(self, document):
        self.document, self.exports, self.answers = document, '', Answers()
        self.hosts.fresh()
        client = {'docs/policy.md': 'noc-7', 'docs/operations.md': 'noc-7'}.get(document, 'operator')
        authority = 'Ops CA' if document == 'docs/policy.md' else 'Example network CA'
        if document in ('docs/operations.md', 'docs/first-ten-minutes.md'):
            shutil.copy(ROOT + '/deploy/deb/nlgated.yaml', self.hosts.path('edge1', '/etc/nlgate/nlgated.yaml'))
        if document in ('README.md', 'docs/first-ten-minutes.md', 'docs/pki.md'):
            return
        self.hosts.said('noc', 'nlgate pki init pki --name "%s" && nlgate pki server pki edge1.example.net 192.0.2.1' % authority)
        for name in (client, 'bird'):
            self.hosts.said('noc', 'nlgate pki client pki %s' % name)
        self.copy()
        self.exports = self.files(client)
        if document not in ('docs/policy.md', 'docs/operations.md'):
            self.hosts.start(README_LINE)

    @staticmethod
    def files(client):
        folder = 'pki/client/' + client
        return EXPORTS % ('tls://edge1.example.net:7000', folder + '.key', folder + '.crt', 'pki/ca.crt')

    def copy(self):
        """What the text between the blocks says is copied, under the names that documents use."""
        noc, edge1 = self.hosts.path('noc'), self.hosts.path('edge1')
        for path in glob.glob(noc + '/pki/client/*') + [noc + '/pki/ca.crt']:
            shutil.copy(path, noc)
        for path in glob.glob(noc + '/pki/server/*') + [noc + '/pki/ca.crt']:
            shutil.copy(path, edge1)
            kind = os.path.splitext(path)[1]
            if not path.endswith('ca.crt'):
                for name in ('server', 'edge1.example'):
                    shutil.copy(path, os.path.join(edge1, name + kind))

    # Blocks.

    def part(self, part):
        if part.kind == 'mention':
            if part.text not in self.seen:
                self.seen.add(part.text)
                self.line(part.text, 'mention')
            return
        for pattern, beginning, action, more in PLAN:
            if fnmatch.fnmatch(self.document, pattern) and fnmatch.fnmatchcase(part.text.strip(), beginning):
                break
        for document, beginning, steps in BEFORE:
            if document == self.document and fnmatch.fnmatchcase(part.text.strip(), beginning):
                for host, text in steps:
                    self.shell(host, text)
        self.counts['blocks'] += action not in ('drawing', 'lines', 'read by')
        if action in HOSTS:
            self.block(action, part.text, more)
        elif action == 'lines':
            for line in commands(part.text):
                if is_command(line):
                    self.line(line, 'block')
        else:
            {'daemon': self.daemon, 'session': self.session, 'policy': self.policy, 'config': self.config,
             'add': self.add, 'openssl': self.openssl, 'read by': self.read, 'drawing': lambda text, more: None,
             }[action](part.text, more)

    def block(self, host, text, how):
        """Runs the lines of a block in one shell; what systemd or a network would do is done between them."""
        if 'unrestricted' in how:
            self.hosts.refresh()
            # These are about words, not about rights.
            self.hosts.again('--policy builtin:unrestricted')
        if 'export NLGATE_HOST' in text:
            self.exports = '\n'.join(line for line in text.splitlines() if line.startswith('export'))
        waiting, folder = [], ''
        for line in commands(text):
            row = self.row(line)
            if row and row[1] not in HOSTS:
                self.shell(host, folder + '\n'.join(waiting), how)
                waiting = []
                self.line(line, 'block')
                continue
            self.counts['lines'] += 1
            waiting.append(line)
            if line.startswith('cd '):
                folder = line + '\n'
        self.shell(host, folder + '\n'.join(waiting), how)
        if 'copy' in how:
            self.copy()

    def shell(self, host, text, how=''):
        if host == 'noc':
            text = self.exports + '\n' + text
        # What this kernel lacks can't be shown on it.
        if 'type vlan' in text and self.hosts.lacks('ip link add a type bridge && ip link add link a type vlan id 5'):
            self.remarks.append('not run, this kernel has no VLANs: ' + re.search('.*type vlan.*', text).group())
            text = re.sub('.*type vlan.*', '', text)
        if 'vlan_filtering' in text and self.hosts.lacks('ip link add type bridge vlan_filtering 1'):
            self.remarks.append("left out, this kernel's bridges have no VLANs: vlan_filtering 1")
            text = text.replace(' vlan_filtering 1', '')
        if 'limit' in how:
            text = re.sub(r'^(nlgate monitor .*)$', r'timeout 2 \1 || [ $? = 124 ]', text, flags=re.M)
        self.hosts.said(host, text)

    def daemon(self, text, _):
        self.counts['lines'] += 1
        self.hosts.start(re.sub(r'\A# ', '', text))

    def session(self, text, host):
        for prompt, command, answer in prompted(text):
            self.counts['lines'] += 1
            there = 'edge1' if prompt == '#' else host
            exports = self.exports + '\n' if there == 'noc' else ''
            result = self.hosts.run(there, exports + self.answers.known(command))
            self.answers.compare(answer, result.stdout.decode(errors='replace'))

    def policy(self, text, path):
        path = self.hosts.path('edge1', path or 'block.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        self.counts['checked'] += 1
        self.hosts.said('ca', 'nlgate policy check ' + shlex.quote(path))

    def add(self, text, path):
        with open(self.hosts.path('edge1', path), 'a', encoding='utf-8') as file:
            file.write(text)
        self.hosts.said('edge1', 'nlgate policy test %s && nlgate policy check %s' % (path, path))

    def config(self, text, _):
        """The files that it names need not be there: --print-config says what the options are, and of each where from."""
        with open(self.hosts.path('edge1', 'block.yaml'), 'w', encoding='utf-8') as file:
            file.write(text)
        said = self.hosts.said('edge1', 'nlgated --print-config --config "$PWD/block.yaml"')
        for number, line in enumerate(text.splitlines(), 1):
            key = re.match(r'([a-z-]+):', line)
            if key and key.group(1) not in ('config', 'limits'):
                value = r'^%s:( .*|\n  - .*)block\.yaml:%d$' % (key.group(1), number)
                assert re.search(value, said, re.M), 'no %s of that line in:\n%s' % (key.group(1), said)
        self.counts['checked'] += 1

    def openssl(self, text, _):
        with open(self.hosts.path('ca', 'openssl.cnf'), 'w', encoding='utf-8') as file:
            file.write(text)
        said = self.hosts.said('ca', 'openssl ca -config openssl.cnf -gencrl -out other.crl 2>&1\n'
                               'openssl ca -config openssl.cnf -revoke pki/server/edge1.example.crt 2>&1\n'
                               'nlgate pki crl pki\nnlgate pki list pki')
        assert re.search('^revoked:[^ ]* +server .*edge1.example', said, re.M), said

    def read(self, _, path):
        name = os.path.basename(self.document)
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            assert name in file.read(), '%s does not read %s' % (path, self.document)
        self.counts['elsewhere'] += 1

    # Single lines.

    @staticmethod
    def row(line):
        line = re.sub(r'\s+#.*', '', line).strip()
        return next((row for row in LINES if fits(line, row[0])), None)

    def line(self, line, kind):
        row = self.row(line)
        if row is None:
            assert kind == 'mention' and re.fullmatch(r'nlgated?( [a-z]+)*( --help)?|nlgated --(check|print-config)', line), \
                'no row of deploy/documents/plan.py says what to do with: ' + line
            words = line.removesuffix(' --help').split()
            self.hosts.said('ca', ' '.join([word for word in words if not word.startswith('-')] + ['--help']))
            assert words[-1][0] != '-' or words[-1] in self.hosts.said('ca', words[0] + ' --help'), 'no such option'
            return
        _, action, more = row
        if action in HOSTS:
            self.counts['lines'] += 1
            self.shell(action, more.replace('ROOT/', ROOT + '/') or line)
        elif action in ('start', 'reload', 'restart'):
            self.occurs(more, 'deploy/deb/test-inside.sh')
            {'start': lambda: self.hosts.start('nlgated'),
             'reload': self.hosts.reload if self.hosts.daemon else lambda: None,
             'restart': self.hosts.again if self.hosts.daemon else lambda: None}[action]()
        elif action == 'copy':
            words = shlex.split(line)[1:]
            for path in words[:-1]:
                shutil.copy(self.hosts.path('noc', path), self.hosts.path('edge1', words[-1].partition(':')[2]))
        elif action in ('target', 'manual', 'package', 'nobody', 'name'):
            getattr(self, action)(line, more)
        else:
            self.occurs(more, action)
            self.counts['elsewhere'] += 1

    @staticmethod
    def occurs(text, path):
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            assert text in file.read(), '%s has no line with: %s' % (path, text)

    @staticmethod
    def target(line, _):
        with open(os.path.join(ROOT, 'Makefile'), encoding='utf-8') as file:
            makefile = file.read()
        for name in [word for word in line.partition('#')[0].split()[1:] if '=' not in word]:
            assert re.search('^%s:' % re.escape(name), makefile, re.M), 'the Makefile has no target ' + name

    def manual(self, line, _):
        folder = os.path.join(self.hosts.work, 'man')
        if not os.path.isdir(folder):
            subprocess.run(['python3', ROOT + '/deploy/deb/man.py', self.programs + '/nlgate', self.programs + '/nlgated',
                            folder], check=True, env=dict(os.environ, SOURCE_DATE_EPOCH='0'), stdout=subprocess.DEVNULL)
        assert glob.glob('%s/man*/%s.[1-8]' % (folder, line.split()[1])), 'there is no manual page for: ' + line

    def package(self, line, more):
        packages = sorted(glob.glob(self.programs + '/nlgate_*.deb'), key=os.path.getmtime)
        if not packages:
            self.remarks.append('not run, there is no package beside the programs: ' + line)
            return
        subprocess.run(more.split() + [packages[-1]], check=True, stdout=subprocess.DEVNULL)

    def nobody(self, line, reason):
        self.remarks.append('tried by nobody: %s (%s)' % (line, reason))

    def name(self, line, _):
        pass


def main():
    if len(sys.argv) < 2:
        sys.exit('usage: test-docs.py FOLDER-WITH-PROGRAMS [DOCUMENT…]')
    if os.geteuid() != 0:
        print('documents: not tried: only root can make the two hosts')
        return
    programs = os.path.realpath(sys.argv[1])
    work = tempfile.mkdtemp(prefix='nlgate-docs-')
    failures, hosts = 0, None
    os.chdir(ROOT)
    try:
        hosts = Hosts(programs, work)
        documents = Documents(hosts, programs)
        for document in sys.argv[2:] or ['README.md'] + sorted(glob.glob('docs/*.md')):
            documents.enter(document)
            for part in parts(document):
                try:
                    documents.part(part)
                except (AssertionError, subprocess.SubprocessError, OSError) as error:
                    failures += 1
                    print('%s:%d: %s\n%s' % (document, part.line, error, part.text), file=sys.stderr)
    finally:
        if hosts:
            with contextlib.suppress(subprocess.SubprocessError):
                hosts.close()
        shutil.rmtree(work, ignore_errors=True)
    for remark in documents.remarks:
        print('documents: ' + remark)
    print('documents: %(blocks)d blocks and %(lines)d command lines run, %(checked)d policies and configurations checked, '
          '%(elsewhere)d found in tests of their own' % documents.counts)
    sys.exit(1 if failures else 0)


main()
