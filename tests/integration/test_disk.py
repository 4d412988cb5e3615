"""Disks that are full, read-only or somebody else's, and power that is cut. Needs root; else skipped."""

import contextlib
import os
import shutil
import signal
import sys
import time

from program import *


@contextlib.contextmanager
def mounted(folder, *words):
    """A file system in folder/disk; the test is skipped where none can be mounted."""
    if os.geteuid() != 0:
        raise Skip("only root mounts file systems")
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *map(str, words), disk], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        end_started()
        subprocess.run(["umount", "--lazy", disk], check=True)


def remount(disk, options):
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def many_executors(count):
    for i in range(count):
        yield executor(id=f"executor-{i:03}", side="BUY" if i % 3 else "SELL", amount=f"0.{10 + i}",
                       start_at=str(1735689600 + 97 * i),
                       triple_barrier_config={"open_order_type": "MARKET",
                                              "stop_loss": str(D("0.002") * (1 + i % 5)),
                                              "take_profit": str(D("0.003") * (1 + i % 4)),
                                              "time_limit": 1800 + 60 * i})


def busy_file(folder, database, durability, speed=None):
    file = base_file(folder, executors=list(many_executors(60)),
                     run={"name": "busy", "mode": "paper", "seed": 7},
                     persistence={"path": str(database), "durability": durability})
    if speed is not None:
        file["feeds"][0]["speed"] = speed
    return write(folder, file)


def outcome(database):
    """What was decided and what was filled; client order ids differ from start to start."""
    return (rows(database, "SELECT id, close_type, closed_at, net_pnl_quote FROM executor"),
            rows(database, "SELECT executor_id, side, price, amount, fee, ts FROM fill"
                           " ORDER BY ts, executor_id, side"))


def last_seq(database):
    return rows(database, "SELECT max(seq) n FROM journal")[0]["n"]


def wait_for_line(process, words):
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return line
    raise AssertionError(f"{words}: was not said\n" + "".join(lines))


def check_full_disk(folder, durability):
    plain = folder / f"plain-{durability}.db"
    run("run", "--quiet", busy_file(folder, plain, durability), cwd=folder)
    with mounted(folder, "-t", "tmpfs", "-o", "size=1m", "none") as disk:
        database = disk / "run.db"
        file = busy_file(folder, database, durability, speed="3000")
        process = start("run", "--quiet", file, cwd=folder)
        line = wait_for_line(process, "no new orders")
        assert "run.db" in line and "full" in line, line
        before = last_seq(database)
        run("verify", database, cwd=folder)
        time.sleep(1.5)  # It tries again meanwhile; nothing may come of that.
        assert process.poll() is None and last_seq(database) == before
        remount(disk, "size=256m")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert "room again" in err, err
        run("verify", database, cwd=folder)
        check_books(database, {"BTC": "20", "USDT": "1000000"})
        notes = [json.loads(row["payload"]) for row in rows(
            database, "SELECT payload FROM journal WHERE kind IN ('run.degraded', 'run.restored')"
                      " ORDER BY seq")]
        assert len(notes) >= 2 and all(note["what"] == "store" for note in notes), notes
        assert "no new orders" in notes[0]["effect"] and notes[0]["reason"] == "disk_full", notes
        assert rows(database, "SELECT state FROM run")[0]["state"] == "stopped"
        assert outcome(database) == outcome(plain), "the full disk changed a decision"


def test_full_disk_is_waited_for(folder):
    check_full_disk(folder, "group")


def test_full_disk_holds_orders_back(folder):
    check_full_disk(folder, "full")


def test_full_disk_ends_what_is_not_durable(folder):
    """A backtest does not wait: it can be repeated. What was committed is whole."""
    with mounted(folder, "-t", "tmpfs", "-o", "size=1m", "none") as disk:
        file = busy_file(folder, disk / "run.db", "memory")
        _, err = run("run", "--quiet", file, cwd=folder, code=1)
        assert "run.db" in err and "full" in err and "free some space" in err, err
        remount(disk, "size=64m")
        run("verify", disk / "run.db", cwd=folder)


def test_read_only_disk_is_refused(folder):
    with mounted(folder, "-t", "tmpfs", "-o", "size=8m", "none") as disk:
        file = busy_file(folder, disk / "run.db", "group")
        run("run", "--quiet", file, cwd=folder)
        remount(disk, "ro")
        _, err = run("run", "--quiet", file, cwd=folder, code=1)
        assert str(disk / "run.db") in err and "Read-only file system" in err, err
        run("verify", disk / "run.db", cwd=folder)  # Reading needs no writing.
        run("report", disk / "run.db", cwd=folder)


def test_file_of_another_user_is_refused(folder):
    if os.geteuid() != 0:
        raise Skip("only root gives files away")
    database = folder / "run.db"
    run("run", "--quiet", busy_file(folder, database, "group"), cwd=folder)
    os.chown(database, 12345, 12345)
    file = base_file(folder, persistence={"path": str(database), "existing": "replace"},
                     executors=[executor()])
    before = database.read_bytes()
    _, err = run("run", "--quiet", write(folder, file), cwd=folder, code=1)
    assert "belongs to user 12345" in err and "run as that user" in err, err
    assert database.read_bytes() == before


def test_power_cut_loses_nothing_that_was_acknowledged(folder):
    """
    The image of a mounted ext4 that flushes by itself only every five minutes is what a disk has
    after a power cut: written and synced blocks. Every event that was published before the copy was
    made has to be in it, and the database has to be sound.
    """
    cuts = 20
    image = folder / "image"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    if shutil.which("mkfs.ext4") is None:
        raise Skip("there is no mkfs.ext4")
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    copies = []
    with mounted(folder, "-o", "loop,commit=300", image) as disk:
        database = disk / "run.db"
        address = f"ipc://{folder}/events"
        file = json.loads(busy_file(folder, database, "full", speed="2000").read_text())
        file["events"] = {"listen": [address], "wait_for_subscribers": 1}
        process = start("run", "--quiet", write(folder, file), cwd=folder)
        while not database.exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        watcher = start("watch", "--json", address, cwd=folder)
        acknowledged = 0
        for line in watcher.stdout:
            acknowledged = json.loads(line)["seq"]
            if acknowledged >= 25 * (len(copies) + 1):
                copy = folder / f"copy{len(copies)}"
                # A copy takes a while: what is written meanwhile would be half in it.
                process.send_signal(signal.SIGSTOP)
                shutil.copyfile(image, copy)
                process.send_signal(signal.SIGCONT)
                copies.append((copy, acknowledged))
            if len(copies) == cuts:
                break
        assert len(copies) == cuts, f"only {acknowledged} events came"
        process.kill()
        process.communicate()
    for copy, acknowledged in copies:
        with mounted(folder, "-o", "loop", copy) as disk:
            found = json.loads(run("verify", "--json", disk / "run.db", cwd=folder)[0])
            assert found["records"] >= acknowledged, (found, acknowledged)


sys.exit(main(sys.modules[__name__]))
