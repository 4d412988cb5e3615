"""The executor routes as hummingbot-api has them: every path, member, type and status.

The members of each answer are written down here from that interface's description, not taken from
the program. Sums are computed here from the tables.
"""

import subprocess
import sys
import threading

from control_client import Control
from http_client import *

NUMBER, TEXT, FLAG, LIST, MAP = (int, float, decimal.Decimal), str, bool, list, dict
NONE = type(None)

CREATED = {"executor_id": TEXT, "executor_type": TEXT, "connector_name": TEXT,
           "trading_pair": TEXT, "controller_id": TEXT, "status": TEXT, "created_at": TEXT}
EXECUTOR = {"executor_id": TEXT, "executor_type": TEXT, "account_name": TEXT,
            "connector_name": TEXT, "trading_pair": TEXT, "side": (TEXT, NONE), "status": TEXT,
            "is_active": FLAG, "is_trading": FLAG, "timestamp": NUMBER, "created_at": TEXT,
            "close_type": (TEXT, NONE), "close_timestamp": (*NUMBER, NONE), "controller_id": TEXT,
            "net_pnl_quote": NUMBER, "net_pnl_pct": NUMBER, "cum_fees_quote": NUMBER,
            "filled_amount_quote": NUMBER, "error_count": int, "last_error": (TEXT, NONE)}
DETAIL = {**EXECUTOR, "config": MAP, "custom_info": MAP}
PAGINATION = {"limit": int, "has_more": FLAG, "next_cursor": (TEXT, NONE), "total_count": int}
SUMMARY = {"total_active": int, "total_pnl_quote": NUMBER, "total_volume_quote": NUMBER,
           "by_type": MAP, "by_connector": MAP, "by_status": MAP}
PERFORMANCE = {"controller_id": (TEXT, NONE), "total_executors": int, "by_status": MAP,
               "pnl_total_quote": NUMBER, "unrealized_pnl_quote": NUMBER,
               "global_pnl_quote": NUMBER, "pnl_pct_avg": NUMBER, "fees_total_quote": NUMBER,
               "volume_total_quote": NUMBER, "win_rate": NUMBER, "sharpe_ratio": (*NUMBER, NONE),
               "by_type": LIST, "active_positions": int}
BY_TYPE = {"executor_type": TEXT, "total": int, "completed": int, "running": int,
           "pnl_quote": NUMBER, "volume_quote": NUMBER, "fees_quote": NUMBER}
LOGS = {"executor_id": TEXT, "logs": LIST, "total_count": int}
LOG = {"timestamp": NUMBER, "level": TEXT, "message": TEXT, "exc_info": (TEXT, NONE)}
STOPPED = {"executor_id": TEXT, "status": TEXT, "keep_position": FLAG}
POSITIONS = {"total_positions": int, "total_realized_pnl": NUMBER,
             "total_unrealized_pnl": (*NUMBER, NONE), "positions": LIST}
POSITION = {"trading_pair": TEXT, "connector_name": TEXT, "account_name": TEXT,
            "controller_id": TEXT, "buy_amount_base": NUMBER, "buy_amount_quote": NUMBER,
            "sell_amount_base": NUMBER, "sell_amount_quote": NUMBER, "net_amount_base": NUMBER,
            "buy_breakeven_price": (*NUMBER, NONE), "sell_breakeven_price": (*NUMBER, NONE),
            "matched_amount_base": NUMBER, "unmatched_amount_base": NUMBER, "position_side": TEXT,
            "realized_pnl_quote": NUMBER, "cum_fees_quote": NUMBER,
            "unrealized_pnl_quote": (*NUMBER, NONE), "executor_count": int, "executor_ids": LIST,
            "last_updated": (TEXT, NONE)}
CLEARED = {"message": TEXT, "connector_name": TEXT, "trading_pair": TEXT}
TYPE = {"type": TEXT, "description": TEXT, "use_case": TEXT}
TYPE_CONFIG = {"executor_type": TEXT, "config_class": TEXT, "description": TEXT, "fields": LIST,
               "nested_types": MAP}
