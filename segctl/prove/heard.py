"""Which rows matched each rule of a walk, and what would become of rows in part of a chain: for what is asked later."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from segctl.listing.rule import Chain, Decide, Rule, Table
from segctl.prove.path import Stage
from segctl.prove.row import By, Row
from segctl.prove.space import Cube
from segctl.prove.walk import Walk

Hear = Callable[[Stage, By, Sequence[Row]], None]


class Onward(NamedTuple):
    """What became of rows: `left` at the end of the chain, `ended` elsewhere (None: nobody can say), and all rules that
    matched some of them.
    """

    left: list[Row]
    ended: list[By | None]
    matched: list[By]


@dataclass(slots=True)
class Heard:
    """Of each rule, by its identity, the rows that matched it and where. `start`: all packets of the walk."""

    rows: dict[int, list[tuple[Stage, Row]]] = field(default_factory=dict)
    start: Row = field(init=False)
    _walk: Walk = field(init=False)

    def begin(self, walk: Walk, start: Row) -> None:
        """A walk begins, perhaps once more."""
        self.rows.clear()
        self._walk, self.start = walk, start
        walk.heard = self._hear

    def _hear(self, stage: Stage, by: By, rows: Sequence[Row]) -> None:
        if by.rule is not None:
            self.rows.setdefault(id(by.rule), []).extend((stage, row) for row in rows)

    def matches(self, rule: Rule) -> list[Cube]:
        """The packets that matched a rule."""
        return [row.cube for _, row in self.rows.get(id(rule), ())]

    def alone(self, stage: Stage, table: Table, chain: Chain, rule: Rule) -> list[Cube]:
        """What a rule would match if it came first of all."""
        asking = replace(rule, statements=tuple(one for one in rule.statements if not isinstance(one, Decide)))
        found: list[Cube] = []

        def hear(_: Stage, by: By, rows: Sequence[Row]) -> None:
            if by.rule is asking:
                found.extend(row.cube for row in rows)

        self._beside(hear).part([self.start], stage, table, replace(chain, rules=(asking,)))
        return found

    def onward(self, rows: Iterable[Row], stage: Stage, table: Table, chain: Chain) -> Onward:
        """What becomes of rows in a chain that is given, or a part of one."""
        matched: dict[int, By] = {}

        def hear(_: Stage, by: By, rows: Sequence[Row]) -> None:
            matched[id(by.rule)] = by

        walk = self._beside(hear)
        left = walk.part([row._replace(maybe=()) for row in rows], stage, table, chain)
        ended = [one.by if one.ending is not None else None for one in walk.decided] + [by for _, by in walk.accepted]
        return Onward(left, ended, list(matched.values()))

    def _beside(self, hear: Hear) -> Walk:
        walk = self._walk
        return Walk(walk.space, walk.evaluator, walk.family, routed_priority=walk.routed_priority, heard=hear)
