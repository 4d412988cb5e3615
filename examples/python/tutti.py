"""A client of a tutti run in plain Python: questions and actions over HTTP, events over WebSocket.

    client = Client("http://127.0.0.1:8800", token)
    for event in client.follow("ws://127.0.0.1:8801/events"):
        ...

Only the standard library is needed. Money comes as strings: decimal.Decimal reads them exactly.
"""

import base64
import http.client
import json
import os
import socket
import struct
import time
import urllib.parse

PROTOCOL = "pub.sp.nanomsg.org"
RETRIES_MAX = 50        # Of a connection that fails, before somebody is told.
RETRY_SECONDS = 0.2
MESSAGE_MAX = 64 << 20  # Longest event that is taken in.
PAGE = 1000             # Events of one answer.


class Refused(Exception):
    """The run said no; `code` is its reason, `status` that of HTTP."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code = status, code


class Client:
    """Asks one run. Each call is one request and may be made from any thread."""

    def __init__(self, url, token, timeout=30):
        parts = urllib.parse.urlsplit(url)
        self.make = (http.client.HTTPSConnection if parts.scheme == "https"
                     else http.client.HTTPConnection)
        self.host, self.port, self.timeout = parts.hostname, parts.port, timeout
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method, path, body=None, **query):
        """The decoded answer of one request. Raises Refused, or OSError when nobody listens."""
        connection = self.make(self.host, self.port, timeout=self.timeout)
        try:
            target = path + ("?" + urllib.parse.urlencode(query) if query else "")
            connection.request(method, target, json.dumps(body) if body is not None else None,
                               self.headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 300:
            raise Refused(response.status, answer.get("code", str(response.status)),
                          answer.get("detail", ""))
        return answer

    # ---- Questions

    def snapshot(self, everything=False):
        """How the run stands and the `seq` that is true at; everything: with what has ended."""
        return self.call("GET", "/snapshot", all="true" if everything else "false")

    def events(self, first, limit=PAGE):
        """Committed events from number `first` on."""
        return self.call("GET", "/events", **{"from": first, "limit": limit})["events"]

    # ---- Actions. An action_id makes one count once: repeated, it gets its first answer.

    def act(self, action, **members):
        """Carries out one action and returns the executor's id. Raises Refused."""
        members = {key: value for key, value in members.items() if value is not None}
        answer = self.call("POST", "/actions",
                           {"actions": [{"action": action, **members}]})["answers"][0]
        if not answer["ok"]:
            raise Refused(200, answer["code"], answer["message"])
        return answer["executor_id"]

    def create(self, config, executor_id=None, controller_id=None, action_id=None):
        return self.act("create_executor", executor_config=config, executor_id=executor_id,
                        controller_id=controller_id, action_id=action_id)

    def update(self, executor_id, data, action_id=None):
        return self.act("update_executor", executor_id=executor_id, update_data=data,
                        action_id=action_id)

    def stop(self, executor_id, keep_position=False, action_id=None):
        return self.act("stop_executor", executor_id=executor_id, keep_position=keep_position,
                        action_id=action_id)

    def store(self, executor_id, action_id=None):
        return self.act("store_executor", executor_id=executor_id, action_id=action_id)

    # ---- Following

    def follow(self, url, seq=None):
        """
        Every event behind number `seq` (of a snapshot; else behind the newest one), in order, each
        once, until the run has stopped. What the stream has lost is asked for.
        """
        stream = Stream(url, self.timeout)
        seq = self.snapshot()["seq"] if seq is None else seq
        arrived = self.missing(seq)  # What was committed before the stream was open.
        while True:
            for event in arrived:
                if event["seq"] > seq + 1:  # The stream has lost some: those first.
                    for lost in self.missing(seq, event["seq"]):
                        seq = lost["seq"]
                        yield lost
                if event["seq"] == seq + 1:
                    seq = event["seq"]
                    yield event
                    if event["type"] == "run.stopped":
                        stream.close()
                        return
            try:
                arrived = [stream.receive()]
            except (EOFError, OSError):
                stream.close()
                stream = Stream(url, self.timeout)
                arrived = self.missing(seq)

    def missing(self, seq, until=None):
        """Events behind `seq`, up to but without `until`."""
        while until is None or seq + 1 < until:
            page = self.events(seq + 1, PAGE if until is None else min(PAGE, until - seq - 1))
            if not page:
                return
            for event in page:
                seq = event["seq"]
                yield event


class Stream:
    """The events of a run as they come, over WebSocket (RFC 6455). Slow readers lose some."""

    def __init__(self, url, timeout=30):
        parts = urllib.parse.urlsplit(url)
        for left in range(RETRIES_MAX, -1, -1):
            try:
                self.socket = socket.create_connection((parts.hostname, parts.port), timeout)
                break
            except ConnectionRefusedError:
                if left == 0:
                    raise
                time.sleep(RETRY_SECONDS)
        self.buffer = b""
        self.socket.settimeout(None)  # A run may have nothing to say for a long time.
        self.upgrade(parts)

    def upgrade(self, parts):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        if head.split()[1] != b"101":
            raise ConnectionError(f"no event stream: {head.splitlines()[0].decode()}")

    def take(self, count):
        while len(self.buffer) < count:
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError
            self.buffer += part
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        """One frame: whether it is the last of its message, its code and its bytes."""
        first, second = self.take(2)
        size = second & 127
        if size > 125:
            size = struct.unpack(">H" if size == 126 else ">Q", self.take(2 if size == 126 else 8))[0]
        if size > MESSAGE_MAX:
            raise EOFError
        return bool(first & 128), first & 15, self.take(size)

    def receive(self):
        """The next event. EOFError when the run has closed the stream."""
        text = b""
        while True:
            is_last, code, body = self.frame()
            if code == 8:
                raise EOFError
            if code == 9:  # A ping wants a pong; a client masks what it sends, here with zeros.
                self.socket.sendall(bytes([0x8A, 0x80 | len(body)]) + bytes(4) + body)
            elif code < 3:
                text += body
                if is_last:
                    return json.loads(text.split(b" ", 1)[1])  # TOPIC SPACE JSON

    def close(self):
        self.socket.close()
