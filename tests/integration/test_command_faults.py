"""Every command while the n-th allocation is refused, or descriptors run out: it says what is wrong
with a documented exit code, or does what it always does. Never less without a word."""

import os
import resource
import sys

from program import *

FAULTY = os.environ.get("TUTTI_FAULTY_PROGRAM", str(pathlib.Path(PROGRAM).parent / "tests/tutti_faulty"))
CODES = range(6)  # Documented in tutti --help.
ROUNDS_MAX = 120


def prepare(folder):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.004", "take_profit": "0.004"}
    file = base_file(folder, executors=[executor(repeat=2, triple_barrier_config=barriers)])
    run("run", "--quiet", write(folder, file, "made.json"), cwd=folder)
    file["persistence"] = {"path": str(folder / "other.db"), "existing": "replace"}
    write(folder, file, "run.json")
    sweep = base_file(folder, executors=[executor(triple_barrier_config=barriers)],
                      sweep={"parameters": [{"path": "executors[0].amount",
                                             "values": ["0.1", "0.2"]}]})
    write(folder, sweep, "sweep.json")
    return next((folder / "tapes").glob("*.tape"))


def commands(folder):
    """The words of each command, and whether its output is the same each time."""
    tape = prepare(folder)
    return [
        (["version"], True), (["--help"], True), (["describe", "executor"], True),
        (["describe", "grid_executor"], True), (["schema"], True),
        (["schema", "--markdown", "actions"], True), (["validate", "run.json"], True),
        (["report", "test.db"], True), (["report", "--json", "test.db"], True),
        (["report", "--csv", "fills", "test.db"], True), (["verify", "test.db"], True),
        (["risk", "show", "test.db"], True), (["risk", "show", "--json", "test.db"], True),
        (["verify", "--json", "test.db"], True), (["events", "test.db"], True),
        (["tape", "info", tape], True), (["salvage", "test.db", "saved.db"], False),
        (["run", "--quiet", "run.json"], False), (["sweep", "--json", "sweep.json"], False),
        (["shutdown", "--control", "ipc://nobody.control"], True),
        (["venue", "reconcile", "--venue", "x", "--control", "ipc://nobody.control"], True),
    ]


def invoke(program, words, folder, **options):
    (folder / "saved.db").unlink(missing_ok=True)
    return subprocess.run([program, *map(str, words)], cwd=folder, text=True, capture_output=True,
                          timeout=RUN_SECONDS_MAX, **options)


def check(words, fault, done, usual, is_same):
    place = (words, fault, done.returncode, done.stderr[-500:])
    assert done.returncode in CODES, place
    if done.returncode != usual.returncode:
        assert done.returncode != 0 and done.stderr.strip(), place
    elif done.returncode == 0 and is_same:
        assert done.stdout == usual.stdout, (place, len(done.stdout), len(usual.stdout))


def check_database(folder, words):
    """What the commands read is as it was."""
    if (folder / "test.db").exists():
        assert invoke(PROGRAM, ["verify", "test.db"], folder).returncode == 0, words


def refuse_memory(folder, words, usual, is_same, rounds_max=ROUNDS_MAX):
    """The n-th allocation of a command, alone and with all behind it, until none is struck."""
    struck = folder / "struck"
    for lasts in ({}, {"TUTTI_FAULT_LASTS": "1"}):
        nth = 1
        for rounds in range(rounds_max):
            struck.unlink(missing_ok=True)
            environment = {**os.environ, "TUTTI_FAULT": str(nth),
                           "TUTTI_FAULT_STRUCK": str(struck), **lasts}
            check(words, nth, invoke(FAULTY, words, folder, env=environment), usual, is_same)
            if not struck.exists():
                break
            nth += 1 + nth // 3
        assert rounds < rounds_max - 1, words


def refuse_descriptors(folder, words, usual, is_same):
    for limit in range(3, 24, 2):
        done = invoke(PROGRAM, words, folder, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (limit, limit)))
        if done.returncode == 127 or "error while loading shared libraries" in done.stderr:
            continue  # The system could not even load it.
        check(words, limit, done, usual, is_same)


def test_memory_that_is_refused(folder):
    for words, is_same in commands(folder):
        refuse_memory(folder, words, invoke(FAULTY, words, folder), is_same)
        check_database(folder, words)


def test_descriptors_that_run_out(folder):
    for words, is_same in commands(folder):
        refuse_descriptors(folder, words, invoke(PROGRAM, words, folder), is_same)
        check_database(folder, words)


def start_run(folder):
    """A run that trades, and what is asked of it while it does."""
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}
    config = executor(triple_barrier_config=barriers)
    file = base_file(folder, run={"name": "live", "mode": "paper", "seed": 7},
                     control={"listen": ["ipc://live.control"]},
                     events={"listen": ["ipc://live.events"]}, executors=[config])
    file["feeds"][0]["speed"] = "10"
    (folder / "config.json").write_text(json.dumps(config))
    process = start("run", "--quiet", write(folder, file, "live.json"), cwd=folder)
    wait_for_records(process, folder / "test.db", 5)
    return process, [
        ["status", "--once", "live.json"], ["status", "--once", "--json", "live.json"],
        ["events", "--from", "1", "live.json"], ["snapshot", "live.json"],
        ["snapshot", "--all", "live.json"], ["risk", "show", "live.json"],
        ["action", "create", "--executor-id", "again", "--action-id", "again", "config.json",
         "live.json"],
        ["action", "stop", "--executor-id", "again", "--action-id", "stop", "live.json"],
        ["action", "store", "--executor-id", "nobody", "live.json"],
        ["risk", "reduce", "live.json"], ["risk", "resume", "live.json"],
        ["venue", "reconcile", "--venue", "paper", "live.json"],
    ]


def end_run(process, folder):
    """The run has not noticed: each action counted once, and it ends in order."""
    assert process.poll() is None, process.communicate()
    run("shutdown", "live.json", cwd=folder)
    _, errors = process.communicate(timeout=RUN_SECONDS_MAX)
    assert process.returncode == 0, errors
    run("verify", "test.db", cwd=folder)
    made = rows(folder / "test.db", "SELECT id FROM executor")
    assert len(made) == 2, made


def test_commands_of_a_run_without_memory(folder):
    process, words_of_all = start_run(folder)
    for words in words_of_all:
        refuse_memory(folder, words, invoke(FAULTY, words, folder), False)
    end_run(process, folder)


def test_commands_of_a_run_without_descriptors(folder):
    process, words_of_all = start_run(folder)
    for words in words_of_all:
        refuse_descriptors(folder, words, invoke(PROGRAM, words, folder), False)
    end_run(process, folder)


sys.exit(main(sys.modules[__name__]))
