"""Walks of all packets, of every state, that remember which rules they met: for what is odd about single rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from segctl.listing.rule import Chain, Choose, Decide, Ending, Family, Listing, Rule, Statement, Table
from segctl.model.packet import Way
from segctl.prove.engine import evaluate
from segctl.prove.heard import Heard
from segctl.prove.path import Stage
from segctl.prove.space import Cube, meet, without
from segctl.prove.unanswered import TooManyClasses

_SINGLY = 1 << 60  # elements of a map from which on they would be taken together: none
_PATIENCE = 20_000_000  # rows that rules look at, all together
evaluate_singly = partial(evaluate, fewest=_SINGLY, most_steps=_PATIENCE)
"""As the prover walks, but each element of a map by itself, and longer: no other engine would take over."""
_OF_FAMILY = {Family.IP: {4}, Family.IP6: {6}, Family.INET: {4, 6}}
_FINAL = {Ending.ACCEPT, Ending.DROP, Ending.REJECT, Ending.QUEUE, Ending.STOLEN, Ending.RETURN, Ending.GOTO}
_MOST_CUBES = 2_000


@dataclass(frozen=True, slots=True)
class Heads:
    """One walk: what was heard, and its stages."""

    heard: Heard
    stages: tuple[Stage, ...]


@dataclass(slots=True)
class Walks:
    """All walks of some families. `untold`: families of which one is too large, so that nothing is said of them;
    `beside`: chains that more leads to than what is walked.
    """

    all: list[Heads] = field(default_factory=list)
    families: set[int] = field(default_factory=set)
    untold: set[int] = field(default_factory=set)
    beside: set[tuple[str, str, str]] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)

    @classmethod
    def of(
        cls, listing: Listing, asked: Iterable[int], beside: set[tuple[str, str, str]], too_large: set[int]
    ) -> "Walks":
        """Each family that is asked about, each way; both if a table serves both. `too_large`: those that are so with
        fewer packets already.
        """
        out = cls(beside=beside, asked=set(asked), untold=set(too_large))
        families = {family for table in listing.tables for family in _OF_FAMILY.get(table.family, ())}
        if not any(table.family is Family.INET for table in listing.tables):
            families &= out.asked
        for family in sorted(families - too_large):
            try:
                found = []
                for way in Way:
                    heard = Heard()
                    evaluated = evaluate_singly(listing, way, family, heard=heard, ends_alike=False)
                    found.append(Heads(heard, evaluated.stages))
            except TooManyClasses:
                out.untold.add(family)
            else:
                out.all += found
                out.families.add(family)
        return out

    def tells_of(self, table: Table, chain: Chain) -> bool:
        """Whether every packet that could meet a chain was walked."""
        wanted = _OF_FAMILY.get(table.family)
        if wanted is None or not wanted <= self.families or not wanted & self.asked or table.dormant:
            return False
        return (str(table.family), table.name, chain.name) not in self.beside

    def met(self, rule: Rule) -> bool:
        """Whether some packet matched it."""
        return any(id(rule) in one.heard.rows for one in self.all)

    def stage_of(self, one: Heads, table: Table, chain: Chain) -> Stage | None:
        """A stage at which a chain runs: its own, or one of its table."""
        of_table = [stage for stage in one.stages if stage.table is table]
        return next((stage for stage in of_table if stage.chain is chain), of_table[0] if of_table else None)

    def entering(self, one: Heads, table: Table, chain: Chain) -> list[Cube]:
        """What gets into a chain: all of a walk, or what a rule sends."""
        if any(stage.chain is chain for stage in one.stages):
            return [one.heard.start.cube]
        return [cube for rule in leading(table, chain) for cube in one.heard.matches(rule)]


def leading(table: Table, chain: Chain) -> Iterator[Rule]:
    """The rules that lead to a chain."""
    for other in table.chains.values():
        for rule in other.rules:
            if any(chain.name in _targets(statement, table) for statement in rule.statements):
                yield rule


def _targets(statement: Statement, table: Table) -> set[str]:
    if isinstance(statement, Decide):
        return {statement.verdict.chain} if statement.verdict.chain else set()
    if isinstance(statement, Choose):
        found = table.sets.get(statement.map) if isinstance(statement.map, str) else statement.map
        values = (element.value for element in found.elements) if found is not None else ()
        return {chain for value in values if (chain := getattr(value, "chain", None))}
    return set()


def final(rule: Rule, table: Table, depth: int = 0) -> bool:
    """Whether a rule may be the last that a packet meets in its chain."""
    for statement in rule.statements:
        if isinstance(statement, Choose):
            return True
        if isinstance(statement, Decide):
            ending, target = statement.verdict.ending, table.chains.get(statement.verdict.chain or "")
            if ending is Ending.JUMP and target is not None and depth < len(table.chains):
                return any(_ends(inner, table, depth + 1) for inner in target.rules)
            return ending in _FINAL
    return False


def _ends(rule: Rule, table: Table, depth: int) -> bool:
    returns = any(isinstance(s, Decide) and s.verdict.ending is Ending.RETURN for s in rule.statements)
    return not returns and final(rule, table, depth)


def both(some: Iterable[Cube], others: Iterable[Cube]) -> list[Cube]:
    """What two unions have in common."""
    held = list(others)
    return [cube for one in some for other in held if (cube := meet(one, other)) is not None]


def less(some: list[Cube], others: Iterable[Cube]) -> list[Cube]:
    """A union without another; no more is taken away once that has made too many pieces."""
    left = some
    for other in others:
        if len(left) > _MOST_CUBES:
            return left
        left = [piece for cube in left for piece in without(cube, other)]
    return left
