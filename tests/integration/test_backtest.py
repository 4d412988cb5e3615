"""Backtests from the outside: the quickstart, two days of ETH-USD, repetition, a killed run."""

import json
import sys

from program import *


def test_quickstart_ends_with_a_report(folder):
    text = (SOURCE / "examples/quickstart.yaml").read_text()
    text = text.replace("examples/data", str(SOURCE / "examples/data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    out, _ = run("run", write(folder, text, "quickstart.yaml"), cwd=folder)
    for word in ("executors", "closed by", "global pnl", "net pnl", "fees", "volume", "win rate", "quotes/s"):
        assert word in out, f"{word} is missing in the report:\n{out}"
    database = folder / "quickstart.db"
    check_books(database, {"BTC": "2", "USDT": "100000"})
    check_report(folder, database)
    assert all(row["status"] == "TERMINATED" for row in rows(database, "SELECT * FROM executor"))
    assert rows(database, "SELECT COUNT(*) AS n FROM fill")[0]["n"] >= 12


def test_every_example_is_valid(folder):
    for path in sorted((SOURCE / "examples").glob("*.yaml")):
        run("validate", path, cwd=SOURCE)


def gemini_executors():
    """Twenty progressive executors: both sides, different barriers, started three hours apart."""
    start = 1625097600
    for i in range(20):
        barriers = {
            "open_order_type": "MARKET" if i % 3 else "LIMIT",
            "stop_loss": str(D("0.01") + D("0.002") * (i % 5)),
            "take_profit": str(D("0.015") + D("0.005") * (i % 4)) if i % 2 else None,
            "take_profit_order_type": "LIMIT" if i % 4 == 1 else "MARKET",
            "time_limit": 7200 + 1800 * (i % 6) if i % 5 else None,
            "apr_yield": "0.5" if i % 2 else None,
            "trailing_stop": {"activation_pnl_pct": str(D("0.004") + D("0.001") * (i % 3)),
                              "trailing_pct": "0.003",
                              "take_profit_table": [["0.006", "0.3"], ["0.012", "0.6"],
                                                    ["0.03", "1"]]} if i % 3 != 1 else None}
        yield executor("progressive_executor", trading_pair="ETH-USD", amount=f"{1 + i % 4}.5",
                       side="BUY" if i % 2 else "SELL", controller_id=f"controller_{i % 3}",
                       start_at=str(start + 7200 * i), triple_barrier_config=barriers)


def gemini_file(folder, **sections):
    quotes = needs(DATA / "ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz")
    file = base_file(folder, executors=list(gemini_executors()), **sections)
    file["venues"][0]["balances"] = {"USD": "500000", "ETH": "200"}
    file["instruments"] = [{"trading_pair": "ETH-USD", "venue": "paper", "tick": "0.01",
                            "step": "0.000001", "min_order_size": "0.001", "min_notional": "1"}]
    file["feeds"] = [{"venue": "paper", "trading_pair": "ETH-USD", "quotes": str(quotes),
                      "cache": str(folder / "tapes")}]
    return file


def test_gemini_days(folder):
    path = write(folder, gemini_file(folder))
    run("run", path, cwd=folder)
    database = folder / "test.db"
    executors = rows(database, "SELECT * FROM executor")
    assert len(executors) == 20
    assert all(row["status"] == "TERMINATED" and row["close_type"] for row in executors)
    assert len({row["close_type"] for row in executors}) >= 3, "one kind of end proves little"
    assert all(row["close_type"] != "INSUFFICIENT_BALANCE" for row in executors)
    check_books(database, {"ETH": "200", "USD": "500000"})
    check_report(folder, database)


def test_same_seed_same_bytes(folder):
    hashes, streams = [], []
    for name in ("one", "two"):
        file = gemini_file(folder, persistence={"path": str(folder / f"{name}.db")})
        file["persistence"] = {"path": str(folder / f"{name}.db")}
        file["run"]["name"] = "same"
        out, _ = run("run", "--json", write(folder, file, f"{name}.json"), cwd=folder)
        report = json.loads(out)
        # The run file is part of the first event: take the path that differs out of the compare.
        hashes.append(report["events_sha256"])
        streams.append(rows(folder / f"{name}.db",
                            "SELECT seq, ts, kind, executor_id, client_order_id, payload FROM journal"
                            " WHERE kind <> 'run.started' ORDER BY seq"))
    assert streams[0] == streams[1]
    again = folder / "one.db"
    again.unlink()
    out, _ = run("run", "--json", folder / "one.json", cwd=folder)
    assert json.loads(out)["events_sha256"] == hashes[0], "the same file gave other bytes"


def test_feed_with_two_instruments(folder):
    eth = needs(DATA / "BTCUSDT-PERP-20240808-bookTicker.csv.gz")
    spot = needs(DATA / "BTCUSDT-SPOT-20240808-bookTicker.csv.gz")
    file = base_file(folder)
    file["venues"] = [{"name": "perp", "balances": {"USDT": "1000000"}},
                      {"name": "spot", "balances": {"USDT": "1000000", "BTC": "5"}}]
    file["instruments"] = [
        {"trading_pair": "BTC-USDT", "venue": "perp", "tick": "0.1", "step": "0.001",
         "perpetual": True},
        {"trading_pair": "BTC-USDT", "venue": "spot", "tick": "0.01", "step": "0.00001"}]
    file["feeds"] = [
        {"venue": "perp", "trading_pair": "BTC-USDT", "quotes": str(eth), "cache": "tapes"},
        {"venue": "spot", "trading_pair": "BTC-USDT", "quotes": str(spot), "cache": "tapes"}]
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.0005", "take_profit": "0.0005",
                "time_limit": 120}
    file["executors"] = [executor(connector_name=venue, side=side, amount="0.5",
                                  controller_id=venue, triple_barrier_config=barriers)
                         for venue in ("perp", "spot") for side in ("BUY", "SELL")]
    run("run", write(folder, file), cwd=folder)
    database = folder / "test.db"
    check_books(database, {}, spot=False)
    fills = rows(database, "SELECT venue, COUNT(*) AS n FROM fill GROUP BY venue")
    assert {row["venue"]: row["n"] for row in fills} == {"perp": 4, "spot": 4}
    check_report(folder, database)


sys.exit(main(sys.modules[__name__]))
