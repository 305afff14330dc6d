#!/usr/bin/env python3
"""A socket for pyroute2 0.9 that leads to another host's kernel: docs/pyroute2.md shows how it is used.

    from pyroute2 import IPRoute
    from gateway_socket import GatewaySocket

    with IPRoute(use_socket=GatewaySocket('tls://edge1:7000', key='a.key', cert='a.crt', ca='ca.crt')) as ip:
        print([link.get('ifname') for link in ip.get_links()])
"""
import select
import socket
import threading

from nlgate_client import JOIN, LEAVE, OPTION, Datagram, Overrun, Session, number

SOL_NETLINK, ADD_MEMBERSHIP, DROP_MEMBERSHIP = 270, 1, 2
OPTIONS = {3, 4, 5, 10, 11, 12}
NLMSG_OVERRUN = b'\x10\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0'


class GatewaySocket(socket.socket):
    """One end of a pair of datagram sockets; a thread carries what goes through the other to a session and back."""

    def __init__(self, url, protocol=0, **options):
        ours, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        super().__init__(fileno=ours.detach())
        for end in (self, self._far):
            socket.socket.setsockopt(end, socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.session = Session(url, protocol, **options)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def bind(self, address):
        """A netlink address: the port id is the gateway's to choose, the groups are a mask."""
        for group in range(1, 33):
            if address[1] >> (group - 1) & 1:
                self._say(JOIN, group=group)

    def setsockopt(self, level, option, value, *rest):
        if level != SOL_NETLINK:
            return super().setsockopt(level, option, value, *rest)
        if option in (ADD_MEMBERSHIP, DROP_MEMBERSHIP):
            return self._say(JOIN if option == ADD_MEMBERSHIP else LEAVE, group=value)
        if option in OPTIONS:
            return self._say(OPTION, number(1, option) + number(2, value))
        raise OSError(92, 'the gateway does not know this option')

    def getsockname(self):
        return self.session.welcome.port_id, 0

    def close(self):
        super().close()
        self._far.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _say(self, kind, payload=b'', group=0):
        # The answer is a RESULT, which nobody waits for: what was not granted simply brings no events.
        with self._lock:
            self.session._write(kind, payload, group=group)

    def _carry(self):
        try:
            with self._far, self.session:
                while self._carry_once():
                    pass
        except (OSError, EOFError):
            pass

    def _carry_once(self):
        while True:
            event = self.session.receive(0)
            if event is None:
                break
            if isinstance(event, Datagram):
                self._far.send(event.data)
            elif isinstance(event, Overrun):
                self._far.send(NLMSG_OVERRUN)
        ready, _, _ = select.select([self._far, self.session], [], [])
        if self._far in ready:
            datagram = self._far.recv(self.session.welcome.to_server + 1)
            if not datagram:
                return False
            with self._lock:
                self.session.send(datagram)
        return True
