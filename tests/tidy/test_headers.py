"""Every header says its purpose, its threads, and has its guard."""

from rules import HEADERS
from runner import main

main(HEADERS)
