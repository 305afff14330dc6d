#!/usr/bin/env python3
"""A client of nlgate/1 in one file, written from docs/protocol.md alone. Python 3.8 or later, standard library only.

    with Session('tls://edge1:7000', key='a.key', cert='a.crt', ca='ca.crt') as session:
        session.send(request)
        for event in session.events(timeout=10): ...

As a program it lists the interfaces of a gateway (`links`) or tries every part of the protocol (`selftest`).
"""
import argparse
import collections
import json
import os
import re
import socket
import ssl
import struct
import sys
import time

PREFACE = b'nlgate/1'
HEADER = struct.Struct('<IHHII')
LONGEST = 65536
CONTROL_LIMIT = 4096

HELLO, WELCOME, DATAGRAM, JOIN, LEAVE, OPTION, RESULT, OVERRUN, PING, PONG, GOODBYE = range(1, 12)
DESCRIBE, RESET = 14, 15
MORE, STRICT_GROUPS = 1, 2

REASONS = {0: 'closed', 1: 'policy', 2: 'limits', 3: 'restart', 4: 'revoked', 5: 'expired', 6: 'protocol',
           7: 'not found', 8: 'timeout', 9: 'internal'}

PKTINFO, BROADCAST_ERROR, NO_ENOBUFS, CAP_ACK, EXT_ACK, STRICT_CHK = 3, 4, 5, 10, 11, 12
RECEIVE_BUFFER, SEND_BUFFER = 0x10001, 0x10002

Datagram = collections.namedtuple('Datagram', 'data group')
Result = collections.namedtuple('Result', 'tag code text')
Overrun = collections.namedtuple('Overrun', '')
Description = collections.namedtuple('Description', 'tag lines')
Pong = collections.namedtuple('Pong', 'tag')
Welcome = collections.namedtuple(
    'Welcome', 'port_id release byte_order version to_server to_client identity roles groups privileged')


class ProtocolError(Exception):
    """The other side doesn't keep to the protocol."""


class Goodbye(Exception):
    """The gateway ended the connection and said why."""

    def __init__(self, code, text):
        super().__init__('%s: %s' % (REASONS.get(code, 'internal'), text))
        self.code = code
        self.text = text


class Refused(OSError):
    """A RESULT that is not 0."""


# Attributes -----------------------------------------------------------------------------------------------------------

def attribute(kind, payload):
    head = struct.pack('<HH', 4 + len(payload), kind)
    return head + payload + bytes(-len(payload) % 4)


def number(kind, value):
    return attribute(kind, struct.pack('<I', value))


def string(kind, value):
    return attribute(kind, value.encode() + b'\0')


def attributes(payload):
    """(type, payload) of each attribute; the padding behind the last one may be missing."""
    offset = 0
    while offset < len(payload):
        if len(payload) - offset < 4:
            raise ProtocolError('an attribute is cut')
        length, kind = struct.unpack_from('<HH', payload, offset)
        if length < 4 or length > len(payload) - offset:
            raise ProtocolError('an attribute has an impossible length')
        yield kind, payload[offset + 4:offset + length]
        offset += (length + 3) & ~3


def as_number(payload):
    if len(payload) != 4:
        raise ProtocolError('a number must have four bytes')
    return struct.unpack('<I', payload)[0]


def as_string(payload):
    if not payload.endswith(b'\0') or payload.count(b'\0') != 1:
        raise ProtocolError('a string ends with its only NUL')
    return payload[:-1].decode()


# URLs and transports --------------------------------------------------------------------------------------------------

def parse_url(url):
    """(scheme, address, network namespace or None); the address is (host, port) or a Unix name."""
    match = re.fullmatch(r'(tls|ssl|tcp)://(\[[^\]]+\]|[^:/\[\]]+):(\d+)(?:/(.+))?', url)
    if match:
        scheme, host, port, netns = match.groups()
        return 'tls' if scheme == 'ssl' else scheme, (host.strip('[]'), int(port)), netns
    match = re.fullmatch(r'unix://(@[^?]+|/[^?]*)(?:\?netns=(.+))?', url)
    if match:
        name, netns = match.groups()
        return 'unix', '\0' + name[1:] if name[0] == '@' else name, netns
    raise ValueError('%s: tls://host:port, tcp://host:port, unix:///path or unix://@name' % url)


