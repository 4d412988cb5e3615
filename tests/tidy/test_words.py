"""Clocks, threads, floating point and the like stay in their places."""

from rules import WORD_RULES
from runner import main

main(WORD_RULES)
