#!/usr/bin/env python3
"""A socket for pyroute2 0.9 that leads to another host's kernel; docs/pyroute2.md shows how it is used.

    from pyroute2 import IPRoute
    from gateway_socket import GatewaySocket

    with IPRoute(use_socket=GatewaySocket('tls://edge1:7000', key='a.key', cert='a.crt', ca='ca.crt')) as ip:
        print([link.get('ifname') for link in ip.get_links()])
"""
import errno
import os
import select
import socket
import struct
import threading

from nlgate_client import EXT_ACK, JOIN, LEAVE, OPTION, Datagram, Goodbye, Overrun, ProtocolError, Session, number

SOL_NETLINK, ADD_MEMBERSHIP, DROP_MEMBERSHIP = 270, 1, 2
# What docs/protocol.md lists for OPTION.
OPTIONS = {3, 4, 5, 10, 11, 12}
NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN, NLM_F_MULTI = 2, 3, 4, 2
MESSAGE = struct.Struct('=IHHII')


def headers(datagram):
    """(length, type, flags, sequence, port id) of each message."""
    offset = 0
    while len(datagram) - offset >= MESSAGE.size:
        header = MESSAGE.unpack_from(datagram, offset)
        yield header
        offset += max(MESSAGE.size, (header[0] + 3) & ~3)


class GatewaySocket(socket.socket):
    """One end of a pair of datagram sockets; a thread carries what goes through the other to a session and back.

    What isn't given is taken from NLGATE_HOST, NLGATE_KEY, NLGATE_CERT and NLGATE_CA. When the connection is lost,
    everything that waits for an answer, and everything that is asked afterwards, is answered with ECONNRESET.
    """

    def __init__(self, url=None, protocol=0, *, ext_ack=True, **options):
        for name in ('key', 'cert', 'ca'):
            options.setdefault(name, os.environ.get('NLGATE_' + name.upper()))
        ours, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        super().__init__(fileno=ours.detach())
        for end in (self, self._far):
            socket.socket.setsockopt(end, socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.session = Session(url or os.environ['NLGATE_HOST'], protocol, **options)
        # Held around everything that is done with the session: TLS is not made for two threads.
        self._lock = threading.Lock()
        self._unanswered = {}
        if ext_ack:
            self._say(OPTION, number(1, EXT_ACK) + number(2, 1))
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
        raise OSError(errno.ENOPROTOOPT, 'the gateway does not know this option')

    def sendto(self, data, *_):
        """To the kernel, which is the only address there is."""
        return self.send(data)

    def getsockname(self):
        return self.session.welcome.port_id, 0

    def close(self):
        super().close()
        try:
            self._far.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _say(self, kind, payload=b'', group=0):
        # The answer is a RESULT, which nobody waits for: what was not granted simply brings no events.
        with self._lock:
            self.session._write(kind, payload, group=group)

    def _carry(self):
        with self._far:
            try:
                with self.session:
                    while self._carry_once():
                        pass
                    return
            except (OSError, Goodbye, ProtocolError):
                pass
            try:
                # Sequence number 0 is for whoever waits for events.
                for sequence in [*self._unanswered, 0]:
                    self._refuse(sequence)
                while True:
                    datagram = self._far.recv(1 << 20)
                    if not datagram:
                        return
                    for _, _, _, sequence, _ in headers(datagram):
                        self._refuse(sequence)
            except OSError:
                pass

    def _carry_once(self):
        """Everything from the gateway, then what comes first from either side; False when our side is closed."""
        while True:
            with self._lock:
                event = self.session.receive(0)
            if event is None:
                break
            if isinstance(event, Datagram):
                self._note_answers(event)
                self._far.send(event.data)
            elif isinstance(event, Overrun):
                self._far.send(MESSAGE.pack(MESSAGE.size, NLMSG_OVERRUN, 0, 0, 0))
        ready, _, _ = select.select([self._far, self.session], [], [])
        if self._far not in ready:
            return True
        datagram = self._far.recv(self.session.welcome.to_server + 1)
        if not datagram:
            return False
        for _, _, _, sequence, _ in headers(datagram):
            self._unanswered[sequence] = True
        with self._lock:
            self.session.send(datagram)
        return True

    def _note_answers(self, event):
        if event.group:
            return
        for _, kind, flags, sequence, _ in headers(event.data):
            if kind in (NLMSG_ERROR, NLMSG_DONE) or not flags & NLM_F_MULTI:
                self._unanswered.pop(sequence, None)

    def _refuse(self, sequence):
        request = MESSAGE.pack(MESSAGE.size, 0, 0, sequence, 0)
        error = struct.pack('=i', -errno.ECONNRESET) + request
        self._far.send(MESSAGE.pack(MESSAGE.size + len(error), NLMSG_ERROR, 0, sequence, 0) + error)
