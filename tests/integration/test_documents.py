"""What the documents promise: the manual is generated, schemas fit, CSV and versions print."""

import csv
import io
import re
import sys
import time

from control_client import Control, TOO_EARLY
from program import *


def test_manual_is_current(folder):
    """docs/run-file.md is what `tutti schema --markdown` prints."""
    out, _ = run("schema", "--markdown", cwd=folder)
    assert out == (SOURCE / "docs/run-file.md").read_text(), \
        "renew it: tutti schema --markdown > docs/run-file.md"


def test_risk_is_current(folder):
    """docs/risk.md is what `tutti schema --markdown risk` prints."""
    out, _ = run("schema", "--markdown", "risk", cwd=folder)
    assert out == (SOURCE / "docs/risk.md").read_text(), \
        "renew it: tutti schema --markdown risk > docs/risk.md"
    assert "max_exposure_quote" in json.loads(run("schema", "risk", cwd=folder)[0])["properties"]


def test_actions_are_current(folder):
    """docs/control.md ends with what `tutti schema --markdown actions` prints."""
    out, _ = run("schema", "--markdown", "actions", cwd=folder)
    assert (SOURCE / "docs/control.md").read_text().endswith("## Actions\n\n" + out), \
        "renew its end: tutti schema --markdown actions"


def assert_contains(found, told, path):
    """Whatever an example shows is there, and of the same type."""
    assert type(found) is type(told) or found is None or told is None, (path, found, told)
    if isinstance(told, dict):
        for key, value in told.items():
            assert key in found, f"{path}.{key} is not in {found}"
            if key in ("ok", "code"):
                assert found[key] == value, (path, found)
            assert_contains(found[key], value, f"{path}.{key}")
    elif isinstance(told, list) and told:
        assert len(found) >= len(told), (path, found)
        for i, value in enumerate(told):
            assert_contains(found[i], value, f"{path}[{i}]")


def test_requests_are_answered_as_told(folder):
    """Each request in docs/control.md is sent, those that change something last."""
    text = (SOURCE / "docs/control.md").read_text()
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]
    pairs = list(zip(blocks[::2], blocks[1::2]))
    assert all("request" in request and "ok" in answer for request, answer in pairs)
    told = {request["request"] for request, _ in pairs}
    file = base_file(folder, run={"name": "outside", "mode": "paper", "seed": 7}, executors=[],
                     control={"listen": ["ipc://run.control"]},
                     events={"performance_interval": 1})
    file["feeds"][0]["speed"] = "30"
    process = start("run", "--quiet", write(folder, file), cwd=folder)
    control, end = None, time.monotonic() + 60
    while control is None:
        try:
            control = Control(folder / "run.control")
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
    known = control.ask("dance")["message"].split("expected one of ")[1].split(", ")
    assert told == set(known), "docs/control.md tells all requests and no others"

    def is_ready(request, answer):
        if request["request"] == "action" and answer.get("code") in TOO_EARLY:
            return False  # It is early: the same again.
        reports = control.ask("performance")["performance"]
        return request.get("action") != "create_executor" or \
            any(report["report"]["fills"] > 0 for report in reports)

    order = {"actions": 1, "shutdown": 2}
    for request, answer in sorted(pairs, key=lambda pair: order.get(pair[0]["request"], 0)):
        found = control.send_bytes(json.dumps(request).encode())
        while request["request"] != "shutdown" and not is_ready(request, found):
            assert time.monotonic() < end, found
            time.sleep(0.02)
            found = control.send_bytes(json.dumps(request).encode())
        assert_contains(found, answer, request["request"])
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_schema_is_json(folder):
    schema = json.loads(run("schema", cwd=folder)[0])
    assert schema["$schema"].endswith("2020-12/schema")
    fields = json.loads(run("schema", "progressive_executor", cwd=folder)[0])
    assert {"amount", "side", "triple_barrier_config"} <= set(fields["properties"])
    run("schema", "no_such_executor", cwd=folder, code=2)


def test_csv_tables(folder):
    file = base_file(folder, executors=[executor(repeat=3)])
    run("run", "--quiet", write(folder, file), cwd=folder)
    tables = {"executors": "executor", "orders": "orders", "fills": "fill",
              "positions": "position", "performance": "performance", "journal": "journal"}
    for name, table in tables.items():
        out, _ = run("report", "--csv", name, "test.db", cwd=folder)
        found = list(csv.DictReader(io.StringIO(out)))
        assert len(found) == rows(folder / "test.db", f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]
        assert found, name
    _, err = run("report", "--csv", "secrets", "test.db", cwd=folder, code=1)
    assert "executors" in err


def test_tape_commands(folder):
    run("tape", "walk", "5", "1000", "walk.csv", cwd=folder)
    out, _ = run("tape", "make", "quotes", "walk.csv", "walk.tape", cwd=folder)
    assert "1000" in out
    out, _ = run("tape", "info", "walk.tape", cwd=folder)
    assert "1000" in out and "walk.csv" in out
    (folder / "cut.tape").write_bytes((folder / "walk.tape").read_bytes()[:1000])
    _, err = run("tape", "info", "cut.tape", cwd=folder, code=1)
    assert "cut.tape" in err


def test_version(folder):
    assert run("version", cwd=folder)[0].startswith("tutti ")
    assert run("--version", cwd=folder)[0].startswith("tutti ")


sys.exit(main(sys.modules[__name__]))
