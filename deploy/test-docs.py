#!/usr/bin/env python3
"""Runs the command lines of README and docs as they stand there: test-docs.py FOLDER-WITH-PROGRAMS

Every fenced block of every document has its place in PLAN: run on one of two hosts (network namespaces with the names
and addresses of the documents), checked as a policy or a configuration, or not run, with the reason. A block that has no
place is a failure, so a new one can't be forgotten. Needs root.
"""
import contextlib
import fnmatch
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# (document, what a block's first lines look like, what to do, more). The first row that fits counts.
#   host NAME: run there, in the folder of that host; lines that begin with '# ' are root's, '$ ' anybody's.
#   policy, config: must be valid. skip: the reason is said.
PLAN = [
    ('README.md', 'make demo*', 'skip', 'make test and make demo are run by themselves'),
    ('README.md', 'clients*', 'skip', 'a drawing'),
    ('README.md', '*clients  --TLS*', 'skip', 'a drawing'),
    ('README.md', 'make setup release*', 'skip', 'installs on the machine itself; make install is tried by the package'),
    ('README.md', 'nlgate pki init pki*', 'noc', ''),
    ('README.md', 'nlgated --listen*', 'edge1', 'copy background'),
    ('README.md', 'export NLGATE_HOST*', 'noc', 'limit'),
    ('README.md', 'nlgate addr add*', 'noc', 'unrestricted'),
    ('README.md', 'import RemoteNetlink*', 'skip', 'Swift; the samples of the library have tests of their own'),
    ('docs/architecture.md', '*', 'skip', 'a drawing'),
    ('docs/threat-model.md', '*', 'skip', 'a drawing'),
    ('docs/commands.md', 'nlgate link add br0*', 'noc', 'unrestricted'),
    ('docs/rollback.md', 'nlgate link set eth0*', 'noc', 'unrestricted confirm'),
    ('docs/rollback.md', 'try await*', 'skip', 'Swift; the samples of the library have tests of their own'),
    ('docs/pki.md', 'nlgate pki *', 'ca', ''),
    ('docs/pki.md', '(umask *', 'ca', ''),
    ('docs/pki.md', '[[]ca]*', 'skip', 'PKIRevokingTests run openssl ca with it'),
    ('docs/*.md', 'policy: 1*', 'policy', ''),
    ('docs/*.md', 'config: 1*', 'config', ''),
    ('docs/*.md', '[$#] *', 'skip', 'a session with its answers; PolicyCommandTests go the same way'),
    ('docs/policy.md', 'nlgate policy learn*', 'skip', 'a session with its answers; PolicyCommandTests go the same way'),
    ('docs/policy.md', '*', 'skip', 'output, or part of a policy that stands whole elsewhere'),
    ('docs/protocol.md', '*', 'skip', 'bytes; deploy/verify-example.sh runs the example, Tests/python the rest'),
    ('docs/pyroute2.md', '*', 'skip', 'PyrouteTests run this page from its first block to its last'),
    ('docs/first-ten-minutes.md', 'make deb*', 'skip', 'the package has a test of its own'),
    ('docs/first-ten-minutes.md', 'nlgate pki init*', 'noc', ''),
    ('docs/first-ten-minutes.md', 'scp *', 'skip', 'the files are copied without a network'),
    ('docs/first-ten-minutes.md', 'cd /etc/nlgate*', 'skip', 'the package has a test of its own; systemd is not here'),
    ('docs/first-ten-minutes.md', 'export NLGATE_HOST*', 'noc', 'ten-minutes'),
    ('docs/first-ten-minutes.md', 'nlgate link set eth1 mtu 1400', 'noc', 'fails'),
    ('docs/first-ten-minutes.md', 'nlgate policy check*', 'skip', 'the policy is checked; systemd is not here'),
    ('docs/first-ten-minutes.md', 'nlgate link set eth1*', 'noc', 'unrestricted confirm'),
    ('docs/operations.md', '*', 'skip', 'the package has a test of its own'),
]


def blocks(path):
    """The fenced blocks of a document: (line, language, text)."""
    found, begin, language, lines = [], None, '', []
    with open(path, encoding='utf-8') as document:
        for number, line in enumerate(document, 1):
            if line.startswith('```'):
                if begin is None:
                    begin, language, lines = number, line[3:].strip(), []
                else:
                    found.append((begin, language, ''.join(lines)))
                    begin = None
            elif begin is not None:
                lines.append(line)
    return found


