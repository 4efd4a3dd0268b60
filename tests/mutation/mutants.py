"""All kinds of mutants."""

from tests.mutation import chain_kinds, element_kinds, foreign_kinds, rule_kinds
from tests.mutation.mutant import MAKERS, Mutant, drawn

KINDS = tuple(MAKERS)
__all__ = ["KINDS", "Mutant", "chain_kinds", "drawn", "element_kinds", "foreign_kinds", "rule_kinds"]
