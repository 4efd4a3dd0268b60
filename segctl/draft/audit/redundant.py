"""Rules without which every packet ends as before, since others behind them do the same.

Each that is named may go alone, and all may go at once: what comes behind is asked as it is, and once more without the
rules that no packet meets and those that were found redundant; and who does the same in its place stays.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from segctl.draft.audit.given import Given
from segctl.draft.audit.idle import ending_of, lines
from segctl.draft.audit.walks import Heads, Walks, leading
from segctl.listing.rule import Anybit, Aside, Chain, Decide, Ending, Listing, Lookup, Match, Maybe, Rule, Table
from segctl.model.diagnostic import Diagnostic, Note
from segctl.prove.path import Stage
from segctl.prove.row import By, Row
from segctl.prove.space import meet
from segctl.prove.unanswered import TooManyClasses

_PLAIN = Match | Anybit | Lookup | Maybe | Decide
_QUIET = ("counter", "comment", "-m comment", "no target", "last")
_ENDS = {Ending.ACCEPT, Ending.DROP, Ending.REJECT}
_MOST_CALLERS = 8
_DEEPEST = 4
MOST = 4_000_000
"""Rules that rows are sent past, all together: a minute."""
_MOST_NOTES = 3


class _No(Exception):
    """Something would end otherwise, or nobody can say."""


@dataclass(slots=True)
class Redundant:
    """`gone`: rules without which all is as before. `ended`: whether all rules could be looked at."""

    walks: Walks
    gone: set[int]
    ended: bool = True
    _kept: set[int] = field(default_factory=set)
    _left_out: set[int] = field(default_factory=set)
    _past: int = 0

    def find(self, given: Given, listing: Listing) -> Iterator[Diagnostic]:
        """A finding for each, the last rules of a chain first."""
        for table in listing.tables:
            for chain in table.chains.values():
                for line in reversed(lines(chain)) if self.walks.tells_of(table, chain) else ():
                    if self._past > MOST:
                        self.ended = False
                        return
                    if self._asked(line, given) and (covers := self._covers(table, chain, line)) is not None:
                        self.gone |= {id(rule) for rule in line}
                        yield _said(given, chain, line[0], covers)

    def _asked(self, line: Sequence[Rule], given: Given) -> bool:
        """Whether it does nothing but end some packets."""
        first = line[0]
        return (
            id(first) in given.where
            and not {id(rule) for rule in line} & (self.gone | self._kept)
            and ending_of(first) in _ENDS
            and all(isinstance(one, _PLAIN) or quiet(one) for rule in line for one in rule.statements)
        )

    def _covers(self, table: Table, chain: Chain, line: Sequence[Rule]) -> list[By] | None:
        """Who does the same; None if some packet would end otherwise."""
        wanted = next(one for one in line[0].statements if isinstance(one, Decide))
        covers: dict[int, By] = {}
        try:
            for gone in (set[int](), self.gone):
                self._left_out = gone | {id(rule) for rule in line}  # it may come once more, by another jump
                for one in self.walks.all:
                    for stage, rows in _by_stage(one, line):
                        for by in self._onward(one, rows, stage, (table, chain, line[-1]), wanted, 0):
                            covers[id(by.rule or by.chain)] = by
        except (_No, TooManyClasses):
            return None
        self._kept |= {id(by.rule) for by in covers.values() if by.rule is not None}
        return [by for by in covers.values() if id(by.rule) not in self.gone]

    def _onward(
        self, one: Heads, rows: list[Row], stage: Stage, after: tuple[Table, Chain, Rule], wanted: Decide, depth: int
    ) -> Iterator[By]:
        """By which rules rows end behind a rule, all as wanted."""
        table, chain, rule = after
        whole = self._without(table)
        at = next(n for n, held in enumerate(chain.rules) if held is rule)
        rest = replace(chain, rules=tuple(held for held in chain.rules[at + 1 :] if id(held) not in self._left_out))
        self._past += len(rest.rules) * len(rows)
        onward = one.heard.onward(rows, stage, whole, rest)
        if any(loud(by.rule) for by in onward.matched if by.rule is not None):
            raise _No
        for by in onward.ended:
            if by is None or by.rule is None or not _same(by.rule, wanted):
                raise _No
            yield by
        if not onward.left:
            return
        if chain.hook is not None:
            if chain.hook.policy is not wanted.verdict.ending or stage.chain.name != chain.name:
                raise _No
            yield By(table, chain, None)
            return
        yield from self._back(one, onward.left, stage, (table, chain), wanted, depth)

    def _back(
        self, one: Heads, rows: list[Row], stage: Stage, where: tuple[Table, Chain], wanted: Decide, depth: int
    ) -> Iterator[By]:
        """Behind each rule that may have led here."""
        table, chain = where
        callers = [rule for rule in leading(table, chain) if id(rule) in one.heard.rows]
        if depth > _DEEPEST or not 0 < len(callers) <= _MOST_CALLERS:
            raise _No
        for caller in callers:
            said = ending_of(caller)
            outer = next(held for held in table.chains.values() if any(rule is caller for rule in held.rules))
            if said is not Ending.JUMP:
                raise _No
            met = [row.cube for at, row in one.heard.rows[id(caller)] if at is stage]
            here = [row._replace(cube=cube) for row in rows for held in met if (cube := meet(row.cube, held))]
            if here:
                yield from self._onward(one, here, stage, (table, outer, caller), wanted, depth + 1)

    def _without(self, table: Table) -> Table:
        """The table without what is gone."""
        chains = {
            name: replace(chain, rules=tuple(rule for rule in chain.rules if id(rule) not in self._left_out))
            if any(id(rule) in self._left_out for rule in chain.rules)
            else chain
            for name, chain in table.chains.items()
        }
        return replace(table, chains=chains)


def _by_stage(one: Heads, line: Iterable[Rule]) -> Iterator[tuple[Stage, list[Row]]]:
    together: dict[int, tuple[Stage, list[Row]]] = {}
    for rule in line:
        for stage, row in one.heard.rows.get(id(rule), ()):
            together.setdefault(id(stage), (stage, []))[1].append(row)
    yield from together.values()


def quiet(statement: object) -> bool:
    """Counts, or is a comment."""
    return isinstance(statement, Aside) and statement.text.startswith(_QUIET)


def loud(rule: Rule) -> bool:
    """Whether somebody hears of what matches, or it is changed."""
    return not all(isinstance(one, _PLAIN) or quiet(one) for one in rule.statements)


def _same(rule: Rule, wanted: Decide) -> bool:
    return any(isinstance(one, Decide) and one == wanted for one in rule.statements)


def _said(given: Given, chain: Chain, rule: Rule, covers: Sequence[By]) -> Diagnostic:
    notes = [
        Note(given.span(by.rule), f"this does the same: {by.rule.text}")
        if by.rule is not None
        else Note(given.policy(by.table, by.chain), f"the policy of {by.chain.name} does the same")
        for by in covers[:_MOST_NOTES]
    ]
    if (more := len(covers) - _MOST_NOTES) > 0:
        notes.append(Note(None, f"and {more} more"))
    what = f"without it every packet ends as before: {chain.name}: {rule.text}"
    return Diagnostic(given.span(rule), "rule-redundant", what, "take it out", tuple(notes))
