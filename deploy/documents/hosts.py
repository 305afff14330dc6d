"""Two hosts with the names and addresses of the documents, as network namespaces with an /etc, /run and /var/log each."""
import os
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time

LOCAL = ('etc', 'run', 'var/log')


class Hosts:
    """edge1 is the server, noc the client; ca is a folder on this machine."""

    def __init__(self, programs, work):
        self.work, self.daemon, self.line = work, None, ''
        self.names = {'edge1': 'nlgate-docs-edge1-%d' % os.getpid(), 'noc': 'nlgate-docs-noc-%d' % os.getpid()}
        self.environment = {'PATH': programs + ':/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': work, 'LC_ALL': 'C.UTF-8'}
        edge1, noc = self.names['edge1'], self.names['noc']
        for words in (
                'ip netns add %s' % edge1, 'ip netns add %s' % noc,
                'ip -n %s link set lo up' % edge1, 'ip -n %s link set lo up' % noc,
                'ip link add eth0 netns %s type veth peer name eth0 netns %s' % (edge1, noc),
                'ip -n %s addr add 192.0.2.1/24 dev eth0' % edge1, 'ip -n %s addr add 192.0.2.7/24 dev eth0' % noc,
                'ip -n %s link set eth0 up' % edge1, 'ip -n %s link set eth0 up' % noc):
            subprocess.run(words.split(), check=True)

    def path(self, host, path=''):
        """A file of a host: below its working folder, or where the host has its own, there."""
        top = next((top for top in LOCAL if path.startswith('/' + top + '/')), None)
        return os.path.join(self.work, host, path) if top is None else os.path.join(self.work, 'of-' + host, path[1:])

    def fresh(self):
        """Hosts as they are when somebody begins to read: no daemon, no files of ours, an eth1 beside eth0."""
        self.stop()
        self.line = ''
        for host in ('edge1', 'noc', 'ca'):
            for folder in (self.path(host), os.path.join(self.work, 'of-' + host)):
                shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(self.path(host))
        for host in self.names:
            for top in LOCAL[1:]:
                os.makedirs(os.path.join(self.work, 'of-' + host, top))
            subprocess.run(['cp', '-a', '/etc', os.path.join(self.work, 'of-' + host, 'etc')], check=True)
            with open(self.path(host, '/etc/hosts'), 'a', encoding='utf-8') as names:
                names.write('192.0.2.1 edge1.example.net edge1\n')
            shutil.rmtree(self.path(host, '/etc/nlgate/'), ignore_errors=True)
            for folder in ('/etc/nlgate/', '/run/nlgate/', '/var/log/nlgate/'):
                os.makedirs(self.path(host, folder))
        self.journal()
        self.refresh()

    def refresh(self):
        """The links that documents begin with, and nothing that others have added."""
        edge1 = self.names['edge1']
        for link in ('br0', 'eth1'):
            subprocess.run(['ip', '-n', edge1, 'link', 'del', link], stderr=subprocess.DEVNULL)
        for words in ('link add eth1 type veth peer name eth1peer', 'link set eth1 up', 'link set eth1peer up',
                      'route flush scope global', 'route flush table 100'):
            subprocess.run(['ip', '-n', edge1] + words.split(), stderr=subprocess.DEVNULL)

    def journal(self):
        """A socket where a journal would be; the file 'of-journal' has what 'journalctl -o cat' would say."""
        path = self.path('edge1', '/run/systemd/journal/socket')
        os.makedirs(os.path.dirname(path))
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(path)

        def receive():
            while True:
                fields = receiver.recv(1 << 16).decode(errors='replace').splitlines()
                with open(self.path('edge1', 'of-journal'), 'a', encoding='utf-8') as log:
                    log.writelines(field[8:] + '\n' for field in fields if field.startswith('MESSAGE='))
        threading.Thread(target=receive, daemon=True).start()

    def close(self):
        self.stop()
        for name in self.names.values():
            subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL)

    def command(self, host, text):
        """The shell that runs lines there."""
        words = ['bash', '-euo', 'pipefail', '-c', text]
        if host not in self.names:
            return words
        mounts = ' && '.join('mount --bind %s /%s' % (shlex.quote(os.path.join(self.work, 'of-' + host, top)), top)
                             for top in LOCAL)
        # What iproute2 lists is below /run; the namespaces themselves were entered before.
        return ['ip', 'netns', 'exec', self.names[host], 'unshare', '--mount', 'bash', '-c',
                mounts + ' && exec "$@"', 'bash'] + words

    def run(self, host, text):
        return subprocess.run(
            self.command(host, text), cwd=self.path(host), env=self.environment, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def said(self, host, text, status=0):
        """What lines print; they must end with that status."""
        result = self.run(host, text)
        said = result.stdout.decode(errors='replace')
        assert status is None or result.returncode == status, 'exit status %d: %s' % (result.returncode, said)
        return said

    @staticmethod
    def lacks(words):
        """True when this kernel can't do what `ip` is told; asked in a namespace of its own."""
        return subprocess.run(['unshare', '--net', 'sh', '-c', words], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode != 0

    def start(self, line, more=''):
        """Starts the daemon by a document's line, on edge1."""
        self.stop()
        self.line = ' '.join(line.replace('\\\n', ' ').split())
        with open(os.path.join(self.work, 'log'), 'w+b') as log:
            self.daemon = subprocess.Popen(
                self.command('edge1', 'exec %s %s' % (self.line, more)), cwd=self.path('edge1'), env=self.environment,
                stdin=subprocess.DEVNULL, stderr=log)
        self.wait('listening on')

    def log(self):
        with open(os.path.join(self.work, 'log'), encoding='utf-8', errors='replace') as log:
            return log.read()

    def wait(self, words, count=1):
        """Waits until the daemon has said these words so many times."""
        for _ in range(150):
            if self.log().count(words) >= count:
                return
            if self.daemon is None or self.daemon.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError("the daemon doesn't say '%s': %s" % (words, self.log()))

    def again(self, more=''):
        """The same daemon once more, with other options behind its line."""
        self.start(self.line, more)

    def reload(self):
        count = self.log().count('loaded')
        self.daemon.send_signal(signal.SIGHUP)
        self.wait('loaded', count + 1)

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(timeout=30)
            self.daemon = None
