"""Runs one group of rules: first on their samples, then on the repository."""

import os
import sys

from source import Source, load


def root():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("TUTTI_SOURCE_DIR", os.path.dirname(os.path.dirname(here)))


def findings(rule, files):
    return list(rule.check([Source(path, text) for path, text in files]))


def self_test(rule):
    """What is wrong with the rule itself; nothing when its samples come out as they should."""
    for files in rule.bad:
        if not findings(rule, files):
            yield f"{rule.name}: accepts a bad sample: {files}"
    for files in rule.good:
        for source, line, message in findings(rule, files):
            yield f"{rule.name}: refuses a good sample: {source.path}:{line}: {message}"


def run(rules):
    """Prints what was found and a closing line; returns the exit status."""
    sources = load(root())
    passed = failed = 0
    for rule in rules:
        wrong = list(self_test(rule))
        found = [f"{source.path}:{line}: {message}" for source, line, message in rule.check(sources)]
        for text in wrong + found:
            print(text)
        passed += (not wrong) + (not found)
        failed += bool(wrong) + bool(found)
        if found:
            print(f"  rule: {rule.name}: {rule.reason}\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not sources else 0


def main(rules):
    sys.exit(run(rules))
