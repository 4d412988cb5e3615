#!/usr/bin/env python3
"""Runs bench_runtime and its peers in turn and prints them side by side.

Called by `./dev bench --peers`. Builds what has a compiler installed, runs each workload with ours
and every peer one after the other, five times over, and takes medians: on a shared machine what
disturbs one program of a round disturbs its neighbours too. README.md defines the workloads.

usage: peers.py PROGRAM_OF_OURS BUILD_FOLDER COMMIT
"""
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 5
RUN_SECONDS_MAX = 30  # One workload of one program; what takes longer counts as absent.
TOTAL_SECONDS_MAX = 300  # No further round is begun after that.

# Name of a workload, its unit, and the target of our runtime. Those of ping_pong and big are halves:
# they were set for a round trip.
WORKLOADS = [
    ("counting", "ns", 50),
    ("window", "ns", 65),
    ("ping_pong", "ns", 40),
    ("fan_in", "ns", 85),
    ("ring", "ns", 42),
    ("spawn", "ns", 300),
    ("big", "ns", 52.5),
    ("idle", "bytes", 256),
    ("scaling", "x", 1.8),
]
ONCE = {"idle", "scaling"}  # Do not depend on --workers: measured with one only.
OUR_LINES = {"idle_actor": "idle", "scaling_1_to_2": "scaling"}


class Peer:
    """A program to compare with: how it is built, started and named."""

    def __init__(self, name, tool, source, build, command, version):
        self.name = name
        self.tool = tool
        self.source = os.path.join(HERE, source)
        self.build_command = build
        self.command = command
        self.version_command = version
        self.version = ""


def peers(folder):
    program = lambda name: os.path.join(folder, name)
    source = lambda name: os.path.join(HERE, name)
    return [
        Peer("caf", "g++", "caf_bench.cpp",
             ["g++", "-std=c++17", "-O2", "-DNDEBUG", source("caf_bench.cpp"),
              "-o", program("caf_bench"), "-lcaf_core", "-lpthread"],
             lambda name, workers: [program("caf_bench"), "--workers", str(workers), "--only", name],
             ["dpkg-query", "-W", "-f", "CAF ${Version}", "libcaf-dev"]),
        Peer("erlang", "erlc", "erlang_bench.erl",
             ["erlc", "-o", folder, source("erlang_bench.erl")],
             lambda name, workers: ["erl", "-noshell", "-noinput", "+S", f"2:{workers}",
                                    "+P", "1000000", "-pa", folder,
                                    "-run", "erlang_bench", "main", "1000000", name],
             ["erl", "-noshell", "-noinput", "-eval",
              'io:format("Erlang/OTP ~s", [erlang:system_info(otp_release)]), halt().']),
        Peer("go", "go", "go_bench.go",
             ["go", "build", "-o", program("go_bench"), source("go_bench.go")],
             lambda name, workers: [program("go_bench"), "-workers", str(workers), "-only", name],
             ["go", "version"]),
        Peer("nng", "cc", "nng_inproc_bench.c",
             ["cc", "-std=gnu17", "-O2", source("nng_inproc_bench.c"),
              "-o", program("nng_inproc_bench"), "-lnng", "-lpthread"],
             # Its actors are threads: the number of workers means nothing to it.
             lambda name, workers: [program("nng_inproc_bench"), "--only", name],
             ["dpkg-query", "-W", "-f", "nng ${Version}", "libnng-dev"]),
    ]


def say(text):
    print(f"dev: {text}", file=sys.stderr, flush=True)


def output_of(command, seconds=RUN_SECONDS_MAX):
    """What a command prints, or None when it fails, is missing or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def build(peer):
    """Builds a peer. False, with a message, when it cannot be."""
    if shutil.which(peer.tool) is None:
        say(f"{peer.name} is skipped: there is no {peer.tool}")
        return False
    if output_of(peer.build_command, 300) is None:
        say(f"{peer.name} is skipped: it does not build: {' '.join(peer.build_command)}")
        return False
    peer.version = (output_of(peer.version_command) or peer.name).strip()
    return True


def measure(command, workload):
    """The value of one workload of one program, or None."""
    for line in (output_of(command) or "").splitlines():
        match = re.fullmatch(r"(?:\w+\.)?(\w+) ([0-9.]+) \w+", line.strip())
        if match and OUR_LINES.get(match.group(1), match.group(1)) == workload:
            return float(match.group(2))
    return None


def run_rounds(ours, present, started):
    """Values by (program, workers, workload); each round goes through all of them."""
    values = {}
    for number in range(ROUNDS):
        if time.monotonic() - started > TOTAL_SECONDS_MAX:
            say(f"stopped after {number} rounds: {TOTAL_SECONDS_MAX} s have passed")
            break
        say(f"round {number + 1} of {ROUNDS}, load average {os.getloadavg()[0]:.1f}")
        for workers in (1, 2):
            for workload, _, _ in WORKLOADS:
                if workers > 1 and workload in ONCE:
                    continue
                command = [ours, "--workers", str(workers), "--only", workload]
                runs = [("tutti", command)]
                runs += [(peer.name, peer.command(workload, workers)) for peer in present]
                for name, command in runs:
                    value = measure(command, workload)
                    if value is not None:
                        values.setdefault((name, workers, workload), []).append(value)
    return values


def rows_of(values, names):
    """One row per number of workers and workload: medians and ratios peer / ours."""
    rows = []
    for workers in (1, 2):
        for workload, unit, target in WORKLOADS:
            ours = values.get(("tutti", workers, workload))
            if ours is None:
                continue
            row = {"workload": workload, "workers": workers, "unit": unit, "target": target,
                   "tutti": statistics.median(ours), "tutti_range": [min(ours), max(ours)]}
            for name in names:
                theirs = values.get((name, workers, workload))
                if theirs is not None:
                    row[name] = statistics.median(theirs)
                    row[f"{name}_ratio"] = round(row[name] / row["tutti"], 2)
            rows.append(row)
    return rows


def print_table(rows, names):
    header = f"{'workload':<10} {'workers':>7} {'unit':<5} {'target':>6} {'tutti':>8}"
    print(header + "".join(f" {name:>10} {'ratio':>7}" for name in names))
    for row in rows:
        line = (f"{row['workload']:<10} {row['workers']:>7} {row['unit']:<5} {row['target']:>6g} "
                f"{row['tutti']:>8.4g}")
        for name in names:
            if name in row:
                line += f" {row[name]:>10.5g} {row[name + '_ratio']:>7.2f}"
            else:
                line += f" {'-':>10} {'-':>7}"
        print(line)


def main():
    ours, folder, commit = sys.argv[1:]
    started = time.monotonic()
    programs = os.path.join(folder, "peers.d")
    os.makedirs(programs, exist_ok=True)
    present = [peer for peer in peers(programs) if build(peer)]
    names = [peer.name for peer in present]
    load_before = os.getloadavg()
    rows = rows_of(run_rounds(ours, present, started), names)
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    result = {
        "machine": model.group(1) if model else platform.machine(),
        "cpus": os.cpu_count(),
        "system": platform.platform(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit,
        "load_average": {"before": load_before, "after": os.getloadavg()},
        "rounds": ROUNDS,
        "peers": {peer.name: peer.version for peer in present},
        "results": rows,
    }
    path = os.path.join(folder, "peers.json")
    with open(path, "w") as out:
        json.dump(result, out, indent=2)
        out.write("\n")
    print_table(rows, names)
    say(f"wrote {path}")


if __name__ == "__main__":
    main()
