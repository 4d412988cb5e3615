"""A subscriber that keeps the state of a run: snapshot, then the stream; what it missed it asks for.

Run as a process it prints `ready SEQ`, `repaired FIRST LAST` and `mark NAME` lines, and at the end
the state as JSON:  follower.py FOLDER ipc PATH | follower.py FOLDER ws PORT
"""

import json
import pathlib
import socket
import struct
import sys

from control_client import Control
from websocket import WebSocket

EXECUTOR = ("controller_id", "status", "close_type", "net_pnl_quote", "net_pnl_pct",
            "cum_fees_quote", "filled_amount_quote")
ORDER = ("executor_id", "venue", "trading_pair", "side", "type", "role", "price", "amount",
         "status", "executed_base", "executed_quote", "fee_quote", "exchange_order_id")
POSITION = ("amount", "average_price", "realized_pnl_quote", "fees_quote", "volume_quote")
POSITION_KEY = ("controller_id", "venue", "trading_pair", "side")


class Pipe:
    """A subscriber's end of nng's protocol over a local socket: every message, unfiltered."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.sendall(b"\0SP\0" + struct.pack(">HH", 33, 0))
        self.buffer = b""
        assert self.take(8) == b"\0SP\0" + struct.pack(">HH", 32, 0)

    def take(self, size):
        while len(self.buffer) < size:
            part = self.socket.recv(1 << 20)
            if not part:
                raise EOFError
            self.buffer += part
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self):
        kind, size = struct.unpack(">BQ", self.take(9))
        assert kind == 1
        return 1, self.take(size)


class State:
    """Executors, orders and positions, from a snapshot and the events behind it."""

    def __init__(self, snapshot):
        self.seq = snapshot["seq"]
        self.executors = {e["executor_id"]: {key: e[key] for key in EXECUTOR} |
                          {"is_stored": e["is_stored"]} for e in snapshot["executors"]}
        self.orders = {o["client_order_id"]: {key: o[key] for key in ORDER}
                       for o in snapshot["orders"]}
        self.positions = {"/".join(p[key] for key in POSITION_KEY):
                          {key: p[key] for key in POSITION} for p in snapshot["positions"]}

    def apply(self, event):
        assert event["seq"] == self.seq + 1
        self.seq += 1
        topic, data, executor_id = event["type"], event["data"], event["executor_id"]
        data = data | {"executor_id": executor_id, "controller_id": event["controller_id"]}
        if topic.startswith("executor.") and topic != "executor.skipped":
            executor = self.executors.setdefault(executor_id, {"is_stored": False})
            executor.update({key: data[key] for key in EXECUTOR})
        elif topic.startswith("order."):
            order = self.orders.setdefault(data["client_order_id"], {"exchange_order_id": None})
            # An id that the venue has not given is "" in events and null in tables.
            order.update({key: data[key] for key in ORDER if key != "exchange_order_id" or data[key]})
        elif topic == "position":
            key = "/".join(data[key] for key in POSITION_KEY)
            self.positions[key] = {key: data[key] for key in POSITION}
        elif topic == "action.completed" and data["action"] == "store_executor":
            self.executors[executor_id]["is_stored"] = True


class Follower:
    def __init__(self, stream, control, say):
        self.stream, self.control, self.say = stream, control, say
        self.state = State(control.ask("snapshot", all=True))  # The stream is open already.
        say("ready", self.state.seq)

    def apply(self, event):
        self.state.apply(event)
        if event["type"] == "action.accepted" and event["data"]["action_id"].startswith("mark"):
            self.say("mark", event["data"]["action_id"])

    def repair(self, until):
        first = self.state.seq + 1
        while self.state.seq + 1 < until:
            for event in self.control.ask("events", **{"from": self.state.seq + 1})["events"]:
                self.apply(event)
        self.say("repaired", first, self.state.seq)

    def follow(self):
        while True:
            _, message = self.stream.receive()
            event = json.loads(message.split(b" ", 1)[1])
            if event["seq"] > self.state.seq + 1:
                self.repair(event["seq"])
            if event["seq"] == self.state.seq + 1:
                self.apply(event)
            if event["type"] == "run.stopped":
                return


def main(folder, kind, where):
    def say(*words):
        print(*words, flush=True)

    stream = Pipe(where) if kind == "ipc" else WebSocket("127.0.0.1", int(where), "/events",
                                                         "pub.sp.nanomsg.org")
    follower = Follower(stream, Control(pathlib.Path(folder) / "run.control", seconds=120), say)
    follower.follow()
    say("state", json.dumps(vars(follower.state)))


if __name__ == "__main__":
    main(*sys.argv[1:])