class Hosts:
    """Two hosts with the names of the documents, and the files of each."""

    def __init__(self, programs, work):
        self.programs, self.work = programs, work
        self.daemon = None
        self.names = {'edge1': 'nlgate-docs-edge1-%d' % os.getpid(), 'noc': 'nlgate-docs-noc-%d' % os.getpid()}
        self.environment = {'PATH': programs + ':/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': work, 'LC_ALL': 'C.UTF-8'}
        for host in ('edge1', 'noc', 'ca'):
            os.mkdir(os.path.join(work, host))
        edge1, noc = self.names['edge1'], self.names['noc']
        for words in (
                'ip netns add %s' % edge1, 'ip netns add %s' % noc,
                'ip -n %s link set lo up' % edge1, 'ip -n %s link set lo up' % noc,
                'ip link add eth0 netns %s type veth peer name eth0 netns %s' % (edge1, noc),
                'ip -n %s addr add 192.0.2.1/24 dev eth0' % edge1, 'ip -n %s addr add 192.0.2.7/24 dev eth0' % noc,
                'ip -n %s link set eth0 up' % edge1, 'ip -n %s link set eth0 up' % noc):
            subprocess.run(words.split(), check=True)
        self.refresh()
        with open('/etc/hosts', encoding='utf-8') as hosts:
            text = hosts.read()
        with open(os.path.join(work, 'hosts'), 'w', encoding='utf-8') as hosts:
            hosts.write(text + '192.0.2.1 edge1.example.net edge1\n')

    def refresh(self):
        """What documents begin with: an eth1 beside the eth0 that carries the session, and nothing from before."""
        edge1 = self.names['edge1']
        for link in ('br0', 'eth1'):
            subprocess.run(['ip', '-n', edge1, 'link', 'del', link], stderr=subprocess.DEVNULL)
        for words in ('link add eth1 type veth peer name eth1peer', 'link set eth1 up', 'route flush table 100'):
            subprocess.run(['ip', '-n', edge1] + words.split(), stderr=subprocess.DEVNULL)

    def close(self):
        self.stop()
        for name in self.names.values():
            subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL)

    def command(self, host, text):
        """The shell that runs a block there; /etc/hosts is the documents' own."""
        words = ['bash', '-euo', 'pipefail', '-c', text]
        if host in self.names:
            words = ['ip', 'netns', 'exec', self.names[host], 'unshare', '--mount', 'bash', '-c',
                     'mount --bind %s /etc/hosts && exec "$@"' % shlex.quote(os.path.join(self.work, 'hosts')), 'bash'
                     ] + words
        return words

    def run(self, host, text, **options):
        return subprocess.run(
            self.command(host, text), cwd=os.path.join(self.work, host), env=self.environment, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def lacks(self, words):
        """True when this kernel can't do what `ip` is told; asked in a namespace of its own."""
        return subprocess.run(['unshare', '--net', 'sh', '-c', words], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode != 0

    def start(self, text):
        """Starts the daemon by a document's line."""
        self.stop()
        log = open(os.path.join(self.work, 'log'), 'w+b')
        self.daemon = subprocess.Popen(
            self.command('edge1', 'exec ' + text.strip()), cwd=os.path.join(self.work, 'edge1'), env=self.environment,
            stdin=subprocess.DEVNULL, stderr=log)
        for _ in range(100):
            log.seek(0)
            said = log.read().decode(errors='replace')
            if 'listening on' in said:
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError('the daemon does not start: ' + said)

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(timeout=30)
            self.daemon = None


class Documents:
    def __init__(self, hosts, programs):
        self.hosts, self.programs = hosts, programs
        self.line = ''          # how README starts the daemon
        self.exports = ''       # what a client's documents export
        self.counts = {'run': 0, 'checked': 0, 'skipped': 0}

    def copy(self):
        """What the text between the blocks says is copied to the server."""
        noc, edge1 = (os.path.join(self.hosts.work, host) for host in ('noc', 'edge1'))
        for path in glob.glob(noc + '/pki/ca.crt') + glob.glob(noc + '/pki/server/*') + glob.glob(noc + '/pki/client/*'):
            shutil.copy(path, edge1 if '/client/' not in path else noc)
        shutil.copy(noc + '/pki/ca.crt', noc)

    def expect(self, result, fails=False):
        said = result.stdout.decode(errors='replace')
        if fails:
            assert result.returncode != 0 and 'policy does not grant' in said, 'it should be refused: ' + said
        else:
            assert result.returncode == 0, 'exit status %d: %s' % (result.returncode, said)

    def run(self, host, text, how):
        lines = text
        if 'background' in how:
            self.copy()
            self.line = ' '.join(text.replace('\\\n', ' ').split())
            return self.hosts.start(self.line)
        if 'unrestricted' in how:
            self.hosts.refresh()
            # These are about words, not about rights; the default route that they replace must lead somewhere.
            self.hosts.start(self.line + ' --policy builtin:unrestricted')
        elif 'ten-minutes' in how or 'fails' in how:
            self.copy()
            self.hosts.start(self.line)
        if 'export NLGATE_HOST' in text:
            self.exports = '\n'.join(line for line in text.splitlines() if line.startswith('export'))
        elif host == 'noc' and 'pki' not in text:
            lines = self.exports + '\n' + text
        # What this kernel lacks can't be shown on it.
        if 'type vlan' in lines and self.hosts.lacks('ip link add a type bridge && ip link add link a type vlan id 5'):
            print('documents: not run, this kernel has no VLANs: ' + re.search('.*type vlan.*', lines).group())
            lines = re.sub('.*type vlan.*', '', lines)
        if 'vlan_filtering' in lines and self.hosts.lacks('ip link add type bridge vlan_filtering 1'):
            print("documents: left out, this kernel's bridges have no VLANs: vlan_filtering 1")
            lines = lines.replace(' vlan_filtering 1', '')
        # A monitor has no end of its own.
        lines = re.sub(r'^(nlgate monitor .*)$', r'timeout 2 \1 || [ $? = 124 ]', lines, flags=re.M)
        # Who confirms is a person; the answer to the question is yes.
        if 'confirm' in how:
            lines = re.sub(r'^(nlgate .*)$', r'yes | \1 || true', lines, flags=re.M)
        return self.expect(self.hosts.run(host, lines), 'fails' in how)

    def check(self, command, text):
        path = os.path.join(self.hosts.work, 'block.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        self.expect(self.hosts.run('ca', command % shlex.quote(path)))

    def block(self, document, text):
        """What the plan says about a block, done; the name of what was done."""
        for pattern, beginning, action, how in PLAN:
            if fnmatch.fnmatch(document, pattern) and fnmatch.fnmatchcase(text.strip(), beginning):
                if action == 'skip':
                    return 'skipped'
                if action == 'policy':
                    self.check('nlgate policy check %s', text)
                    return 'checked'
                if action == 'config':
                    return 'skipped'
                self.run(action, text, how)
                return 'run'
        raise AssertionError('no row of PLAN in deploy/test-docs.py says what to do with this block')


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: test-docs.py FOLDER-WITH-PROGRAMS')
    if os.geteuid() != 0:
        print('documents: not tried: only root can make the two hosts')
        return
    programs = os.path.realpath(sys.argv[1])
    work = tempfile.mkdtemp(prefix='nlgate-docs-')
    failures, hosts = 0, None
    try:
        hosts = Hosts(programs, work)
        documents = Documents(hosts, programs)
        os.chdir(ROOT)
        for document in ['README.md'] + sorted(glob.glob('docs/*.md')):
            if document == 'docs/first-ten-minutes.md':
                shutil.rmtree(os.path.join(work, 'noc', 'pki'), ignore_errors=True)
                documents.line = documents.line.replace('operator', 'noc-7')
            for line, _, text in blocks(document):
                try:
                    documents.counts[documents.block(document, text)] += 1
                except (AssertionError, subprocess.SubprocessError, OSError) as error:
                    failures += 1
                    print('%s:%d: %s\n%s' % (document, line, error, text), file=sys.stderr)
    finally:
        if hosts:
            with contextlib.suppress(subprocess.SubprocessError):
                hosts.close()
        shutil.rmtree(work, ignore_errors=True)
    print('documents: %(run)d blocks run, %(checked)d policies checked, %(skipped)d not run, by the plan' % documents.counts)
    sys.exit(1 if failures else 0)


main()
