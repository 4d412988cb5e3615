"""Every kind is in its registry."""

from rules import REGISTRY_RULES
from runner import main

main(REGISTRY_RULES)
