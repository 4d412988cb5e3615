"""The sources are as clang-format would write them. Skipped where it is not installed."""

import os
import shutil
import subprocess
import sys
import tempfile

from runner import root
from source import load

BAD = "int  main( void ){return 0;}\n"
GOOD = "int main(void)\n{\n    return 0;\n}\n"


def complaints(paths, folder):
    """What clang-format would change: one line per place."""
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=folder,
                            capture_output=True, text=True, check=False)
    return [line for line in result.stderr.splitlines() if ": error:" in line]


def self_test(style):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(style, folder)
        verdicts = []
        for text in (BAD, GOOD):
            with open(os.path.join(folder, "sample.c"), "w", encoding="utf-8") as file:
                file.write(text)
            verdicts.append(bool(complaints(["sample.c"], folder)))
        return verdicts == [True, False]


def main():
    if shutil.which("clang-format") is None:
        print("clang-format is not installed: skipped")
        print("0 passed, 0 failed")
        return 0
    found = complaints([source.path for source in load(root())], root())
    print("\n".join(found[:40]))
    failed = [not self_test(os.path.join(root(), ".clang-format")), bool(found)]
    print(f"{failed.count(False)} passed, {failed.count(True)} failed")
    return 1 if any(failed) else 0


sys.exit(main())