FIELD = {"name": TEXT, "required": FLAG, "type": TEXT, "description": TEXT, "default": object,
         "constraints": MAP, "enum_values": (LIST, NONE)}


def check(answer, shape):
    """Exactly these members, each of its type; true is no number."""
    assert set(answer) == set(shape), (set(answer) ^ set(shape), answer)
    for name, kinds in shape.items():
        value = answer[name]
        if kinds is not FLAG and isinstance(value, bool):
            assert kinds is object, (name, value)
        assert isinstance(value, kinds), (name, value, kinds)
    return answer


def config(**fields):
    """As a client of hummingbot-api sends it: numbers for amounts and enums."""
    barriers = {"open_order_type": 1, "stop_loss": 0.2, "take_profit": 0.2, "time_limit": 360000}
    return {"type": "position_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": 1, "amount": 0.1, "triple_barrier_config": barriers, **fields}


def create(run, controller="main", **fields):
    body = {"controller_id": controller, "executor_config": config(**fields)}
    return check(run.ask("POST", "/executors/", body, status=201), CREATED)


def wait_until_filled(run, executor_id):
    end = time.monotonic() + SECONDS_MAX
    while True:
        found = run.ask("GET", f"/executors/{executor_id}")
        if found["filled_amount_quote"] > 0:
            return found
        assert time.monotonic() < end, found


def test_create_get_and_stop(folder):
    run = Run(folder)
    created = create(run)
    assert created["executor_type"] == "position_executor"
    assert created["controller_id"] == "main" and created["trading_pair"] == "BTC-USDT"
    name = created["executor_id"]
    found = check(wait_until_filled(run, name), DETAIL)
    assert (found["side"], found["status"], found["is_active"]) == ("BUY", "RUNNING", True), found
    assert found["config"]["amount"] == "0.1" and found["close_type"] is None
    assert found["created_at"] == created["created_at"]
    answer = check(run.ask("POST", f"/executors/{name}/stop", {"keep_position": True}), STOPPED)
    assert answer == {"executor_id": name, "status": "stopping", "keep_position": True}
    ended = check(wait_for(run, name, "TERMINATED"), DETAIL)
    assert ended["close_type"] == "POSITION_HOLD" and not ended["is_active"]
    assert ended["close_timestamp"] >= ended["timestamp"]
    for path, body, status in [(f"/executors/{name}/stop", {}, 400),
                               ("/executors/nobody/stop", {}, 404)]:
        assert run.ask("POST", path, body, status=status)["detail"]
    assert run.ask("GET", "/executors/nobody", status=404)["detail"]
    assert run.ask("GET", "/executors/nobody/logs", status=404)["detail"]
    run.finish()


def test_figures_have_all_their_digits(folder):
    run = Run(folder)
    name = create(run, amount="0.12345")["executor_id"]
    wait_until_filled(run, name)
    run.ask("POST", f"/executors/{name}/stop", {})
    wait_for(run, name, "TERMINATED")
    connection = http.client.HTTPConnection("127.0.0.1", run.port)
    connection.request("GET", f"/executors/{name}", headers={"Authorization": f"Bearer {run.read}"})
    exact = json.loads(connection.getresponse().read(), parse_float=D, parse_int=D)
    stored = rows(folder / "test.db", f"SELECT * FROM executor WHERE id = '{name}'")[0]
    for figure in "net_pnl_quote", "net_pnl_pct", "cum_fees_quote", "filled_amount_quote":
        assert str(exact[figure]) == stored[figure] or exact[figure] == D(stored[figure])
    assert exact["timestamp"] * 10**9 == stored["created_at"]
    assert exact["close_timestamp"] * 10**9 == stored["closed_at"]
    run.finish()


