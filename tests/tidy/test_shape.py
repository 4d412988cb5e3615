"""Functions, files and parameter lists stay small."""

from rules import SHAPE
from runner import main

main(SHAPE)
