"""Every public function is named in a test."""

from rules import TESTED
from runner import main

main(TESTED)