def test_what_create_refuses(folder):
    run = Run(folder)
    good = config()
    cases = [{}, {"executor_config": {}}, {"executor_config": {**good, "type": "magic_executor"}},
             {"executor_config": {**good, "amount": -1}}, {"executor_config": good, "x": 1},
             {"executor_config": {**good, "amuont": 1}}, {"executor_config": 1},
             {"executor_config": {k: v for k, v in good.items() if k != "type"}},
             {"executor_config": good, "account_name": "other"}, {"executor_config": good,
                                                                 "controller_id": "no spaces " * 9}]
    for body in cases:
        status, answer, _ = run.call("POST", "/executors/", body, token=run.admin)
        assert status == 400 and isinstance(answer["detail"], str), (body, status, answer)
    body = {"executor_config": good, "executor_id": "one", "action_id": "a"}
    first = run.ask("POST", "/executors/", body, status=201)
    repeated = run.ask("POST", "/executors/", body, status=201)
    assert {**repeated, "status": ""} == {**first, "status": ""}  # It may have started meanwhile.
    again = run.ask("POST", "/executors/", {**body, "action_id": "b"}, status=409)
    assert again["code"] == "executor_exists"
    assert run.ask("POST", "/executors/search", {})["pagination"]["total_count"] == 1
    run.finish()


