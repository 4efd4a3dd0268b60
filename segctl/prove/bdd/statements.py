"""What one statement makes of a branch: who goes on in the rule, and with which registers; who has left it."""

from typing import NamedTuple

from segctl.listing.rule import (
    STATES,
    Anybit,
    Aside,
    Assign,
    Bits,
    Expression,
    Join,
    Lookup,
    Mapped,
    Match,
    Maybe,
    Opaque,
    Shift,
    Statement,
    Strange,
    Table,
    Translate,
    Untrack,
    Update,
)
from segctl.prove.axes import REGISTERS, STATE, Seen, read
from segctl.prove.bdd.branch import Branch
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.expressions import Expressions
from segctl.prove.bdd.values import NotModelled, Unknown, Value
from segctl.prove.path import Stage
from segctl.prove.rewriting import harmless, plain, rewrites


class Parted(NamedTuple):
    """Branches that go on in the rule, and those that have left it. `lost`: packets of which nobody knows the end."""

    on: list[Branch]
    left: list[Branch]
    lost: tuple[Node, ...] = ()


class Statements(Expressions):
    """The statements of a walk's rules but for verdicts."""

    def part(self, branch: Branch, statement: Statement, table: Table, stage: Stage) -> Parted:
        """Who matches, and who doesn't; both, where that depends on what isn't followed."""
        try:
            return self._part(branch, statement, table, stage)
        except NotModelled as error:
            if isinstance(statement, Assign):
                return self._unknown(branch, statement, str(error))
            return _perhaps(branch)

    def _part(self, branch: Branch, statement: Statement, table: Table, stage: Stage) -> Parted:
        match statement:
            case Match(left=left, spans=spans, negated=negated):
                return self._matched(branch, left, spans, negated, table, stage)
            case Anybit(left=left, bits=bits, negated=negated):
                return self._matched(branch, Bits(left, bits), ((0, 0),), not negated, table, stage)
            case Lookup(key=key, set=named, negated=negated):
                chosen = self.choose(branch.registers, key, self.set(named, table), table, stage)
                inside = chosen.hits.get(None, self.diagrams.false)
                return self._split(branch, inside, negated, chosen.lacking, chosen.doubt)
            case Assign():
                return self._assigned(branch, statement, table, stage)
            case Maybe() | Update():
                return _perhaps(branch)
            case Untrack():
                return Parted(self._untracked(branch, stage), [])
            case Translate():
                return Parted([], [], (branch.packets,))
            case Opaque():
                return _perhaps(branch)._replace(lost=(branch.packets,))
            case Aside():
                return Parted([branch], [])
        raise AssertionError(f"{type(statement).__name__} is for the walk")

    def _matched(
        self,
        branch: Branch,
        left: Expression,
        spans: tuple[tuple[int, int], ...],
        negated: bool,
        table: Table,
        stage: Stage,
    ) -> Parted:
        computed = self.compute(branch.registers, left, table, stage)
        inside, doubt = self.values.inside(computed.parts[0], spans)
        return self._split(branch, inside, negated, computed.lacking, (computed.doubt | doubt) & ~computed.lacking)

    def _split(self, branch: Branch, inside: Node, negated: bool, lacking: Node, doubt: Node) -> Parted:
        """Who lacks the value doesn't match, negated or not; of whom nobody knows may go either way."""
        matches = (~inside if negated else inside) & ~lacking
        return self._by(branch, matches | doubt, ~matches | doubt)

    def _by(self, branch: Branch, on: Node, left: Node) -> Parted:
        both = [branch._replace(packets=branch.packets & some, when=branch.when & some) for some in (on, left)]
        kept = [[one] if one.packets.satisfiable() else [] for one in both]
        return Parted(kept[0], kept[1])

    def _assigned(self, branch: Branch, statement: Assign, table: Table, stage: Stage) -> Parted:
        """A register set; what another field is set to isn't followed."""
        name = statement.field
        if rewrites(name):
            if read(name, 0, self.family) is None:
                return Parted([], [branch])  # the packet has no such header: the rule's unlisted condition
            raise NotModelled(f"{name} is rewritten")
        computed = self.compute(branch.registers, statement.value, table, stage)
        parted = self._by(branch, ~computed.lacking, computed.lacking | computed.doubt)
        value = computed.parts[0]
        if computed.doubt.satisfiable():
            value = self.values.joined([*value.cases, (computed.doubt, Unknown(f"what {name} is set to"))])
        return parted._replace(on=[self._set(one, name, value, stage) for one in parted.on])

    def _set(self, branch: Branch, name: str, value: Value, stage: Stage) -> Branch:
        registers = branch.registers
        if name == "ct mark" and (registers.untracked or Seen.CONNECTION not in stage.seen):
            return branch  # there is no connection to mark (nft_ct_set_eval)
        if name not in REGISTERS:
            return branch
        return branch._replace(registers=registers.having(name, value))

    def _unknown(self, branch: Branch, statement: Assign, reason: str) -> Parted:
        """Set to nobody knows what; where a map is asked the rule may end there."""
        if rewrites(statement.field):
            return self._rewritten(branch, statement.field)
        if statement.field not in REGISTERS:
            return _perhaps(branch)
        unknown = self.values.constant(Unknown(reason))
        changed = branch._replace(registers=branch.registers.having(statement.field, unknown))
        return Parted([changed], [branch] if _has_map(statement.value) else [])

    def _rewritten(self, branch: Branch, name: str) -> Parted:
        """Perhaps another packet goes on; only of what the intent doesn't look at it is the same one to it."""
        names = tuple(dict.fromkeys((*branch.registers.rewritten, name)))
        changed = branch._replace(registers=branch.registers._replace(rewritten=names))
        if plain(name):
            return Parted([changed], [])
        return Parted([changed], [branch], () if harmless(name) else (branch.packets,))

    def _untracked(self, branch: Branch, stage: Stage) -> list[Branch]:
        """`notrack`, once conntrack has looked at it, changes only what it found invalid (nft_notrack_eval)."""
        registers = branch.registers._replace(untracked=True)
        if Seen.CONNECTION not in stage.seen:
            return [branch._replace(registers=registers)]
        invalid = self.fields.holds(STATE, ((STATES["invalid"],) * 2,), self.family)
        parted = self._by(branch, invalid, ~invalid)
        return [one._replace(registers=registers) for one in parted.on] + parted.left


def _perhaps(branch: Branch) -> Parted:
    return Parted([branch], [branch])


def _has_map(expression: Expression) -> bool:
    match expression:
        case Mapped():
            return True
        case Bits(of=of) | Shift(of=of):
            return _has_map(of)
        case Join(parts=parts):
            return any(map(_has_map, parts))
        case Strange(text=text):
            return "map" in text
    return False
