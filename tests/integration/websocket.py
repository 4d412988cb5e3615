"""A small WebSocket client (RFC 6455), enough to subscribe to the event stream."""

import base64
import os
import socket
import struct


class WebSocket:
    def __init__(self, host, port, path, protocol, origin=None, timeout=60):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Protocol: {protocol}"]
        if origin:
            lines.append(f"Origin: {origin}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        self.status = int(head.split()[1])
        if self.status != 101:
            raise ConnectionError(head.decode(errors="replace"))

    def take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """The next message as (opcode, bytes); EOFError when the other side has closed."""
        opcode, payload = None, b""
        while True:
            first, second = self.take(2)
            length = second & 127
            if length == 126:
                length = struct.unpack(">H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.take(8))[0]
            body = self.take(length)
            code = first & 15
            if code == 8:
                raise EOFError
            if code == 9:  # A ping is answered with a masked pong.
                self.socket.sendall(bytes([0x8A, 0x80 | len(body)]) + b"\0\0\0\0" + body)
                continue
            if code == 10:
                continue
            opcode = opcode or code
            payload += body
            if first & 128:
                return opcode, payload

    def close(self):
        self.socket.close()
