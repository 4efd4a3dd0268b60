"""All kinds of mutants."""

from tests.mutation import chain_kinds, element_kinds, foreign_kinds, live_kinds, match_kinds, rule_kinds
from tests.mutation.mutant import MAKERS, Mutant, drawn

KINDS = tuple(MAKERS)
ROOMS = (chain_kinds, element_kinds, foreign_kinds, live_kinds, match_kinds, rule_kinds)
__all__ = ["KINDS", "Mutant", "drawn"]
