"""Folders include only what lies below them; nothing goes sideways."""

from rules import LAYERS
from runner import main

main(LAYERS)
