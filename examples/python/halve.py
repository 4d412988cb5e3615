"""A controller: it keeps one executor running, and after a stop loss the next one is half as big.

    tutti run examples/python/halve.yaml      # prints the tokens of the control interface, once
    python3 examples/python/halve.py --token-file trade.token

It may be ended and started again at any time: what it has done it reads from the run, and every
action has an id, so that none counts twice.
"""

import argparse
import decimal
import pathlib
import sys
import time

from tutti import Client, Refused

D = decimal.Decimal
QUOTES_WAIT_SECONDS = 30


class Halver:
    """Decides from events alone; `create` carries out what it decided."""

    def __init__(self, options, client):
        self.options, self.client = options, client
        self.amount, self.number = D(options.amount), 0
        self.is_done = False

    def config(self):
        return {"type": "position_executor", "connector_name": self.options.venue,
                "trading_pair": self.options.pair, "side": "BUY", "amount": str(self.amount),
                "triple_barrier_config": {
                    "open_order_type": "MARKET", "stop_loss": self.options.stop_loss,
                    "take_profit": self.options.take_profit}}

    def name(self):
        return f"{self.options.controller}-{self.number}"

    def create(self):
        """The next executor. Before the first quote there is none to be had: then a little later."""
        self.number += 1
        end = time.monotonic() + QUOTES_WAIT_SECONDS
        while True:
            try:
                self.client.create(self.config(), executor_id=self.name(),
                                   controller_id=self.options.controller,
                                   action_id=f"create-{self.name()}")
                print(f"{self.name()}: {self.amount}", flush=True)
                return
            except Refused as refused:
                if refused.code not in ("no_quotes", "busy") or time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def resume(self, snapshot):
        """Goes on where an earlier start was ended."""
        ours = {e["executor_id"]: e for e in snapshot["executors"]
                if e["controller_id"] == self.options.controller}
        while f"{self.options.controller}-{self.number + 1}" in ours:
            self.number += 1
        if self.number == 0:
            self.create()
            return
        last = ours[self.name()]
        self.amount = D(last["config"]["amount"])
        if last["status"] == "TERMINATED":
            self.on_end(last["close_type"])

    def on_end(self, close_type):
        print(f"{self.name()}: {close_type}", flush=True)
        if close_type == "STOP_LOSS":
            self.amount /= 2
        if self.amount >= D(self.options.smallest) and self.number < self.options.rounds:
            self.create()
        else:
            self.is_done = True

    def run(self):
        snapshot = self.client.snapshot(everything=True)
        self.resume(snapshot)
        events = self.client.follow(self.options.events, snapshot["seq"])
        while not self.is_done:
            event = next(events, None)
            if event is None:  # The run has stopped.
                return
            if event["type"] == "executor.terminated" and event["executor_id"] == self.name():
                self.on_end(event["data"]["close_type"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--control", default="http://127.0.0.1:8800")
    parser.add_argument("--events", default="ws://127.0.0.1:8801/events")
    parser.add_argument("--token-file", required=True, help="the token with scope trade, in a file")
    parser.add_argument("--controller", default="halver")
    parser.add_argument("--venue", default="paper")
    parser.add_argument("--pair", default="BTC-USDT")
    parser.add_argument("--amount", default="0.16")
    parser.add_argument("--smallest", default="0.01", help="do not go below this amount")
    parser.add_argument("--stop-loss", default="0.001")
    parser.add_argument("--take-profit", default="0.002")
    parser.add_argument("--rounds", type=int, default=20, help="executors at most")
    options = parser.parse_args()
    token = pathlib.Path(options.token_file).read_text().strip()
    try:
        Halver(options, Client(options.control, token)).run()
    except (Refused, OSError) as failure:
        sys.exit(f"halve: {failure}")


if __name__ == "__main__":
    main()
