"""Weakened protocol rules that the simulator has to notice.

A mutant is a file in tests/simulation/mutants: what it weakens, and for each change the source file,
the exact lines it has now and the lines it gets. Each mutant is compiled into a simulator of its own
(only the changed files), which plays seeds until one is violated.

    mutants.py BUILD [NAME ...]     plays them; exit 1 when one is not caught
    mutants.py --check              only: every mutant still fits the sources
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "tests/simulation/mutants"
SEEDS_DEFAULT = 20000
SECONDS_MAX = 900  # For one mutant.


class Change:
    def __init__(self, path, old, new):
        self.path, self.old, self.new = path, old, new


class Mutant:
    def __init__(self, path):
        self.name = path.stem
        text = path.read_text()
        head, *blocks = re.split(r"^file: (.*)\n", text, flags=re.M)
        self.rule = " ".join(head.removeprefix("rule:").split())
        self.changes = []
        for source, block in zip(blocks[::2], blocks[1::2]):
            old, new = re.fullmatch(r"--- old\n(.*?)--- new\n(.*)", block, re.S).groups()
            self.changes.append(Change(source, old, new.rstrip("\n") + "\n" if new.strip() else ""))

    def mutated(self):
        """{path: text} of the changed sources; an error when one does not fit any more."""
        texts = {}
        for change in self.changes:
            text = texts.get(change.path) or (SOURCE / change.path).read_text()
            if text.count(change.old) != 1:
                raise ValueError(f"{self.name}: {change.path} has its old lines "
                                 f"{text.count(change.old)} times, expected once")
            texts[change.path] = text.replace(change.old, change.new)
        return texts


def mutants(names):
    found = [Mutant(path) for path in sorted(FOLDER.glob("*.txt"))]
    unknown = set(names) - {mutant.name for mutant in found}
    if unknown:
        sys.exit(f"mutants: there is no {', '.join(sorted(unknown))} in {FOLDER}")
    return [mutant for mutant in found if not names or mutant.name in names]


def check(found):
    problems = []
    for mutant in found:
        try:
            mutant.mutated()
        except (ValueError, OSError) as error:
            problems.append(str(error))
    if not found:
        problems.append("there is no mutant")
    for problem in problems:
        print(problem)
    print(f"{len(found)} mutants, {len(problems)} do not fit the sources")
    return 1 if problems else 0


def compile_commands(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    return {str(pathlib.Path(entry["file"]).resolve()): entry for entry in entries}


def run_tool(words, folder):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(next((line for line in done.stderr.splitlines() if "error" in line),
                              done.stderr))


def build_mutant(mutant, build, commands, link, folder):
    """Compiles the changed files and links a simulator in which they stand before the libraries."""
    objects = []
    for path, text in mutant.mutated().items():
        entry = commands[str(SOURCE / path)]
        source = folder / path.replace("/", "_")
        source.write_text(text)
        words = shlex.split(entry["command"])
        at = words.index("-o")
        target = folder / (source.stem + ".o")
        words[at + 1] = str(target)
        words[words.index("-c") + 1] = str(source)
        words = [word for word in words if word != "-Werror"]
        run_tool(words, entry["directory"])
        objects.append(str(target))
    program = folder / "simulate"
    words = shlex.split(link)
    words[words.index("-o") + 1] = str(program)
    place = next(i for i, word in enumerate(words) if word.startswith("libtutti_"))
    run_tool(words[:place] + objects + words[place:], build)
    return program


def play(program, seeds, jobs):
    """(violation or None, seeds needed)"""
    words = [program, "--seeds", str(seeds), "--first-only", "--twice", "0", "--quiet",
             "--jobs", str(jobs)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None, 0
    violation = re.search(r"^seed (\d+): (.*)$", done.stdout, re.M)
    needed = re.search(r"after (\d+) seeds", done.stdout)
    return (violation.group(2) if violation else None), int(needed.group(1)) if needed else 0


def link_command(build):
    out = subprocess.run(["ninja", "-C", build, "-t", "commands", "simulate"], check=True,
                         capture_output=True, text=True).stdout
    return out.strip().splitlines()[-1].removeprefix(": && ").removesuffix(" && :")


def run(found, build, seeds, jobs):
    commands, link, missed = compile_commands(build), link_command(build), []
    print(f"{'mutant':28} {'seeds':>6} {'s':>5}  violation")
    for mutant in found:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tutti-mutant-") as name:
            try:
                program = build_mutant(mutant, build, commands, link, pathlib.Path(name))
            except ValueError as error:
                print(f"{mutant.name}: cannot be built: {error}", flush=True)
                missed.append(mutant.name)
                continue
            violation, needed = play(program, seeds, jobs)
        seconds = time.monotonic() - began
        if violation is None:
            missed.append(mutant.name)
        print(f"{mutant.name:28} {needed if violation else '-':>6} {seconds:5.0f}  "
              f"{(violation or 'NOT CAUGHT: ' + mutant.rule)[:110]}", flush=True)
    print(f"{len(found)} mutants, {len(found) - len(missed)} caught"
          + (f"; not caught: {', '.join(missed)}" if missed else ""))
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seeds", type=int, default=SEEDS_DEFAULT)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("build", nargs="?", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    found = mutants(given.names)
    if given.check:
        return check(found)
    if given.build is None:
        parser.error("which build?")
    return run(found, given.build.resolve(), given.seeds, given.jobs)


sys.exit(main())
