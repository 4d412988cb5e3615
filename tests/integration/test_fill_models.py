"""The fill models `trade` and `book` over a recorded market: what was traded and what stood there."""

import csv
import gzip
import sys

from program import D, DATA, base_file, check_books, executor, main, needs, rows, run, write

SPOT = "BTCUSDT-SPOT-20240808-"


def recorded(kind):
    return needs(DATA / f"{SPOT}{kind}.csv.gz")


def market(folder, model, executors, **feed):
    file = base_file(folder, executors=executors)
    file["venues"][0]["fill_model"] = model
    file["instruments"][0].update({"tick": "0.01", "step": "0.00001"})
    file["feeds"][0].update({"quotes": str(recorded("bookTicker")), **feed})
    return file


def check_fails(folder, file, *words):
    _, err = run("run", write(folder, file), cwd=folder, code=2)
    for word in words:
        assert word in err, err


def fills(folder):
    return rows(folder / "test.db", "SELECT * FROM fill ORDER BY CAST(trade_id AS INTEGER)")


def test_a_large_order_walks_the_depth(folder):
    """20 BTC at once: many levels, each dearer than the one before; touch would give one price."""
    entry = executor(amount="8", triple_barrier_config={"open_order_type": "MARKET",
                                                         "time_limit": 60})
    run("run", write(folder, market(folder, "book", [entry], depth=str(recorded("depth")))),
        cwd=folder)
    found = fills(folder)
    bought = [D(row["price"]) for row in found if row["side"] == "BUY"]
    assert len(bought) > 10 and bought == sorted(bought) and bought[0] < bought[-1], bought
    assert sum(D(row["amount"]) for row in found if row["side"] == "BUY") == 8
    check_books(folder / "test.db", {"BTC": "20", "USDT": "1000000"})


def test_resting_orders_fill_from_traded_volume(folder):
    """A bid below the market gets no more than sellers gave at its price or beyond."""
    price, amount = D("61700"), D("3")
    resting = executor(amount=str(amount), entry_price=str(price),
                       triple_barrier_config={"open_order_type": "LIMIT", "time_limit": 3600})
    run("run", write(folder, market(folder, "trade", [resting], trades=str(recorded("trades")),
                                    depth=str(recorded("depth")))), cwd=folder)
    with gzip.open(recorded("trades"), "rt") as file:
        sold = sum(D(row["qty"]) for row in csv.DictReader(file)
                   if row["is_buyer_maker"] == "true" and D(row["price"]) <= price)
    makers = [row for row in fills(folder) if row["side"] == "BUY"]
    assert makers and all(D(row["price"]) == price for row in makers), makers
    assert len(makers) > 1, "partial fills"
    assert sum(D(row["amount"]) for row in makers) <= min(sold, amount)
    check_books(folder / "test.db", {"BTC": "20", "USDT": "1000000"})


def test_a_run_repeats_itself(folder):
    file = market(folder, "book", [executor()], depth=str(recorded("depth")),
                  trades=str(recorded("trades")))
    found = []
    for _ in range(2):
        file["persistence"]["existing"] = "replace"
        run("run", write(folder, file), cwd=folder)
        found.append(fills(folder))
    assert found[0] and found[0] == found[1]


def test_a_model_needs_its_recordings(folder):
    file = base_file(folder)
    file["venues"][0]["fill_model"] = "book"
    check_fails(folder, file, "feeds[0].depth", "fill_model book needs recorded depth")
    file["venues"][0]["fill_model"] = "trade"
    check_fails(folder, file, "feeds[0].trades", "fill_model trade needs recorded trades")
    file["venues"][0]["fill_model"] = "touch"
    file["feeds"][0]["depth"] = "depth.csv"
    check_fails(folder, file, "feeds[0].depth", "fill_model is trade or book")


def test_what_only_a_perpetual_has(folder):
    file = base_file(folder)
    file["instruments"][0].update({"maintenance_margin": "0.01", "funding_rate": "0.0001"})
    check_fails(folder, file, "maintenance_margin", "funding_rate", "funding_interval")


sys.exit(main(sys.modules[__name__]))
