"""The event stream as other processes see it: watch, and a WebSocket client."""

import socket
import sys
import threading
import time

from program import *
from websocket import WebSocket


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stream_file(folder, subscribers, port, mode="paper", count=8):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.004", "take_profit": "0.004",
                "time_limit": 1800}
    return base_file(
        folder, run={"name": "stream", "mode": mode, "seed": 7},
        executors=[executor(side="BUY" if i % 2 else "SELL", start_at=str(1735689600 + 600 * i),
                            triple_barrier_config=barriers) for i in range(count)],
        events={"listen": ["ipc://stream.events", f"ws://127.0.0.1:{port}/events"],
                "performance_interval": 1, "wait_for_subscribers": subscribers},
        control={"listen": ["ipc://stream.control"]})


def check_events(events, database):
    """Every event of the journal, in order, with its data."""
    journal = rows(database, "SELECT * FROM journal ORDER BY seq")
    assert [e["seq"] for e in events] == [row["seq"] for row in journal]
    for event, row in zip(events, journal):
        assert list(event) == ["v", "run", "seq", "ts", "type", "controller_id", "executor_id",
                               "data"]
        assert event["type"] == row["kind"] and event["ts"] == row["ts"] // 1000
        assert event["data"] == json.loads(row["payload"])
        assert event["executor_id"] == row["executor_id"]


def watch(folder, *words):
    return start("watch", *words, cwd=folder)


def test_watch_and_websocket_receive_everything(folder):
    port = free_port()
    path = write(folder, stream_file(folder, 3, port))
    watcher = watch(folder, "--json", "ipc://stream.events")
    fills = watch(folder, "ipc://stream.events", "fill", "run.")
    frames = []

    def listen():
        for _ in range(200):
            try:
                client = WebSocket("127.0.0.1", port, "/events", "pub.sp.nanomsg.org")
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        try:
            while True:
                opcode, payload = client.receive()
                frames.append((opcode, payload.decode()))
                if payload.startswith(b"run.stopped "):
                    break
        except EOFError:
            pass
        client.close()

    listener = threading.Thread(target=listen)
    listener.start()
    run("run", "--quiet", path, cwd=folder)
    listener.join(timeout=60)
    assert not listener.is_alive()
    out, err = watcher.communicate(timeout=60)
    assert watcher.returncode == 0, err
    check_events([json.loads(line) for line in out.splitlines()], folder / "test.db")
    assert all(opcode == 1 for opcode, _ in frames), "text frames"
    events = []
    for _, text in frames:
        topic, body = text.split(" ", 1)
        events.append(json.loads(body))
        assert topic == events[-1]["type"]
    check_events(events, folder / "test.db")
    out, err = fills.communicate(timeout=60)
    topics = [line.split(" ", 1)[0] for line in out.splitlines()]
    expected = [row["kind"] for row in rows(
        folder / "test.db", "SELECT kind FROM journal WHERE kind = 'fill' OR kind LIKE 'run.%'"
                            " ORDER BY seq")]
    assert topics == expected and "fill" in topics and topics[-1] == "run.stopped"


def test_late_watcher_catches_up(folder):
    file = stream_file(folder, 0, free_port(), count=4)
    file["feeds"][0]["speed"] = "3000"
    process = start("run", write(folder, file), cwd=folder)
    while not (folder / "test.db").exists() or not has_events(folder / "test.db", 10):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    late = watch(folder, "--json", "--from", "1", "--control", "ipc://stream.control",
                 "ipc://stream.events")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    out, err = late.communicate(timeout=60)
    assert late.returncode == 0, err
    check_events([json.loads(line) for line in out.splitlines()], folder / "test.db")


def has_events(database, count):
    try:
        return rows(database, "SELECT COUNT(*) AS n FROM journal")[0]["n"] >= count
    except sqlite3.OperationalError:
        return False


def test_foreign_origin_is_refused(folder):
    port = free_port()
    file = stream_file(folder, 0, port)
    file["feeds"][0]["speed"] = "60"
    process = start("run", write(folder, file), cwd=folder)
    try:
        for _ in range(400):
            try:
                client = WebSocket("127.0.0.1", port, "/events", "pub.sp.nanomsg.org",
                                   origin="http://evil.example", timeout=10)
                break
            except ConnectionRefusedError:
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
        try:
            client.receive()
            raise AssertionError("a page of another site could read the stream")
        except (EOFError, ConnectionError):
            pass
    finally:
        process.kill()
        process.communicate()


sys.exit(main(sys.modules[__name__]))
