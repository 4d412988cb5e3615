"""The position book and performance against the fill table, by SQL and arithmetic of its own."""

import sys

from program import *


def book_file(folder, mode="backtest", **sections):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.003", "take_profit": "0.003",
                "time_limit": 1200}
    executors = [executor(side="BUY" if i % 3 else "SELL", start_at=str(1735689600 + 150 * i),
                          controller_id=f"desk-{i % 4}", amount="0.05",
                          triple_barrier_config=barriers) for i in range(60)]
    return base_file(folder, run={"name": "book", "mode": mode, "seed": 7}, executors=executors,
                     **sections)


def average_cost(database, opened):
    """Plays the fills in the order of the journal: amount, average, realized, fees by key."""
    book = {key: {"amount": D(amount), "average": D(price), "realized": D(0), "fees": D(0),
                  "volume": D(0)} for key, (amount, price) in opened.items()}
    sql = ("SELECT f.*, j.controller_id FROM journal j JOIN fill f"
           " ON f.trade_id = json_extract(j.payload, '$.trade_id')"
           " AND f.client_order_id = j.client_order_id WHERE j.kind = 'fill' ORDER BY j.seq")
    for fill in rows(database, sql):
        key = (fill["controller_id"], fill["venue"], fill["trading_pair"])
        entry = book.setdefault(key, {"amount": D(0), "average": D(0), "realized": D(0),
                                      "fees": D(0), "volume": D(0)})
        sign = 1 if fill["side"] == "BUY" else -1
        amount, price = D(fill["amount"]), D(fill["price"])
        left = amount
        if entry["amount"] * sign < 0:
            matched = min(abs(entry["amount"]), amount)
            entry["realized"] += sign * multiply(entry["average"] - price, matched)
            entry["amount"] += sign * matched
            left -= matched
        if left > 0:
            held = abs(entry["amount"])
            cost = multiply(entry["average"], held) + multiply(price, left)
            entry["average"] = (cost / (held + left)).quantize(
                UNIT, rounding=decimal.ROUND_HALF_EVEN)
            entry["amount"] += sign * left
        if entry["amount"] == 0:
            entry["average"] = D(0)
        entry["fees"] += D(fill["fee_quote"])
        entry["volume"] += multiply(price, amount)
    return book


def check_book(folder, opened):
    database = folder / "test.db"
    book = average_cost(database, opened)
    positions = {(p["controller_id"], p["venue"], p["trading_pair"]): p
                 for p in rows(database, "SELECT * FROM position")}
    assert set(positions) == set(book)
    for key, entry in book.items():
        stored = positions[key]
        assert D(stored["amount"]) == entry["amount"], key
        assert abs(D(stored["average_price"]) - entry["average"]) <= 10 * UNIT, key
        assert abs(D(stored["realized_pnl_quote"]) - entry["realized"]) <= 100 * UNIT, key
        assert D(stored["fees_quote"]) == entry["fees"]
        assert D(stored["volume_quote"]) == entry["volume"]
    last = {row["controller_id"]: json.loads(row["report"]) for row in rows(
        database, "SELECT controller_id, report, max(rowid) FROM performance GROUP BY 1")}
    for controller in {key[0] for key in book}:
        mine = [positions[key] for key in book if key[0] == controller]
        report = last[controller]
        assert D(report["realized_pnl_quote"]) == sum(D(p["realized_pnl_quote"]) for p in mine)
        assert D(report["fees_quote"]) == sum(D(p["fees_quote"]) for p in mine)
        assert D(report["volume_traded"]) == sum(D(p["volume_quote"]) for p in mine)
        assert D(report["global_pnl_quote"]) == D(report["realized_pnl_quote"]) \
            + D(report["unrealized_pnl_quote"]) - D(report["fees_quote"])
        counts = {}
        for row in rows(database, "SELECT close_type FROM executor WHERE controller_id = '%s'"
                        % controller):
            counts[row["close_type"]] = counts.get(row["close_type"], 0) + 1
        assert {k: v for k, v in report["close_type_counts"].items() if v} == counts
    whole = last[""]
    for name in ("realized_pnl_quote", "fees_quote", "volume_traded"):
        assert D(whole[name]) == sum(D(last[c][name]) for c in last if c), name
    return positions


def test_book_and_performance_are_sums_of_fills(folder):
    run("run", "--quiet", write(folder, book_file(folder)), cwd=folder)
    positions = check_book(folder, {})
    assert len(positions) == 4
    run("verify", "test.db", cwd=folder)


def test_initial_positions_have_a_cost(folder):
    opened = {("desk-0", "paper", "BTC-USDT"): ("2", "90000"),
              ("holder", "paper", "BTC-USDT"): ("0.5", "100000.5")}
    initial = [{"controller_id": key[0], "venue": key[1], "trading_pair": key[2],
                "amount": amount, "average_price": price}
               for key, (amount, price) in opened.items()]
    run("run", "--quiet", write(folder, book_file(folder, initial_positions=initial)), cwd=folder)
    positions = check_book(folder, opened)
    holder = positions[("holder", "paper", "BTC-USDT")]
    assert (holder["amount"], holder["average_price"]) == ("0.5", "100000.5")
    run("verify", "test.db", cwd=folder)
    report = json.loads(rows(folder / "test.db", "SELECT report, max(rowid) FROM performance"
                             " WHERE controller_id = 'holder'")[0]["report"])
    quote = json.loads(rows(folder / "test.db", "SELECT payload FROM journal WHERE kind ="
                            " 'position.opened' AND controller_id = 'holder'")[0]["payload"])
    assert quote["amount"] == "0.5" and D(report["unrealized_pnl_quote"]) != 0
    assert D(report["volume_traded"]) == 0 and D(report["fees_quote"]) == 0


def test_initial_positions_are_checked(folder):
    good = {"venue": "paper", "trading_pair": "BTC-USDT", "amount": "1", "average_price": "1"}
    for wrong, word in [([{**good, "amount": "0"}], "amount"),
                        ([{**good, "amount": "-1"}], "amount"),
                        ([{**good, "average_price": "0"}], "average_price"),
                        ([{**good, "trading_pair": "ETH-USDT"}], "no such instrument"),
                        ([good, good], "listed before"),
                        ([{**good, "price": "1"}], "price")]:
        _, errors = run("run", write(folder, book_file(folder, initial_positions=wrong)),
                        cwd=folder, code=2)
        assert "initial_positions" in errors and word in errors, errors


sys.exit(main(sys.modules[__name__]))