def tls_context(key, cert, ca, crl=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(['nlgate/1'])
    context.load_cert_chain(cert, key)
    context.load_verify_locations(ca)
    if crl:
        context.load_verify_locations(crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    return context


def connect(url, key=None, cert=None, ca=None, crl=None, timeout=10):
    scheme, address, _ = parse_url(url)
    if scheme == 'unix':
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout)
        stream.connect(address)
        return stream
    stream = socket.create_connection(address, timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if scheme == 'tcp':
        return stream
    return tls_context(key, cert, ca, crl).wrap_socket(stream, server_hostname=address[0].partition('%')[0])


# The session ----------------------------------------------------------------------------------------------------------

class Session:
    """One connection with one session at a time; `reset` ends it and starts the next."""

    def __init__(self, url, protocol=0, *, netns=None, read_only=False, name='nlgate_client.py', groups=(),
                 strict_groups=False, key=None, cert=None, ca=None, crl=None, timeout=10):
        self.timeout = timeout
        self._netns = netns or parse_url(url)[2]
        self._stream = connect(url, key, cert, ca, crl, timeout)
        self._buffer = bytearray()
        self._parts = None
        self._reset_tag = None
        self._kept = collections.deque()
        self._tag = 0
        self._stream.sendall(PREFACE)
        self._begin(protocol, self._netns, read_only, name, groups, strict_groups)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fileno(self):
        return self._stream.fileno()

    def close(self):
        """Says GOODBYE and reads what the gateway still has to say."""
        try:
            self._write(GOODBYE)
            self._stream.settimeout(self.timeout)
            while self._stream.recv(LONGEST):
                pass
        except OSError:
            pass
        self._stream.close()

    def reset(self, protocol=0, *, netns=None, read_only=False, name='nlgate_client.py', groups=(),
              strict_groups=False):
        """Ends the session and starts another on the same connection."""
        tag = self._reset_tag = self._next_tag()
        self._write(RESET, tag=tag)
        end = time.monotonic() + self.timeout
        while True:
            # Everything in flight was dropped by the gateway; what is here already belongs to the old session.
            event = self._next(end)
            if isinstance(event, Result) and event.tag == tag:
                break
        if event.code:
            raise Refused(event.code, event.text or os.strerror(event.code))
        self._kept.clear()
        self._reset_tag = None
        self._begin(protocol, netns or self._netns, read_only, name, groups, strict_groups)

    def send(self, datagram, tag=0):
        """One netlink datagram, in as many frames as it takes."""
        if len(datagram) > self.welcome.to_server:
            raise ValueError('this session takes at most %d bytes' % self.welcome.to_server)
        self._write(DATAGRAM, datagram, tag=tag)

    def receive(self, timeout=None):
        """The next event: Datagram, Overrun or Result; None when nothing comes in time."""
        if self._kept:
            return self._kept.popleft()
        try:
            return self._next(None if timeout is None else time.monotonic() + timeout)
        except socket.timeout:
            return None

    def join(self, group):
        self._ask(JOIN, group=group)

    def leave(self, group):
        self._ask(LEAVE, group=group)

    def option(self, name, value):
        self._ask(OPTION, number(1, name) + number(2, value))

    def describe(self):
        tag = self._next_tag()
        self._write(DESCRIBE, tag=tag)
        return self._wait(lambda event: isinstance(event, Description) and event.tag == tag).lines

    def ping(self):
        tag = self._next_tag()
        self._write(PING, tag=tag)
        self._wait(lambda event: event == Pong(tag))

    def _begin(self, protocol, netns, read_only, name, groups, strict_groups):
        payload = number(1, protocol)
        if netns:
            payload += string(2, netns)
        if read_only:
            payload += attribute(3, b'')
        if name:
            payload += string(4, name)
        for group in groups:
            payload += number(5, group)
        payload += attribute(6, bytes([1 if sys.byteorder == 'little' else 2]))
        if len(payload) > CONTROL_LIMIT:
            raise ValueError('HELLO has at most %d bytes' % CONTROL_LIMIT)
        self.welcome = None
        self._write(HELLO, payload, flags=STRICT_GROUPS if strict_groups else 0)
        event = self._wait(lambda event: isinstance(event, Welcome))
        self.welcome = event

    def _ask(self, kind, payload=b'', group=0):
        tag = self._next_tag()
        self._write(kind, payload, tag=tag, group=group)
        result = self._wait(lambda event: isinstance(event, Result) and event.tag == tag)
        if result.code:
            raise Refused(result.code, result.text or os.strerror(result.code))

    def _next_tag(self):
        self._tag = self._tag % 0xffffffff + 1
        return self._tag

    def _write(self, kind, payload=b'', flags=0, tag=0, group=0):
        longest = LONGEST - HEADER.size
        view = memoryview(payload)
        frames = bytearray()
        while True:
            part, view = view[:longest], view[longest:]
            more = MORE if len(view) else 0
            frames += HEADER.pack(HEADER.size + len(part), kind, flags | more, tag, group)
            frames += part
            if not more:
                break
        self._stream.settimeout(self.timeout)
        self._stream.sendall(frames)

    def _wait(self, is_wanted):
        """The first event that is wanted; the others are kept for `receive`."""
        end = time.monotonic() + self.timeout
        while True:
            event = self._next(end)
            if is_wanted(event):
                return event
            self._kept.append(event)

    def _next(self, end):
        while True:
            event = self._take()
            if event is not None:
                return event
            # A time that is over still allows a look at what is there.
            self._stream.settimeout(None if end is None else max(0, end - time.monotonic()))
            try:
                data = self._stream.recv(LONGEST)
            except (BlockingIOError, ssl.SSLWantReadError):
                raise socket.timeout('nothing came in time') from None
            if not data:
                raise ConnectionError('the gateway closed the connection without a word')
            self._buffer += data

    def _take(self):
        """The event of the frames that are whole; None when more bytes are needed."""
        while len(self._buffer) >= HEADER.size:
            length, kind, flags, tag, group = HEADER.unpack_from(self._buffer)
            if not HEADER.size <= length <= LONGEST:
                raise ProtocolError('a frame has an impossible length')
            if len(self._buffer) < length:
                return None
            payload = bytes(self._buffer[HEADER.size:length])
            del self._buffer[:length]
            event = self._event(kind, flags, tag, group, payload)
            if event is not None:
                return event
        return None

    def _event(self, kind, flags, tag, group, payload):
        if kind == PING:
            self._write(PONG, tag=tag)
            return None
        if kind == PONG:
            return Pong(tag)
        if kind == GOODBYE:
            fields = dict(attributes(payload))
            raise Goodbye(as_number(fields.get(1, bytes(4))), as_string(fields.get(2, b'\0')))
        if kind == RESULT and tag == self._reset_tag:
            # The rest of a payload that was under way has gone with the session.
            self._parts = None
        payload = self._assemble(kind, flags, payload)
        if payload is None:
            return None
        if kind == WELCOME and self.welcome is None:
            return self._welcome(payload)
        if self.welcome is None:
            raise ProtocolError('frame kind %d before WELCOME' % kind)
        if kind == DATAGRAM:
            return Datagram(payload, group)
        if kind == RESULT:
            fields = dict(attributes(payload))
            return Result(tag, as_number(fields.get(1, bytes(4))), as_string(fields.get(2, b'\0')))
        if kind == OVERRUN:
            return Overrun()
        if kind == DESCRIBE:
            return Description(tag, [as_string(value) for kind, value in attributes(payload) if kind == 1])
        raise ProtocolError('frame kind %d is not known' % kind)

    def _assemble(self, kind, flags, payload):
        """The whole payload; None while parts are missing. Tag and group are those of the last part."""
        if self._parts is not None:
            if self._parts[0] != kind or not payload:
                raise ProtocolError('something came between the parts of a payload')
            payload = self._parts[1] + payload
        elif flags & MORE and not payload:
            raise ProtocolError('an empty part')
        if kind not in (DATAGRAM, DESCRIBE) and flags & MORE:
            raise ProtocolError('frame kind %d is never cut' % kind)
        if len(payload) > (self.welcome.to_client if self.welcome else LONGEST):
            raise ProtocolError('a payload is larger than the session allows')
        self._parts = (kind, payload) if flags & MORE else None
        return None if flags & MORE else payload

    @staticmethod
    def _welcome(payload):
        fields = {}
        roles, groups = [], []
        for kind, value in attributes(payload):
            if kind == 8:
                roles.append(as_string(value))
            elif kind == 9:
                groups.append(as_number(value))
            else:
                fields[kind] = value
        return Welcome(
            port_id=as_number(fields[1]), release=as_string(fields.get(2, b'\0')), byte_order=fields.get(3, b'\1')[0],
            version=as_string(fields.get(4, b'\0')), to_server=as_number(fields[5]), to_client=as_number(fields[6]),
            identity=as_string(fields.get(7, b'\0')), roles=roles, groups=groups, privileged=10 in fields)


# Netlink, as much as listing interfaces takes -------------------------------------------------------------------------

NLMSG_ERROR, NLMSG_DONE, RTM_NEWLINK, RTM_GETLINK = 2, 3, 16, 18
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300


def message(kind, flags, sequence, payload):
    return struct.pack('<IHHII', 16 + len(payload), kind, flags | NLM_F_REQUEST, sequence, 0) + payload


def messages(datagram):
    offset = 0
    while len(datagram) - offset >= 16:
        length, kind, flags, sequence, port_id = struct.unpack_from('<IHHII', datagram, offset)
        yield kind, flags, sequence, port_id, datagram[offset + 16:offset + length]
        offset += (length + 3) & ~3


def dump(session, request, sequence):
    """The payloads of the messages that answer a dump."""
    session.send(request)
    while True:
        event = session.receive(session.timeout)
        if event is None:
            raise socket.timeout('the dump did not end in time')
        if isinstance(event, Overrun):
            raise OSError('the kernel dropped a part of the dump')
        if not isinstance(event, Datagram):
            continue
        for kind, _, number_of_it, _, payload in messages(event.data):
            if number_of_it != sequence:
                continue
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                code = struct.unpack_from('<i', payload)[0]
                if code:
                    raise OSError(-code, os.strerror(-code))
                return
            yield payload


def links(session, sequence=1):
    request = message(RTM_GETLINK, NLM_F_DUMP, sequence, bytes(16))
    for payload in dump(session, request, sequence):
        index, flags = struct.unpack_from('<iI', payload, 4)
        found = {'ifindex': index, 'up': bool(flags & 1)}
        for kind, value in attributes(payload[16:]):
            if kind == 1:
                found['address'] = value.hex(':')
            elif kind == 3:
                found['ifname'] = as_string(value)
            elif kind == 4:
                found['mtu'] = as_number(value)
            elif kind == 13:
                found['txqlen'] = as_number(value)
        yield found


# The program ----------------------------------------------------------------------------------------------------------

def selftest(options):
    """Every kind of frame that a client may send, and what must come back."""
    with open_session(options, groups=[1, 4000]) as session:
        assert session.welcome.port_id and session.welcome.byte_order == 1
        assert session.welcome.groups == [1], 'a group that nobody grants is left out'
        session.ping()
        assert any('route' in line for line in session.describe())
        session.join(7)
        session.leave(7)
        try:
            session.join(4000)
            raise AssertionError('a group that nobody grants was joined')
        except Refused as error:
            assert error.errno == 1
        try:
            session.option(99, 1)
            raise AssertionError('an option that does not exist was set')
        except Refused as error:
            assert error.errno == 92
        session.option(EXT_ACK, 1)
        # The largest datagram that every session takes needs two frames; zeros behind the last message are let through.
        request = message(RTM_GETLINK, NLM_F_DUMP, 5, bytes(16))
        padded = request + bytes(65536 - len(request))
        # Counters go on meanwhile; names and numbers don't.
        assert [link[4:8] for link in dump(session, padded, 5)] == [link[4:8] for link in dump(session, request, 5)]
        session.send(message(RTM_NEWLINK + 1, NLM_F_ACK, 6, bytes(4) + struct.pack('<i', 99999) + bytes(8)))
        event = session.receive(session.timeout)
        kind, flags, sequence, port_id, payload = next(messages(event.data))
        assert (kind, sequence, port_id) == (NLMSG_ERROR, 6, session.welcome.port_id)
        assert struct.unpack_from('<i', payload)[0] in (-1, -19)
        port_id = session.welcome.port_id
        session.reset(protocol=16)
        assert session.welcome.groups == [] and session.welcome.port_id != 0
        session.ping()
        session.reset(read_only=True)
        assert not session.welcome.privileged
        assert list(links(session))
    try:
        open_session(options, groups=[4000], strict_groups=True)
        raise AssertionError('STRICT_GROUPS was ignored')
    except Goodbye as goodbye:
        assert goodbye.code == 1
    try:
        open_session(options, netns='nowhere')
        raise AssertionError('a namespace that is not served was given')
    except Goodbye as goodbye:
        assert goodbye.code == 7
    print('every part of the protocol answered as docs/protocol.md says')


def open_session(options, **more):
    return Session(options.url, key=options.key, cert=options.cert, ca=options.ca, timeout=options.timeout, **more)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('command', choices=['links', 'selftest'])
    parser.add_argument('url')
    parser.add_argument('--key')
    parser.add_argument('--cert')
    parser.add_argument('--ca')
    parser.add_argument('--timeout', type=float, default=30)
    options = parser.parse_args()
    if options.command == 'selftest':
        return selftest(options)
    with open_session(options, read_only=True) as session:
        print(json.dumps(list(links(session))))


if __name__ == '__main__':
    main()
