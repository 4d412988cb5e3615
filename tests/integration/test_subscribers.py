"""Subscribers that come late, stop for a while, or never read: the first two end with the state of
the tables, and none of them slows the run or makes it grow."""

import os
import signal
import socket
import sys
import time

from control_client import Control
from follower import EXECUTOR, ORDER, POSITION, POSITION_KEY
from program import *

SECONDS_MAX = 240
BUFFERED = 8192  # LINK_BUFFER_MESSAGES
BATCH = 100      # ACTIONS_BATCH_MAX
BARRIERS = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}
DEAF = 4


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_run(folder, port):
    file = base_file(
        folder, run={"name": "followed", "mode": "paper", "seed": 7}, executors=[],
        venues=[{"name": "paper", "balances": {"USDT": "1000000000", "BTC": "20"},
                 "fees": {"maker": "0.0002", "taker": "0.0005"}}],
        events={"listen": ["ipc://run.events", f"ws://127.0.0.1:{port}/events"]},
        control={"listen": ["ipc://run.control"]})
    file["feeds"][0]["speed"] = "30"
    process = start("run", "--quiet", write(folder, file), cwd=folder)
    end = time.monotonic() + SECONDS_MAX
    while True:
        try:
            control = Control(folder / "run.control", seconds=SECONDS_MAX)
            if control.act("create_executor", executor_config=config())["ok"]:
                return process, control
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)


def config():
    return executor(amount="0.001", triple_barrier_config=BARRIERS)


def make_events(control, count, name):
    """Creates and stops executors until there are at least `count` more events."""
    end, i, seqs = time.monotonic() + SECONDS_MAX, 0, control.ask("performance")["seq"]
    while control.ask("performance")["seq"] < seqs + count:
        assert time.monotonic() < end
        ids = [f"{name}-{i}-{j}" for j in range(BATCH)]
        for answer in control.ask("actions", actions=[
                {"action": "create_executor", "executor_id": each, "controller_id": f"c-{i % 5}",
                 "executor_config": config()} for each in ids])["answers"]:
            assert answer["ok"], answer
        for answer in control.ask("actions", actions=[
                {"action": "stop_executor", "executor_id": each, "keep_position": j % 2 == 0}
                for j, each in enumerate(ids)])["answers"]:
            assert answer["ok"], answer
        i += 1


def follow(folder, kind, where):
    process = subprocess.Popen(
        [sys.executable, SOURCE / "tests/integration/follower.py", str(folder), kind, str(where)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder)
    started.append(process)
    return process


def read_until(process, word):
    """Lines up to the first that begins with the word."""
    lines = []
    while not lines or not lines[-1].startswith(word):
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return lines


def tables(database):
    """The state as the run's own tables have it."""
    executors = {row["id"]: {key: row[key] for key in EXECUTOR} |
                 {"is_stored": row["archived"] == 1}
                 for row in rows(database, "SELECT * FROM executor")}
    orders = {row["client_order_id"]: {key: row[key] for key in ORDER}
              for row in rows(database, "SELECT * FROM orders")}
    positions = {"/".join(row[key] for key in POSITION_KEY): {key: row[key] for key in POSITION}
                 for row in rows(database, "SELECT * FROM position")}
    last = rows(database, "SELECT max(seq) AS seq FROM journal")[0]["seq"]
    return {"seq": last, "executors": executors, "orders": orders, "positions": positions}


def differences(found, expected):
    """The first few, to read."""
    return [(part, key, found[part].get(key), value) for part in ("executors", "orders", "positions")
            for key, value in expected[part].items() if found[part].get(key) != value][:3]


def test_late_paused_and_resumed(folder):
    port = free_port()
    process, control = start_run(folder, port)
    make_events(control, 500, "early")
    followers = {"ipc": follow(folder, "ipc", "run.events"), "ws": follow(folder, "ws", port)}
    for follower in followers.values():
        read_until(follower, "ready")
    make_events(control, 500, "heard")
    for follower in followers.values():
        follower.send_signal(signal.SIGSTOP)
    # More than nng keeps for each and the sockets of the system hold besides.
    make_events(control, 3 * BUFFERED + 12000, "missed")
    for follower in followers.values():
        follower.send_signal(signal.SIGCONT)
    make_events(control, 500, "again")
    for i in range(20):
        control.act("store_executor", executor_id=f"early-0-{i}")
    control.act("create_executor", action_id="mark-1", executor_config=config())
    repaired = {}
    for name, follower in followers.items():
        lines = read_until(follower, "mark mark-1")
        repaired[name] = [line for line in lines if line.startswith("repaired")]
    assert control.ask("shutdown")["ok"]
    _, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, errors
    expected = tables(folder / "test.db")
    assert any(e["is_stored"] for e in expected["executors"].values())
    for name, follower in followers.items():
        lines = read_until(follower, "state")
        found = json.loads(lines[-1].split(" ", 1)[1])
        assert found == expected, (name, differences(found, expected))
        assert repaired[name], f"{name} missed nothing: the test made too few events"
        assert follower.wait(timeout=SECONDS_MAX) == 0


def resident(process):
    """Bytes of memory the process has."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def load(folder, deaf):
    """How long the same work takes and by how much the run grows, beside `deaf` subscribers."""
    port = free_port()
    process, control = start_run(folder, port)
    sockets = []
    for i in range(deaf):
        if i % 2 == 0:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(folder / "run.events"))
            connection.sendall(b"\0SP\0\0\x21\0\0")
        else:
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(
                f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: pub.sp.nanomsg.org\r\n\r\n"
                .encode())
        sockets.append(connection)
    make_events(control, 1000, "warm")
    before, began = resident(process), time.monotonic()
    make_events(control, 2 * BUFFERED, "full")
    full = resident(process)
    make_events(control, 2 * BUFFERED, "more")
    after, ended = resident(process), time.monotonic()
    assert control.ask("shutdown")["ok"]
    _, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, errors
    for connection in sockets:
        connection.close()
    return ended - began, full - before, after - full


def test_who_never_reads_costs_nothing(folder):
    # nng 1.5 loses the message it was sending over ws when that connection is closed: one for each.
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    (folder / "alone").mkdir()
    (folder / "deaf").mkdir()
    alone_s, alone_first, alone_more = load(folder / "alone", 0)
    deaf_s, deaf_first, deaf_more = load(folder / "deaf", DEAF)
    print(f"alone {alone_s:.2f} s, +{alone_first >> 20} MiB, then +{alone_more >> 20} MiB; beside "
          f"{DEAF} that never read {deaf_s:.2f} s, +{deaf_first >> 20} MiB, "
          f"then +{deaf_more >> 20} MiB")
    # What is kept for each of them: at most BUFFERED events of about a kilobyte; then no more.
    # With a sanitizer memory says nothing.
    if alone_more < 64 << 20:
        assert deaf_first - alone_first < DEAF * BUFFERED * 2048
        assert deaf_more - alone_more < 12 << 20
    assert deaf_s < 3 * alone_s + 2  # Roughly: other tests run at the same time.


sys.exit(main(sys.modules[__name__]))
