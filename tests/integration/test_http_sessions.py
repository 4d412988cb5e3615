"""/ws/executors as hummingbot-api has it, but pushed when something was committed."""

import os
import struct
import sys

from http_client import *


class Session:
    """A WebSocket session that speaks JSON."""

    def __init__(self, run, query=None, headers=()):
        self.frames = socket.create_connection(("127.0.0.1", run.port), timeout=SECONDS_MAX)
        key = base64.b64encode(os.urandom(16)).decode()
        query = f"?token={run.read}" if query is None else query
        lines = [f"GET /ws/executors{query} HTTP/1.1", f"Host: localhost:{run.port}",
                 "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                 "Sec-WebSocket-Version: 13", *headers]
        self.frames.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.frames.recv(1)
        self.status = int(head.split()[1])
        assert self.status == 101, head

    def take(self, size):
        data = b""
        while len(data) < size:
            part = self.frames.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self):
        """The next message; ("close", code) when the session is closed."""
        first, length = self.take(2)
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        payload = self.take(length)
        if first == 0x88:
            return "close", struct.unpack(">H", payload[:2])[0]
        assert first == 0x81, first
        message = json.loads(payload)
        if message["type"] == "heartbeat":
            return self.receive()
        return message

    def send(self, message):
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else \
            b"\xfe" + struct.pack(">H", len(payload))
        self.frames.sendall(b"\x81" + length + b"\0\0\0\0" + payload)

    def ask(self, **message):
        self.send(message)
        return self.receive()

    def subscribe(self, kind, **words):
        """The confirmation and the first push."""
        confirmed = self.ask(action="subscribe", type=kind, **words)
        assert set(confirmed) == {"type", "subscription_id", "subscription_type",
                                  "update_interval", "timestamp"}, confirmed
        assert (confirmed["type"], confirmed["subscription_type"]) == ("subscribed", kind)
        pushed = self.receive()
        assert pushed["subscription_id"] == confirmed["subscription_id"] and pushed["type"] == kind
        return confirmed, pushed

    def until(self, condition):
        end = time.monotonic() + SECONDS_MAX
        while True:
            message = self.receive()
            if condition(message):
                return message
            assert time.monotonic() < end, message


def config(**fields):
    barriers = {"open_order_type": 1, "stop_loss": 0.2, "take_profit": 0.2, "time_limit": 360000}
    return {"type": "position_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": 1, "amount": 0.1, "triple_barrier_config": barriers, **fields}


def create(run, controller="main"):
    return run.ask("POST", "/executors/", {"controller_id": controller,
                                           "executor_config": config()}, status=201)["executor_id"]


def test_greeting_and_ping(folder):
    run = Run(folder)
    basic = f"Authorization: Basic {run.basic()}"
    for query, headers in [("", [basic]), ("", [f"Authorization: Bearer {run.read}"]),
                           (f"?token={run.basic().replace('+', '%2B').replace('=', '%3D')}", []),
                           (f"?username=admin&password={run.password}", [])]:
        session = Session(run, query, headers)
        greeting = session.receive()
        assert set(greeting) == {"type", "connection_id", "timestamp"}, greeting
        assert greeting["type"] == "connected" and greeting["connection_id"]
        assert session.ask(action="ping")["type"] == "pong"
        session.frames.close()
    for query in "", "?token=wrong", "?username=admin&password=a":
        session = Session(run, query)
        assert session.receive()["type"] == "error"
        assert session.receive() == ("close", 4001)
    run.finish()


def test_what_sessions_refuse(folder):
    run = Run(folder)
    session = Session(run)
    session.receive()
    for words in [{}, {"action": "dance"}, {"action": "subscribe"}, {"action": "ping", "x": 1},
                  {"action": "subscribe", "type": "bot_status"},
                  {"action": "subscribe", "type": "executor_detail"},
                  {"action": "subscribe", "type": "executors", "filters": {"pair": "x"}},
                  {"action": "unsubscribe"}, {"action": "unsubscribe", "subscription_id": "x"},
                  {"action": "subscribe", "type": "executor_logs", "executor_id": "x",
                   "limit": 0}]:
        answer = session.ask(**words)
        assert answer["type"] == "error" and answer["message"], (words, answer)
    session.send({"action": "subscribe", "type": "executor_detail", "executor_id": "nobody"})
    assert [session.receive()["type"] for _ in range(2)] == ["subscribed", "error"]
    assert session.ask(action="unsubscribe",
                       subscription_id="executor_detail_nobody")["type"] == "error"
    for text in b"", b"{", b"[]", b"\xff", b"[" * 50, b'{"action":NaN}':
        session.send(text)
        assert session.receive()["type"] == "error"
    for i in range(16):
        session.subscribe("positions", controller_id=f"c{i}")
    assert "16" in session.ask(action="subscribe", type="executors")["message"]
    session.frames.sendall(b"\x81\xff" + struct.pack(">Q", 300 << 20) + b"\0\0\0\0")
    assert session.receive() == ("close", 1009)
    assert run.ask("GET", "/snapshot")["ok"]
    run.finish()


