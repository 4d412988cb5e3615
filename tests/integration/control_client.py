"""A client of the control socket in plain Python: nng's request protocol over a local socket."""

import itertools
import json
import socket
import struct

# The same action may be taken later: the run has not begun, or its instrument has no quote.
TOO_EARLY = ("busy", "no_quotes")


class Control:
    """One connection; a request at a time."""

    def __init__(self, path, seconds=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(str(path))
        self.socket.sendall(b"\0SP\0" + struct.pack(">HH", 48, 0))
        assert self.receive(8) == b"\0SP\0" + struct.pack(">HH", 49, 0)
        self.ids = itertools.count(1)

    def close(self):
        self.socket.close()

    def receive(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the run has gone")
            data += part
        return data

    def send_bytes(self, body):
        head = struct.pack(">I", 0x80000000 | next(self.ids))
        self.socket.sendall(b"\x01" + struct.pack(">Q", len(body) + 4) + head + body)
        kind, size = struct.unpack(">BQ", self.receive(9))
        assert kind == 1
        answer = self.receive(size)
        assert answer[:4] == head
        return json.loads(answer[4:])

    def ask(self, request, **members):
        return self.send_bytes(json.dumps({"request": request, **members}).encode())

    def act(self, action, **members):
        return self.ask("action", action=action, **members)