def test_search(folder):
    run = Run(folder)
    names = [create(run, controller=f"c{i % 3}")["executor_id"] for i in range(7)]
    page = check(run.ask("POST", "/executors/search", {}), {"data": LIST, "pagination": MAP})
    check(page["pagination"], PAGINATION)
    assert page["pagination"] == {"limit": 100, "has_more": False, "next_cursor": None,
                                  "total_count": 7}
    for found in page["data"]:
        check(found, EXECUTOR)
    assert sorted(found["executor_id"] for found in page["data"]) == sorted(names)
    created = [found["created_at"] for found in page["data"]]
    assert created == sorted(created, reverse=True)

    collected, cursor = [], None
    while True:
        part = run.ask("POST", "/executors/search", {"limit": 3, "cursor": cursor} if cursor
                       else {"limit": 3})
        collected += [found["executor_id"] for found in part["data"]]
        last = part["data"][-1]
        cursor = part["pagination"]["next_cursor"]
        if not part["pagination"]["has_more"]:
            break
        assert cursor == f"{last['created_at']}:{last['executor_id']}"
    assert collected == [found["executor_id"] for found in page["data"]]
    unknown = run.ask("POST", "/executors/search", {"cursor": 'nothing:"here'})
    assert len(unknown["data"]) == 7

    for body, count in [({"controller_ids": ["c0"]}, 3), ({"controller_ids": ["c1", "c2"]}, 4),
                        ({"executor_types": ["position_executor"]}, 7),
                        ({"executor_types": ["grid_executor"]}, 0), ({"status": "TERMINATED"}, 0),
                        ({"connector_names": ["paper"], "trading_pairs": ["BTC-USDT"]}, 7),
                        ({"trading_pairs": ["ETH-USDT"]}, 0), ({"account_names": ["x"]}, 0),
                        ({"account_names": ["master_account"]}, 7)]:
        found = run.ask("POST", "/executors/search", body)
        assert (len(found["data"]), found["pagination"]["total_count"]) == (count, count), body
    for body in [{"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"statuses": []}, []]:
        assert run.ask("POST", "/executors/search", body, status=400)["detail"], body
    run.finish()


def test_summary_and_performance(folder):
    run = Run(folder)
    for i in range(6):
        name = create(run, controller="desk" if i % 2 else "main")["executor_id"]
        wait_until_filled(run, name)
        if i < 4:
            run.ask("POST", f"/executors/{name}/stop", {"keep_position": i == 3})
            wait_for(run, name, "TERMINATED")
    summary = check(run.ask("GET", "/executors/summary"), SUMMARY)
    assert summary["total_active"] == 2
    assert summary["by_type"] == {"position_executor": 6}
    assert summary["by_connector"] == {"paper": 6}
    assert summary["by_status"] == {"RUNNING": 2, "TERMINATED": 4}
    for query, wanted in [("", ("main", "desk")), ("?controller_id=desk", ("desk",))]:
        found = check(run.ask("GET", f"/executors/performance{query}"), PERFORMANCE)
        table = [row for row in rows(folder / "test.db", "SELECT * FROM executor")
                 if row["controller_id"] in wanted]
        ended = [row for row in table if row["status"] == "TERMINATED"]
        realized = sum(D(row["net_pnl_quote"]) for row in ended
                       if row["close_type"] != "POSITION_HOLD")
        assert found["controller_id"] == (None if query == "" else "desk")
        assert found["total_executors"] == len(table)
        assert abs(D(str(found["pnl_total_quote"])) - realized) < D("1e-9")
        assert abs(D(str(found["volume_total_quote"]))
                   - sum(D(row["filled_amount_quote"]) for row in table)) < D("1e-9")
        wins = sum(D(row["net_pnl_quote"]) > 0 for row in ended)
        assert found["win_rate"] == round(wins / len(ended), 4)
        results = [float(row["net_pnl_quote"]) for row in ended]
        mean = sum(results) / len(results)
        deviation = (sum((r - mean) ** 2 for r in results) / (len(results) - 1)) ** 0.5
        if deviation > 1e-9:
            assert abs(found["sharpe_ratio"] - mean / deviation) < 1e-3
        kinds = [check(kind, BY_TYPE) for kind in found["by_type"]]
        assert [(kind["total"], kind["completed"], kind["running"]) for kind in kinds] == \
            [(len(table), len(ended), len(table) - len(ended))]
        assert found["active_positions"] >= 1
    run.finish()


def test_positions(folder):
    run = Run(folder)
    names = [create(run)["executor_id"] for _ in range(2)]
    for name in names:
        wait_until_filled(run, name)
        run.ask("POST", f"/executors/{name}/stop", {"keep_position": name == names[0]})
        wait_for(run, name, "TERMINATED")
    found = check(run.ask("GET", "/executors/positions/summary"), POSITIONS)
    assert found["total_positions"] == 1
    position = check(found["positions"][0], POSITION)
    fills = rows(folder / "test.db", "SELECT * FROM fill")
    for side, key in ("BUY", "buy"), ("SELL", "sell"):
        base = sum(D(fill["amount"]) for fill in fills if fill["side"] == side)
        quote = sum(D(fill["amount"]) * D(fill["price"]) for fill in fills if fill["side"] == side)
        assert D(str(position[f"{key}_amount_base"])) == base
        assert abs(D(str(position[f"{key}_amount_quote"])) - quote) < D("1e-9")
        assert abs(D(str(position[f"{key}_breakeven_price"])) - quote / base) < D("1e-9")
    assert position["position_side"] == "LONG" and position["net_amount_base"] == 0.1
    assert (position["matched_amount_base"], position["unmatched_amount_base"]) == (0.1, 0.1)
    assert sorted(position["executor_ids"]) == sorted(names) and position["executor_count"] == 2
    path = "/executors/positions/paper/BTC-USDT"
    assert run.ask("GET", path) == position
    assert run.ask("GET", path + "?controller_id=other", status=404)["detail"]
    assert run.ask("GET", path + "?account_name=other", status=404)["detail"]
    assert run.ask("GET", "/executors/positions/paper/ETH-USDT", status=404)["detail"]
    assert run.ask("GET", "/executors/positions/summary?controller_id=other")["positions"] == []
    check(run.ask("DELETE", path), CLEARED)
    assert run.ask("GET", path, status=404) and run.ask("DELETE", path, status=404)
    assert run.ask("GET", "/executors/positions/summary")["total_positions"] == 0
    assert len(run.ask("GET", "/positions")["positions"]) == 1  # The book is as it was.
    wait_until_filled(run, create(run)["executor_id"])
    assert run.ask("GET", path)["buy_amount_base"] == 0.3  # It has changed, so it is shown.
    run.finish()


def test_logs(folder):
    run = Run(folder)
    name = create(run)["executor_id"]
    wait_until_filled(run, name)
    run.ask("POST", f"/executors/{name}/stop", {})
    wait_for(run, name, "TERMINATED")
    found = check(run.ask("GET", f"/executors/{name}/logs?limit=1000"), LOGS)
    for line in found["logs"]:
        check(line, LOG)
    kinds = [row["kind"] for row in rows(
        folder / "test.db", f"SELECT * FROM journal WHERE executor_id = '{name}' ORDER BY seq")]
    assert [line["message"].split()[0] for line in found["logs"]] == kinds
    assert found["total_count"] == len(kinds)
    short = run.ask("GET", f"/executors/{name}/logs?limit=2")
    assert short["logs"] == found["logs"][-2:] and short["total_count"] == len(kinds)
    assert run.ask("GET", f"/executors/{name}/logs?level=ERROR")["logs"] == []
    assert run.ask("GET", f"/executors/{name}/logs?limit=x", status=400)["detail"]
    run.finish()


def test_types(folder):
    run = Run(folder)
    types = [check(kind, TYPE)["type"]
             for kind in run.ask("GET", "/executors/types/available")["executor_types"]]
    assert sorted(types) == ["arbitrage_executor", "dca_executor", "grid_executor",
                             "order_executor", "position_executor", "progressive_executor",
                             "twap_executor", "xemm_executor"]
    for kind in types:
        found = check(run.ask("GET", f"/executors/types/{kind}/config"), TYPE_CONFIG)
        for field in found["fields"] + [f for table in found["nested_types"].values() for f in table]:
            check(field, FIELD)
    grid = run.ask("GET", "/executors/types/position_executor/config")
    assert grid["config_class"] == "PositionExecutorConfig"
    fields = {field["name"]: field for field in grid["fields"]}
    assert fields["amount"]["required"] and fields["side"]["enum_values"] == ["BUY", "SELL"]
    assert "triple_barrier_config" in grid["nested_types"]
    assert run.ask("GET", "/executors/types/magic_executor/config", status=404)["detail"]
    run.finish()


def test_documents(folder):
    run = Run(folder)
    document = run.ask("GET", "/openapi.json")
    assert document["openapi"] == "3.1.0" and document["info"]["title"] == "tutti"
    paths = {(path, method) for path, item in document["paths"].items() for method in item}
    for path, method in [("/executors", "post"), ("/executors/search", "post"),
                         ("/executors/summary", "get"), ("/executors/performance", "get"),
                         ("/executors/{executor_id}", "get"), ("/executors/{executor_id}/logs", "get"),
                         ("/executors/{executor_id}/stop", "post"),
                         ("/executors/positions/summary", "get"),
                         ("/executors/positions/{connector_name}/{trading_pair}", "get"),
                         ("/executors/positions/{connector_name}/{trading_pair}", "delete"),
                         ("/executors/types/available", "get"),
                         ("/executors/types/{executor_type}/config", "get")]:
        assert (path, method) in paths, (path, method)
    assert document["components"]["schemas"]["grid_executor"]["properties"]["start_price"]
    metrics = run.ask("GET", "/metrics")
    try:
        done = subprocess.run(["promtool", "check", "metrics"], input=metrics, text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
    except FileNotFoundError:
        pass  # Checked strictly below all the same.
    for line in metrics.splitlines():
        assert re.fullmatch(r"# HELP tutti_\w+ \S.*|# TYPE tutti_\w+ (counter|gauge)|"
                            r'tutti_\w+(\{\w+="\w+"\})? \d+', line), line
    run.finish()


def test_risk(folder):
    run = Run(folder)
    name = create(run)["executor_id"]
    wait_until_filled(run, name)
    assert run.call("POST", "/risk", {"state": "HALTED"}, token=run.trade)[0] == 403
    assert run.ask("POST", "/risk", {"state": "HALTED", "reason": "a drill"})["ok"]
    status, answer, _ = run.call("POST", "/executors/", {"executor_config": config()},
                                 token=run.trade)
    assert status in (400, 409) and answer["detail"], (status, answer)
    assert "HALTED" in json.dumps(run.ask("GET", "/risk"))
    assert run.call("POST", "/risk", {"state": "ACTIVE"}, token=run.admin)[0] == 400
    assert run.ask("POST", "/risk", {"state": "ACTIVE", "reason": "the drill is over"})["ok"]
    create(run)
    for body in [{"state": "ASLEEP"}, {"halt": True}, {"request": "shutdown"}]:
        assert run.ask("POST", "/risk", body, status=400)["detail"], body
    run.finish()


CLIENTS, EACH = 8, 125


class HttpClient:
    """The same few words as the socket client below, over one HTTP connection."""

    def __init__(self, run):
        self.run = run
        self.connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=SECONDS_MAX)

    def act(self, action, **members):
        body = {"actions": [{"action": action, **members}]}
        status, answer, _ = exchange(self.connection, "POST", "/actions", body, self.run.trade)
        assert status == 200, answer
        return answer["answers"][0]

    def status_of(self, name):
        status, answer, _ = exchange(self.connection, "GET", f"/executors/{name}",
                                     token=self.run.read)
        assert status == 200, answer
        return answer["status"]

    def close(self):
        self.connection.close()


class SocketClient(Control):
    def status_of(self, name):
        return self.ask("executor", executor_id=name)["executor"]["status"]


def life_of_executors(client, number, count):
    """Each is created, updated, stopped and stored; a refused answer is one that cannot be else."""
    names = [f"e-{number}-{i}" for i in range(count)]
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}
    progressive = {**config(amount=0.001, triple_barrier_config=barriers),
                   "type": "progressive_executor"}
    for name in names:
        answer = client.act("create_executor", action_id=f"c-{name}", executor_id=name,
                            controller_id=f"c{number}", executor_config=progressive)
        assert answer["ok"], answer
        client.act("update_executor", action_id=f"u-{name}", executor_id=name,
                   update_data={"volatility": "0.1"})
    for name in names:
        answer = client.act("stop_executor", action_id=f"s-{name}", executor_id=name)
        assert answer["ok"] or answer["code"] == "not_running", answer
    for name in names:
        end = time.monotonic() + SECONDS_MAX
        while client.status_of(name) != "TERMINATED":
            assert time.monotonic() < end, name
            time.sleep(0.02)
        answer = client.act("store_executor", action_id=f"t-{name}", executor_id=name)
        assert answer["ok"], answer
    client.close()


def test_everything_from_outside(folder):
    """Over HTTP and the socket at once: 1,000 executors by 8 clients; each action is answered
    once, and the book is the sum of fills."""
    each = EACH if "san" not in PROGRAM else 5  # The sanitizers take longer.
    run = Run(folder, speed="200", venues=[{"name": "paper", "fees": {"maker": "0.0002",
              "taker": "0.0005"}, "balances": {"USDT": "1000000000", "BTC": "100"}}])
    failures = []

    def client(number):
        try:
            life_of_executors(HttpClient(run) if number % 2 else
                              SocketClient(folder / "run.control", SECONDS_MAX), number, each)
        except Exception as failure:  # Shown below.
            failures.append(repr(failure))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert run.ask("GET", "/executors/summary")["by_type"] == \
        {"progressive_executor": CLIENTS * each}
    run.finish()
    answered = rows(folder / "test.db", "SELECT action_id, kind FROM action")
    for kind in "create", "update", "stop", "store":
        ids = [row["action_id"] for row in answered if row["kind"] == f"{kind}_executor"]
        assert len(ids) == len(set(ids)) == CLIENTS * each, (kind, len(ids))
    assert all(row["archived"] for row in rows(folder / "test.db", "SELECT * FROM executor"))
    check_books(folder / "test.db", {"BTC": 100, "USDT": 1000000000})


sys.exit(main(sys.modules[__name__]))
