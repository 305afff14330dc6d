#!/usr/bin/env python3
"""Stands between a client of pyroute2 0.1 and a gateway and writes down what they say, for Tests/Vectors/dialects.

    record_dialect.py UNIX-SOCKET-OF-GATEWAY UNIX-SOCKET-TO-LISTEN-ON FILE 'how the client was called'

Each line of the file is a message of the client in hexadecimal (`>`), or how it was answered (`<`): the message types,
each once, in their order, and an errno if there was one. Ends with the client.
"""
import select
import socket
import struct
import sys


class Messages:
    def __init__(self):
        self.buffer = b''

    def add(self, data):
        self.buffer += data
        while len(self.buffer) >= 16:
            length, = struct.unpack_from('<I', self.buffer)
            if len(self.buffer) < length:
                return
            yield self.buffer[:length]
            self.buffer = self.buffer[(length + 3) & ~3:]


def main():
    gateway, path, name, comment = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(gateway)
    lines, answers = [], {}
    requests, replies = Messages(), Messages()
    while True:
        ready, _, _ = select.select([client, server], [], [])
        source = client if client in ready else server
        try:
            data = source.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        (server if source is client else client).sendall(data)
        for message in (requests if source is client else replies).add(data):
            _, kind, flags, sequence, _ = struct.unpack_from('<IHHII', message)
            if source is client:
                # A number of its own for every process, and of no meaning here.
                lines.append('> ' + (message[:12] + struct.pack('<I', 4711) + message[16:]).hex())
                answers[sequence] = []
                lines.append(answers[sequence])
            elif sequence in answers:
                answer = answers[sequence]
                word = str(kind)
                if kind == 2:
                    word = 'error %d' % -struct.unpack_from('<i', message, 16)[0]
                if word not in answer:
                    answer.append(word)
    with open(name, 'w') as file:
        file.write('# %s\n' % comment)
        for line in lines:
            file.write((line if isinstance(line, str) else '< ' + ' '.join(line)) + '\n')


main()
