"""One walk of all packets through the base chains on their way, as sets (net/netfilter/nf_tables_core.c, nft_do_chain).

A packet is in each set of ends that it may have: in one alone, and its end is certain. `accept` ends one base chain and
the packet goes on to the next; `drop` ends all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import STATES, Chain, Choose, Decide, Ending, Rule, Table, Verdict
from segctl.model.service import ICMP6
from segctl.prove.alive import OURS
from segctl.prove.axes import HEAD, PROTO, STATE, Seen
from segctl.prove.bdd.branch import Branch, Registers, joined
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.names import NUMBER_MASK
from segctl.prove.bdd.packet import ROUTED
from segctl.prove.bdd.statements import Parted, Statements
from segctl.prove.bdd.values import NotModelled, Unknown, Value, Word
from segctl.prove.conntrack import UNTRACKED6, types
from segctl.prove.path import Stage
from segctl.prove.rewriting import touches

_DEEPEST = 16  # NFT_JUMP_STACK_SIZE
_MANY = 32  # ways that go on to the next base chain before they are made fewer


class Passed(NamedTuple):
    """Packets that pass, and what their connection's mark is then."""

    packets: Node
    connection: Value


@dataclass(frozen=True, slots=True)
class Ends:
    """What may become of packets: `unknown`, nobody can say; `impossible`, conntrack doesn't say this of them.

    `bare`: those that may pass and leave no number in their connection; `ours`: those that a rule of ours may stop.
    """

    passed: tuple[Passed, ...]
    accept: Node
    bare: Node
    drop: Node
    reject: Node
    unknown: Node
    impossible: Node
    ours: Node