def test_pushed_when_something_changes(folder):
    run = Run(folder)
    session = Session(run)
    session.receive()
    confirmed, first = session.subscribe("executors", update_interval=0.1,
                                         filters={"controller_id": "desk"})
    assert re.fullmatch(r"executors_[0-9a-f]{8}", confirmed["subscription_id"])
    assert confirmed["update_interval"] == 0.5  # The least there is.
    assert set(first) == {"type", "subscription_id", "data", "total_count", "timestamp"}
    assert (first["data"], first["total_count"]) == ([], 0)
    create(run, "other")
    name = create(run, "desk")
    pushed = session.until(lambda message: message["total_count"] == 1)
    assert [found["executor_id"] for found in pushed["data"]] == [name]
    listed = run.ask("POST", "/executors/search", {"controller_ids": ["desk"]})["data"]
    assert set(listed[0]) == set(pushed["data"][0])
    run.ask("POST", f"/executors/{name}/stop", {})
    session.until(lambda message: message["data"][0]["status"] == "TERMINATED")
    answer = session.ask(action="unsubscribe", subscription_id=confirmed["subscription_id"])
    while answer["type"] == "executors":
        answer = session.receive()
    assert answer["type"] == "unsubscribed"
    create(run, "desk")
    assert session.ask(action="ping")["type"] == "pong"
    run.finish()


def test_every_subscription(folder):
    run = Run(folder)
    name = create(run)
    wait_for(run, name, "RUNNING")
    session = Session(run)
    session.receive()
    for kind, words, subscription, path in [
            ("executor_detail", {"executor_id": name}, f"executor_detail_{name}",
             f"/executors/{name}"),
            ("executor_summary", {}, "executor_summary", "/executors/summary"),
            ("performance", {}, "performance_all", "/executors/performance"),
            ("performance", {"controller_id": "main"}, "performance_main",
             "/executors/performance?controller_id=main"),
            ("positions", {}, "positions_all", "/executors/positions/summary"),
            ("executor_logs", {"executor_id": name}, f"executor_logs_{name}",
             f"/executors/{name}/logs")]:
        confirmed, pushed = session.subscribe(kind, update_interval=60, **words)
        assert confirmed["subscription_id"] == subscription and confirmed["update_interval"] == 60
        assert set(pushed["data"]) == set(run.ask("GET", path)), kind
    run.finish()


def test_log_lines_come_once(folder):
    run = Run(folder)
    name = create(run)
    session = Session(run)
    session.receive()
    _, pushed = session.subscribe("executor_logs", executor_id=name, update_interval=0.5,
                                  limit=1000)
    lines = pushed["data"]["logs"]
    run.ask("POST", f"/executors/{name}/stop", {})
    while not any("executor.terminated" in line["message"] for line in lines):
        more = session.receive()["data"]["logs"]
        assert more  # Nothing is pushed without a new line.
        lines += more
    stored = run.ask("GET", f"/executors/{name}/logs?limit=1000")["logs"]
    assert lines == stored[:len(lines)]
    run.finish()


def test_paused_session_ends_with_the_same_state(folder):
    """One session stops reading while much happens; another never notices, and the first catches
    up: what it saw last is what the tables say."""
    run = Run(folder, speed="500")
    paused, busy = Session(run), Session(run)
    for session in paused, busy:
        session.receive()
        session.subscribe("executors", update_interval=0.5)
    names = [create(run, f"c{i % 3}") for i in range(30)]
    busy.until(lambda message: message["total_count"] == 30)
    for name in names:
        run.ask("POST", f"/executors/{name}/stop", {})
    busy.until(lambda message: all(f["status"] == "TERMINATED" for f in message["data"]))
    final = paused.until(lambda message: message["total_count"] == 30 and
                         all(found["status"] == "TERMINATED" for found in message["data"]))
    table = {row["id"]: row for row in rows(folder / "test.db", "SELECT * FROM executor")}
    assert len(table) == 30
    for found in final["data"]:
        row = table[found["executor_id"]]
        assert (found["status"], found["close_type"]) == (row["status"], row["close_type"])
        assert D(str(found["net_pnl_quote"])) == round(D(row["net_pnl_quote"]), 12) or \
            abs(D(str(found["net_pnl_quote"])) - D(row["net_pnl_quote"])) < D("1e-9")
    run.finish()


def test_the_end_of_a_run_ends_its_sessions(folder):
    run = Run(folder)
    session = Session(run)
    session.receive()
    session.subscribe("executor_summary")
    run.finish()
    while True:
        message = session.receive()
        if message == ("close", 1001):
            break


sys.exit(main(sys.modules[__name__]))
