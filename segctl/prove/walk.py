"""One walk of all packets through the base chains on their way (net/netfilter/nf_tables_core.c, nft_do_chain).

Rows go in, decided rows come out. A rule that doesn't match leaves a row as it was, but for what its earlier statements
assigned. `accept` ends one base chain and the packet goes on to the next on its way; `drop` ends all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from segctl.listing.rule import (
    STATES,
    Anybit,
    Aside,
    Assign,
    Chain,
    Choose,
    Decide,
    Ending,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Rule,
    Statement,
    Table,
    Translate,
    Untrack,
    Update,
    Verdict,
)
from segctl.model.service import ICMP6
from segctl.prove.axes import HEAD, PROTO, STATE, Seen
from segctl.prove.conntrack import UNTRACKED6, types
from segctl.prove.evaluate import Evaluator, Forked, has_map, unknown_in
from segctl.prove.path import Stage
from segctl.prove.rewriting import harmless, plain, rewrites, touches
from segctl.prove.row import LAST, By, Decided, Row, settled
from segctl.prove.space import Cube, Space, without
from segctl.prove.unanswered import TooManyClasses
from segctl.prove.values import NotModelled, Of, Unknown, Value

_FREE = Of("meta priority", (1 << 32) - 1)
_DEEPEST = 16  # NFT_JUMP_STACK_SIZE
_MOST_ROWS = 400_000
MOST_STEPS = 100_000
"""Rows that rules look at, all together. Our own rules take up to 32,000 for the examples' gateways and 15,000 for
1,000 segments; some 180 foreign rules of overlapping ranges in both addresses and ports take more than this, and what
comes after grows with the square of the classes.
"""
_FEW = 64  # rows up to which those that became alike are joined behind each rule; of more, at each quarter more
_FINAL = {Ending.DROP, Ending.REJECT, Ending.QUEUE, Ending.STOLEN}


@dataclass(slots=True)
class Walk:
    """A walk under way. `met` hears each rule and the packets of it that matched: for a trace.

    `routed_priority` is what a router leaves in `meta priority` of an IPv4 packet (ip_forward: by its TOS byte, which
    isn't followed). `told`: the packets' states are certain, and nothing that a rule did to them is to be counted in.
    `decided` are the rows with their end, in no order but that of their keys; `reasons` all doubts that came up.
    """

    space: Space
    evaluator: Evaluator
    family: int
    met: Callable[[By, Cube], None] | None = None
    routed_priority: Value = _FREE
    told: bool = False
    decided: list[Decided] = field(default_factory=list)
    heard: Callable[[Stage, By, Sequence[Row]], None] | None = None
    reasons: dict[str, None] = field(default_factory=dict)
    most_steps: int = MOST_STEPS
    _clock: int = 0
    _steps: int = 0
    _stage: Stage | None = None
    _accepted: list[tuple[Row, By]] = field(default_factory=list)

    def along(self, rows: Iterable[Row], stages: Sequence[Stage]) -> list[Decided]:
        """Send rows through all stages, in order; what the last one accepts has passed."""
        now: list[tuple[Row, By | None]] = [(row, None) for row in rows]
        tracked = routed = False
        for stage in stages:
            if Seen.ROUTED in stage.seen and not routed and self.family == 4:
                now = [(row._replace(priority=self._routed(row)), by) for row, by in now]
                routed = True
            if Seen.CONNECTION in stage.seen and not tracked and not self.told:
                now, tracked = [(kept, by) for row, by in now for kept in self._conntrack([row])], True
            self._stage, self._accepted = stage, []
            outside: list[tuple[Row, By | None]] = []
            inside: list[Row] = []
            for row, by in now:
                reached, past = self._reached([row], stage)
                inside += reached
                outside += [(other, by) for other in past]
            self._base(inside, stage)
            now = [*outside, *self._accepted]
        if not tracked and not self.told:
            now = [(kept, by) for row, by in now for kept in self._conntrack([row])]
        self.decided += [self._end(row, Ending.ACCEPT, by) for row, by in now]
        return self.decided

    def part(self, rows: Sequence[Row], stage: Stage, table: Table, chain: Chain) -> list[Row]:
        """Send rows through one chain alone: who comes out at its end. What ends there stands in `decided`, or is
        `accepted`.
        """
        self._stage, self._accepted = stage, []
        return self._chain(list(rows), table, chain, 0)

    @property
    def accepted(self) -> Sequence[tuple[Row, By]]:
        """What the last base chain, or part of one, has accepted."""
        return self._accepted

    def _routed(self, row: Row) -> Value:
        """What a router sets by the TOS byte, as a rule may have left it."""
        changed = next((name for name in row.rewritten if touches(name, "ip dscp")), None)
        return Unknown(f"{changed} is rewritten") if changed else self.routed_priority

    def _conntrack(self, rows: list[Row]) -> list[Row]:
        """What was told to be left alone is untracked now, and nothing else but what the kernel leaves alone itself.

        The others can't be: they are decided as such, so that no row behind them speaks for them.
        """
        at = self.space.index[STATE]
        untracked = self.space.axes[at].mask(((STATES["untracked"],) * 2,))
        kernels = {self.space.index[axis]: self.space.axes[self.space.index[axis]].mask(spans)
                   for axis, spans in ((PROTO, ((ICMP6, ICMP6),)), (HEAD, types(UNTRACKED6)))}  # fmt: skip
        out = []
        for row in rows:
            alone = row.cube[at] & untracked
            wanted = alone if row.untracked else row.cube[at] & ~untracked
            if wanted:
                out.append(row._replace(cube=(*row.cube[:at], wanted, *row.cube[at + 1 :])))
            if (other := row.cube[at] & ~wanted) and not row.untracked:
                held = (*row.cube[:at], other, *row.cube[at + 1 :])
                by_kernel = tuple(mask & kernels.get(place, mask) for place, mask in enumerate(held))
                if self.family == 6 and all(by_kernel):
                    out.append(row._replace(cube=by_kernel))
                other_cubes = without(held, by_kernel) if self.family == 6 and all(by_kernel) else [held]
                self.decided += [self._end(row._replace(cube=cube), Ending.CONTINUE, None) for cube in other_cubes]
        return out

    def _reached(self, rows: list[Row], stage: Stage) -> tuple[list[Row], list[Row]]:
        """Who meets this stage: a netdev chain sees its own devices alone, a nat chain what begins a connection."""
        if stage.devices == ():  # nft 1.0.6 lists no devices as JSON
            doubt = f"the devices of {stage.table.name} {stage.chain.name} aren't listed"
            return [self._doubtful(row, doubt) for row in rows], rows
        if stage.devices is not None:
            limit = stage.device_axis, stage.devices
        elif stage.chain.hook is not None and stage.chain.hook.kind == "nat":
            limit = STATE, ((STATES["new"],) * 2,)  # the others follow what was decided for their connection
        else:
            return rows, []
        at = self.space.index[limit[0]]
        mask = self.space.axes[at].mask(limit[1])
        inside: list[Row] = []
        outside: list[Row] = []
        for row in rows:
            for held, part in ((row.cube[at] & mask, inside), (row.cube[at] & ~mask, outside)):
                if held:
                    part.append(row._replace(cube=(*row.cube[:at], held, *row.cube[at + 1 :])))
        return inside, outside

    def _base(self, rows: list[Row], stage: Stage) -> None:
        left = self._chain(rows, stage.table, stage.chain, 0)
        assert stage.chain.hook is not None
        policy = stage.chain.hook.policy
        for row in left:
            self._finish(row, policy, By(stage.table, stage.chain, None))

    def _chain(self, rows: list[Row], table: Table, chain: Chain, depth: int) -> list[Row]:
        """Every rule of a chain; the rows that come out at its end or by `return`."""
        if depth > _DEEPEST:
            return [row._replace(maybe=(*row.maybe, f"chain {chain.name} is too deep")) for row in rows]
        returned: list[Row] = []
        joined = 0
        for rule in chain.rules:
            if not rows:
                break
            self._steps += len(rows)
            rows, back = self._rule(rows, table, chain, rule, depth)
            if len(rows) <= _FEW or 4 * len(rows) > 5 * joined:
                rows = settled(rows)
                joined = len(rows)
            returned += back
            if len(rows) + len(self.decided) > _MOST_ROWS or self._steps > self.most_steps:
                raise TooManyClasses
        return settled(rows + returned) if returned or len(rows) > _FEW else rows

    def _rule(self, rows: list[Row], table: Table, chain: Chain, rule: Rule, depth: int) -> tuple[list[Row], list[Row]]:
        """One rule for all rows: those that go on to the next, and those that leave the chain."""
        on: list[Row] = []
        returned: list[Row] = []
        active = rows
        for statement in rule.statements:
            if not active:
                return on, returned
            match statement:
                case Decide(verdict=verdict):
                    self._matched(active, By(table, chain, rule))
                    if verdict.ending is Ending.CONTINUE:
                        continue
                    more, back = self._verdict(active, verdict, By(table, chain, rule), depth)
                    return on + more, returned + back
                case Choose():
                    active, on, back = self._choose(active, on, statement, (table, chain, rule), depth)
                    returned += back
                case _:
                    active = self._all(active, on, statement, (table, chain, rule))
        self._matched(active, By(table, chain, rule))
        return on + active, returned

    def _all(self, rows: list[Row], on: list[Row], statement: Statement, here: tuple[Table, Chain, Rule]) -> list[Row]:
        """One statement for all rows: returns who still is in the rule; the others are added to `on`."""
        assert self._stage is not None
        if isinstance(statement, Match) and (forked := self.evaluator.match_all(rows, statement, self._stage)):
            on += forked.misses
            return forked.hits
        active: list[Row] = []
        for row in rows:
            try:
                hits, misses = self._statement(row, statement, here)
            except NotModelled as error:
                hits, misses = self._doubt(row, f"{error} ({place_said(*here)})")
            active += hits
            on += misses
        return active

    def _statement(
        self, row: Row, statement: Statement, here: tuple[Table, Chain, Rule]
    ) -> tuple[list[Row], list[Row]]:
        table, _, rule = here
        assert self._stage is not None
        match statement:
            case Match(left=left, spans=spans, negated=negated):
                return self._keyed(self.evaluator.match(row, left, spans, negated, table, self._stage))
            case Anybit(left=left, bits=bits, negated=negated):
                return self._keyed(self.evaluator.any_bit(row, left, bits, negated, table, self._stage))
            case Lookup(key=key, set=named, negated=negated):
                found = self.evaluator.set(named, table)
                if found.dynamic or found.fault:
                    return self._doubt(row, f"set {found.name} may change ({place_said(*here)})")
                look = self.evaluator.look_past if negated else self.evaluator.look_up
                return self._keyed(look(row, key, found, table, self._stage))
            case Assign():
                last = statement is rule.statements[-1]
                return self._assigned(row, statement, last, here)
            case Maybe(text=text) | Update(text=text):
                return self._doubt(row, f"{text} ({place_said(*here)})")
            case Untrack():
                return self._untracked(row), []
            case Translate(text=text) | Opaque(text=text):
                self.decided.append(self._end(self._doubtful(row, f"{text} ({place_said(*here)})"), None, By(*here)))
                return ([], []) if isinstance(statement, Translate) else self._doubt(row, text)
            case Aside():
                return [row], []
        raise NotModelled(type(statement).__name__)

    def _assigned(
        self, row: Row, statement: Assign, last: bool, here: tuple[Table, Chain, Rule]
    ) -> tuple[list[Row], list[Row]]:
        """A register set; if nobody can say to what, it is unknown, and where a map is asked the rule may end there."""
        assert self._stage is not None
        try:
            return self._keyed(self.evaluator.assign(row, statement.field, statement.value, here[0], self._stage, last))
        except NotModelled as error:
            reason = f"{error} ({place_said(*here)})"
            if rewrites(statement.field):
                return self._rewritten(row, statement.field, reason, By(*here))
            unknown = unknown_in(row, statement.field, reason)
            if unknown is row or has_map(statement.value):
                return [self._doubtful(unknown, reason)], [row]
            return [unknown], []

    def _rewritten(self, row: Row, name: str, reason: str, by: By) -> tuple[list[Row], list[Row]]:
        """Perhaps another packet goes on; only of what the intent doesn't look at it is the same one to it."""
        changed = row if name in row.rewritten else row._replace(rewritten=(*row.rewritten, name))
        if plain(name):
            return [changed], []
        if not harmless(name):
            self.decided.append(self._end(self._doubtful(row, reason), None, by))
        return self._doubt(changed, reason)

    def _untracked(self, row: Row) -> list[Row]:
        """`notrack`, once conntrack has looked at it, changes only what it found invalid (nft_notrack_eval)."""
        assert self._stage is not None
        if Seen.CONNECTION not in self._stage.seen:
            return [row._replace(untracked=True)]
        at = self.space.index[STATE]
        invalid = row.cube[at] & self.space.axes[at].mask(((STATES["invalid"],) * 2,))
        if not invalid:
            return [row]
        changed = row._replace(cube=(*row.cube[:at], invalid, *row.cube[at + 1 :]), untracked=True)
        kept = row.cube[at] & ~invalid
        return [changed, *([row._replace(cube=(*row.cube[:at], kept, *row.cube[at + 1 :]))] if kept else [])]

    def _keyed(self, forked: Forked) -> tuple[list[Row], list[Row]]:
        """Rows that hit a product get a key of their own: they come before the row that missed."""
        if not forked.ordered:
            return forked.hits, forked.misses
        self._clock += 1
        hits = [row._replace(key=(*row.key, self._clock)) for row in forked.hits]
        return (forked.misses, [*hits, *forked.lacking]) if forked.negated else (hits, forked.misses)

    def _doubt(self, row: Row, reason: str) -> tuple[list[Row], list[Row]]:
        """Perhaps it matches: it goes on in the rule, with the reason; and if not, past it."""
        return [self._doubtful(row, reason)], [row]

    def _doubtful(self, row: Row, reason: str) -> Row:
        self._clock += 1
        self.reasons[reason] = None
        maybe = row.maybe if reason in row.maybe else (*row.maybe, reason)
        return row._replace(maybe=maybe, key=(*row.key, self._clock))

    def _choose(
        self, active: list[Row], on: list[Row], statement: Choose, here: tuple[Table, Chain, Rule], depth: int
    ) -> tuple[list[Row], list[Row], list[Row]]:
        """A verdict map: who goes on in the rule (`continue`), who with the next rule, who leaves the chain."""
        assert self._stage is not None
        found = self.evaluator.set(statement.map, here[0])
        if found.dynamic or found.fault:
            return [], self._opaque(active, on, f"map {found.name} may change ({place_said(*here)})"), []
        by_verdict: dict[Verdict, list[Row]] = {}
        for row in active:
            try:
                forked = self.evaluator.choose(row, statement.key, found, here[0], self._stage)
            except NotModelled as error:
                on = self._opaque([row], on, f"{error} ({place_said(*here)})")
                continue
            hits, misses = self._keyed(Forked([hit for hit, _ in forked.hits], forked.misses, forked.ordered))
            on += misses + forked.lacking
            for hit, (_, element) in zip(hits, forked.hits, strict=True):
                verdict = found.elements[element].value
                if isinstance(verdict, Verdict):
                    by_verdict.setdefault(verdict, []).append(hit)
        still: list[Row] = []
        returned: list[Row] = []
        for verdict, rows in by_verdict.items():
            if verdict.ending is Ending.CONTINUE:
                still += rows
                continue
            self._matched(rows, By(*here))
            more, back = self._verdict(settled(rows), verdict, By(*here), depth)
            on += more
            returned += back
        return still, on, returned

    def _opaque(self, rows: list[Row], on: list[Row], reason: str) -> list[Row]:
        """Nobody knows what becomes of them; if nothing does, they go on."""
        for row in rows:
            self.decided.append(self._end(self._doubtful(row, reason), None, None))
        return on + rows

    def _end(self, row: Row, ending: Ending | None, by: By | None) -> Decided:
        """A row's end; of what a rule un-tracked whatever conntrack would have said: it is that packet that ends so."""
        cube = row.cube
        at = self.space.index[STATE]
        if row.untracked and not self.told and cube[at] == self.space.axes[at].mask(((STATES["untracked"],) * 2,)):
            cube = (*cube[:at], self.space.axes[at].full, *cube[at + 1 :])
        return Decided(cube, ending, (*row.key, LAST), by, row.connection, row.maybe)

    def _matched(self, rows: list[Row], by: By) -> None:
        if rows:
            self.evaluator.alive.met(by.rule)
            if self.heard is not None and self._stage is not None:
                self.heard(self._stage, by, rows)
        if self.met is not None:
            for row in rows:
                self.met(by, row.cube)

    def _verdict(self, rows: list[Row], verdict: Verdict, by: By, depth: int) -> tuple[list[Row], list[Row]]:
        """What a verdict does: rows that go on with the next rule, and rows that leave the chain."""
        match verdict.ending:
            case Ending.CONTINUE:
                return rows, []
            case Ending.RETURN:
                return [], rows
            case Ending.JUMP | Ending.GOTO:
                target = by.table.chains.get(verdict.chain or "")
                if target is None:
                    return self._opaque(rows, [], f"no chain {verdict.chain}"), []
                back = self._chain(rows, by.table, target, depth + 1)
                return (back, []) if verdict.ending is Ending.JUMP else ([], back)
        for row in rows:
            self._finish(row, verdict.ending, by)
        return [], []

    def _finish(self, row: Row, ending: Ending, by: By) -> None:
        if ending is Ending.ACCEPT:
            self._accepted.append((row, by))
        elif ending in (Ending.QUEUE, Ending.STOLEN):
            self.decided.append(self._end(row._replace(maybe=(*row.maybe, f"{ending}: another decides")), None, by))
        else:
            self.decided.append(self._end(row, ending, by))


def place_said(table: Table, chain: Chain, rule: Rule) -> str:
    """The words by which a doubt names its rule."""
    at = f"handle {rule.handle}" if rule.handle is not None else f"line {rule.line}"
    return f"{table.family} {table.name} {chain.name}, {at}"