@dataclass(slots=True)
class Walk:
    """A walk under way."""

    statements: Statements
    _ends: dict[Ending | None, list[Node]] = field(default_factory=dict)
    _ours: list[Node] = field(default_factory=list)
    _accepted: list[Branch] = field(default_factory=list)
    _stage: Stage | None = None

    def along(self, packets: Node, registers: Registers, stages: Sequence[Stage]) -> Ends:
        """Send packets through all stages, in order; what the last one accepts has passed."""
        now = [self._branch(packets, registers)]
        tracked = routed = False
        for stage in stages:
            if Seen.ROUTED in stage.seen and not routed and self.statements.family == 4:
                now = [one._replace(registers=one.registers._replace(priority=self._routed(one))) for one in now]
                routed = True
            if Seen.CONNECTION in stage.seen and not tracked:
                now, tracked = self._conntrack(now), True
            self._stage, self._accepted = stage, []
            reached = [self._reached(branch, stage) for branch in now]
            self._base([one for parted in reached for one in parted.on], stage)
            now = self._fewer([*(one for parted in reached for one in parted.left), *self._accepted])
        if not tracked:
            now = self._conntrack(now)
        return self._all(now)

    def _routed(self, branch: Branch) -> Value:
        """What a router sets by the TOS byte, as a rule may have left it."""
        changed = next((name for name in branch.registers.rewritten if touches(name, "ip dscp")), None)
        if changed is not None:
            return self.statements.values.constant(Unknown(f"{changed} is rewritten"))
        return self.statements.fields.value(ROUTED, 4)

    def _branch(self, packets: Node, registers: Registers) -> Branch:
        return Branch(packets, self.statements.diagrams.true, registers)

    def _all(self, passed: Sequence[Branch]) -> Ends:
        either = self.statements.diagrams.either
        sets = {
            ending: either(self._ends.get(ending, ())) for ending in (Ending.DROP, Ending.REJECT, None, Ending.CONTINUE)
        }
        return Ends(
            tuple(Passed(self._settled(branch), branch.registers.connection) for branch in passed),
            either(self._settled(branch) for branch in passed),
            either(self._settled(branch) & self._bare(branch.registers.connection) for branch in passed),
            sets[Ending.DROP],
            sets[Ending.REJECT],
            sets[None],
            sets[Ending.CONTINUE],
            either(self._ours),
        )

    def _end(self, ending: Ending | None, branch: Branch) -> None:
        if branch.packets.satisfiable():
            self._ends.setdefault(ending, []).append(self._settled(branch))
            if ending is not Ending.CONTINUE and self._stage is not None and self._stage.table.name.startswith(OURS):
                self._ours.append(self._settled(branch))

    def _settled(self, branch: Branch) -> Node:
        """A branch's packets; of what a rule un-tracked, whatever conntrack would have said: that packet ends so."""
        if not branch.registers.untracked:
            return branch.packets
        fields = self.statements.fields
        untracked = fields.holds(STATE, ((STATES["untracked"],) * 2,), self.statements.family)
        states = fields.diagrams.all_of(reversed(fields.bits(STATE)))
        return branch.packets & ~untracked | (branch.packets & untracked).exists(states) & fields.sorts()

    def _bare(self, connection: Value) -> Node:
        """Where a mark is no number; one that nobody can tell counts as one."""
        own = {bit.node_var() for bit in self.statements.fields.bits("ct mark")}
        return self.statements.diagrams.either(
            guard
            for guard, atom in connection.cases
            if (isinstance(atom, int) and not atom & NUMBER_MASK)
            or (isinstance(atom, Word) and all(bit.node_var() in own for bit in atom.bits if _varies(bit)))
        )

    def _fewer(self, branches: list[Branch]) -> list[Branch]:
        """Those with the same registers are one; of many different ones those that no packet is in twice."""
        alike: list[tuple[Registers, list[Node]]] = []
        for branch in branches:
            held = next((packets for registers, packets in alike if registers == branch.registers), None)
            if held is None:
                alike.append((branch.registers, [branch.packets]))
            else:
                held.append(branch.packets)
        either = self.statements.diagrams.either
        whole = [self._branch(either(packets), registers) for registers, packets in alike]
        whole = [branch for branch in whole if branch.packets.satisfiable()]
        if len(whole) <= _MANY:
            return whole
        apart = [branch._replace(when=branch.packets) for branch in whole]
        return joined(apart, self.statements.values, self.statements.diagrams)

    def _conntrack(self, branches: list[Branch]) -> list[Branch]:
        """What was told to be left alone is untracked now, and nothing else but what the kernel leaves alone itself."""
        fields, family = self.statements.fields, self.statements.family
        untracked = fields.holds(STATE, ((STATES["untracked"],) * 2,), family)
        kernels = self.statements.diagrams.false
        if family == 6:
            kernels = fields.product({PROTO: ((ICMP6, ICMP6),), HEAD: types(UNTRACKED6)}, family)
        out = []
        for branch in branches:
            can = untracked if branch.registers.untracked else ~untracked | kernels
            if not branch.registers.untracked:
                self._end(Ending.CONTINUE, branch._replace(packets=branch.packets & ~can))
            out.append(branch._replace(packets=branch.packets & can))
        return [branch for branch in out if branch.packets.satisfiable()]

    def _reached(self, branch: Branch, stage: Stage) -> Parted:
        """Who meets this stage: a netdev chain sees its own devices alone, a nat chain what begins a connection."""
        if stage.devices == ():  # nft 1.0.6 lists no devices as JSON
            return Parted([branch], [branch])
        fields, family = self.statements.fields, self.statements.family
        if stage.devices is not None:
            meets = fields.holds(stage.device_axis, stage.devices, family)
        elif stage.chain.hook is not None and stage.chain.hook.kind == "nat":
            meets = fields.holds(STATE, ((STATES["new"],) * 2,), family)
        else:
            return Parted([branch], [])
        inside, outside = branch.packets & meets, branch.packets & ~meets
        return Parted([branch._replace(packets=inside)], [branch._replace(packets=outside)])

    def _base(self, branches: list[Branch], stage: Stage) -> None:
        assert stage.chain.hook is not None
        for branch in self._chain(branches, stage.table, stage.chain, 0):
            self._finish(branch, stage.chain.hook.policy)

    def _chain(self, branches: list[Branch], table: Table, chain: Chain, depth: int) -> list[Branch]:
        """Every rule of a chain; the packets that come out at its end or by `return`."""
        if depth > _DEEPEST:
            for branch in branches:
                self._end(None, branch)
            return branches
        returned: list[Branch] = []
        now = self._joined(branches)
        for rule in chain.rules:
            if not now:
                break
            after: list[Branch] = []
            for branch in now:
                on, back = self._rule(branch, table, rule, depth)
                after += self._joined(on)
                returned += back
            now = self._fewer(after) if len(after) > 1 else after
        return self._joined([one._replace(when=one.packets) for one in (*now, *returned)]) if returned else now

    def _joined(self, branches: list[Branch]) -> list[Branch]:
        return joined(branches, self.statements.values, self.statements.diagrams)

    def _rule(self, branch: Branch, table: Table, rule: Rule, depth: int) -> tuple[list[Branch], list[Branch]]:
        """One rule: who goes on to the next, and who leaves the chain."""
        assert self._stage is not None
        on: list[Branch] = []
        returned: list[Branch] = []
        active = [branch]
        for statement in rule.statements:
            if not active:
                break
            match statement:
                case Decide(verdict=verdict):
                    if verdict.ending is Ending.CONTINUE:
                        continue
                    more, back = self._verdict(active, verdict, table, depth)
                    return on + more, returned + back
                case Choose():
                    active, more, back = self._choose(active, statement, table, depth)
                    on += more
                    returned += back
                case _:
                    parted = [self.statements.part(one, statement, table, self._stage) for one in active]
                    for one, made in zip(active, parted, strict=True):
                        for lost in made.lost:
                            self._end(None, one._replace(packets=lost))
                    active = [one for made in parted for one in made.on]
                    on += [one for made in parted for one in made.left]
        return on + active, returned

    def _choose(
        self, active: list[Branch], statement: Choose, table: Table, depth: int
    ) -> tuple[list[Branch], list[Branch], list[Branch]]:
        """A verdict map: who goes on in the rule (`continue`), who with the next rule, who leaves the chain."""
        assert self._stage is not None
        still: list[Branch] = []
        on: list[Branch] = []
        returned: list[Branch] = []
        for branch in active:
            try:
                found = self.statements.set(statement.map, table)
                chosen = self.statements.choose(branch.registers, statement.key, found, table, self._stage)
            except NotModelled:
                self._end(None, branch)
                on.append(branch)
                continue
            hit = self.statements.diagrams.false
            for verdict, packets in chosen.hits.items():
                some = _narrowed(branch, packets & ~chosen.lacking & ~chosen.doubt)
                hit |= packets
                if not some.packets.satisfiable() or not isinstance(verdict, Verdict):
                    continue
                if verdict.ending is Ending.CONTINUE:
                    still.append(some)
                    continue
                more, back = self._verdict([some], verdict, table, depth)
                on += more
                returned += back
            self._end(None, _narrowed(branch, chosen.doubt))
            on.append(_narrowed(branch, ~hit | chosen.lacking | chosen.doubt))
        return still, on, returned

    def _verdict(
        self, branches: list[Branch], verdict: Verdict, table: Table, depth: int
    ) -> tuple[list[Branch], list[Branch]]:
        """What a verdict does: who goes on with the next rule, and who leaves the chain."""
        match verdict.ending:
            case Ending.RETURN:
                return [], branches
            case Ending.JUMP | Ending.GOTO:
                target = table.chains.get(verdict.chain or "")
                if target is None:
                    for branch in branches:
                        self._end(None, branch)
                    return branches, []
                back = [one for branch in branches for one in self._called(branch, table, target, depth + 1)]
                return (back, []) if verdict.ending is Ending.JUMP else ([], back)
        for branch in branches:
            self._finish(branch, verdict.ending)
        return [], []

    def _called(self, branch: Branch, table: Table, target: Chain, depth: int) -> list[Branch]:
        """What comes back from a chain, parted from the others of this rule as it was when it went there."""
        back = self._chain([branch], table, target, depth)
        if len(back) == 1:
            return [back[0]._replace(when=branch.when)]
        return [one._replace(when=one.packets) for one in back]

    def _finish(self, branch: Branch, ending: Ending) -> None:
        if ending is Ending.ACCEPT:
            self._accepted.append(branch)
        elif ending in (Ending.QUEUE, Ending.STOLEN):
            self._end(None, branch)
        else:
            self._end(ending, branch)


def _varies(bit: Node) -> bool:
    return bit.satisfiable() and not bit.valid()


def _narrowed(branch: Branch, some: Node) -> Branch:
    return branch._replace(packets=branch.packets & some, when=branch.when & some)
