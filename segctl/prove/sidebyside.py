"""One packet's way as the model sees it beside the way that the kernel's own trace tells.

**What has a counterpart.** The kernel tells each rule whose statements all matched, with its verdict or `continue`, and
nothing of a rule that didn't match: that is what the model calls met, rule for rule. It tells every base chain's
policy; the model names one only where it is the last word. So policies that accept count where the model names them. It
doesn't trace iptables-legacy (such rules stand as `untold`), and calls a reject a drop, which the answer follows.

**What the kernel alone knows.** Chains of one hook and one priority run in the order in which they were hung there: the
model follows the kernel in that (`as_the_kernel`).

**What is left open.** Where a rule is met now and then (a limit, a set that packets change), the model goes both ways:
what it alone has is then no difference, what the kernel alone has is one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from segctl.listing.fields import IPV4, IPV6, NEEDS
from segctl.listing.rule import (
    Anybit,
    Assign,
    Bits,
    Chain,
    Choose,
    Ending,
    Expression,
    Join,
    Listing,
    Load,
    Lookup,
    Mapped,
    Match,
    Rule,
    Shift,
    Statement,
    Table,
)
from segctl.model.packet import Packet, Way
from segctl.model.ranges import family
from segctl.model.rule_said import RuleSaid
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, REGISTERS, SADDR, STATE, TAIL
from segctl.prove.engine import collect
from segctl.prove.path import stages
from segctl.prove.result import Line, Live, Met
from segctl.prove.row import By, rule_said
from segctl.prove.trace import Trace

Handles = Mapping[tuple[str, str, str], Sequence[int]]
Key = tuple[str, str, int | None]
_AXES = {IIF, OIF, SADDR, DADDR, PROTO, HEAD, TAIL, FLAGS, STATE, DIRECTION, *REGISTERS}
_LEGACY = "iptables-legacy"
_STOPS = {Ending.ACCEPT: "accept", Ending.DROP: "drop", Ending.REJECT: "drop"}


@dataclass(frozen=True, slots=True)
class Told:
    """One word of the kernel's trace: a rule that matched, by its handle, or (None) the policy of a base chain."""

    family: str
    table: str
    chain: str
    handle: int | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Reads:
    """What the rules on a way read (fields in nft's words, `state`, `direction`, registers), and on which hooks."""

    fields: frozenset[str]
    hooks: frozenset[str]


def reads(listing: Listing, way: Way, version: int) -> Reads:
    """Of the chains that packets of a family (4, 6) meet on a way."""
    met = stages(listing, way, version)
    hooks = frozenset(stage.chain.hook.name for stage in met if stage.chain.hook is not None)
    tables = {id(stage.table): stage.table for stage in met}.values()
    rules = (rule for table in tables for chain in table.chains.values() for rule in chain.rules)
    registers = {field for rule in rules for one in rule.statements for field in _loads(one) if field in REGISTERS}
    return Reads(frozenset({*collect(met, version).cuts, *registers}), hooks)


def _loads(part: Statement | Expression) -> Iterator[str]:
    """The fields that a statement or an expression reads."""
    match part:
        case Load(field=field):
            yield field
        case Match(left=inner) | Anybit(left=inner) | Assign(value=inner) | Bits(of=inner) | Shift(of=inner):
            yield from _loads(inner)
        case Lookup(key=inner) | Choose(key=inner) | Mapped(key=inner):
            yield from _loads(inner)
        case Join(parts=parts):
            for one in parts:
                yield from _loads(one)


def as_the_kernel(listing: Listing, told: Sequence[Told]) -> Listing:
    """The listing with its tables in the order of the kernel's trace.

    It decides between chains of one hook and one priority, which run in an order that no listing tells.
    """
    places: dict[tuple[str, str], int] = {}
    for one in told:
        places.setdefault((one.family, one.table), len(places))
    tables = sorted(listing.tables, key=lambda table: places.get((table.family, table.name), len(places)))
    return replace(listing, tables=tuple(tables))


def beside(
    listing: Listing, trace: Trace, told: Sequence[Told], ending: str, handles: Handles, fields: Iterable[str]
) -> Live:
    """The two ways in one order. `ending` is the kernel's, as in `Live`; `fields` are those that the rules read.

    `handles` are the kernel's, chain by chain, for rules that were read without them (iptables-save).
    """
    model = [(_key(by, handles), by) for by in _once(trace.met)]
    named = {key for key, _ in model}
    kernel = [(_told_key(one), one) for one in told]
    kernel = [(key, one) for key, one in kernel if key[2] is not None or one.verdict != "accept" or key in named]
    lines = tuple(_lines(listing, model, kernel, handles))
    return Live(lines, ending, tuple(_differences(trace, lines, ending)), tuple(_notes(trace, fields)))


def _once(met: Sequence[By]) -> Iterator[By]:
    """A rule with a `continue` within is met there and at its end; a packet meets none twice in succession."""
    before: Rule | None = None
    for by in met:
        if by.rule is None or by.rule is not before:
            yield by
        before = by.rule


def _lines(
    listing: Listing, model: list[tuple[Key, By]], kernel: list[tuple[Key, Told]], handles: Handles
) -> Iterator[Line]:
    matcher = SequenceMatcher(None, [key for key, _ in model], [key for key, _ in kernel], autojunk=False)
    for word, first, last, begin, end in matcher.get_opcodes():
        for at in range(first, last):
            by = model[at][1]
            if word == "equal":
                said = kernel[begin + at - first][1]
                yield Line(replace(rule_said(by), handle=said.handle), Met.BOTH, said.verdict)
            else:
                yield Line(rule_said(by), Met.UNTOLD if by.table.engine == _LEGACY else Met.MODEL)
        for at in range(begin, end if word != "equal" else begin):
            yield Line(_said(listing, kernel[at][1], handles), Met.KERNEL, kernel[at][1].verdict)


def _differences(trace: Trace, lines: tuple[Line, ...], ending: str) -> Iterator[str]:
    alone = {Met.KERNEL: "only the kernel meets it", Met.MODEL: "only the model meets it"}
    for line in lines:
        if line.met is Met.KERNEL or (line.met is Met.MODEL and not trace.forks):
            handle = f", handle {line.rule.handle}" if line.rule.handle is not None else ""
            yield f"{line.rule.table} {line.rule.chain}{handle}: {alone[line.met]}"
    if not ending:
        yield "the kernel's trace ends without a verdict: something other than the rules took the packet (routing, say)"
    elif trace.ending is not None and _STOPS.get(trace.ending) != ending:
        yield f"the model says {trace.ending}, the kernel {ending}"


def _notes(trace: Trace, fields: Iterable[str]) -> Iterator[str]:
    yield from (f"met now and then: {reason}" for reason in trace.forks)
    if any(isinstance(one, Assign) and one.field == "meta nftrace" for one in _statements(trace)):
        yield "a rule that it meets switches tracing itself"
    if any(by.table.engine == _LEGACY for by in trace.met):
        yield "the kernel doesn't trace the rules of iptables-legacy"
    lacking = sorted(untold(trace.packet, fields))
    if lacking:
        yield f"no trace tells {', '.join(lacking)}: the model takes it that the packet lacks them"


def _statements(trace: Trace) -> Iterator[Statement]:
    for by in trace.met:
        yield from by.rule.statements if by.rule is not None else ()


def untold(packet: Packet, fields: Iterable[str]) -> Iterator[str]:
    """Those of the fields that a packet may have, but is not said to have."""
    version = family(packet.source)
    for name in {*fields} - _AXES:
        if "[" not in name and name not in packet.fields and _may_have(packet, version, name):
            yield name


def _may_have(packet: Packet, version: int, name: str) -> bool:
    layer, _, field = name.partition(" ")
    need = NEEDS.get(name)
    if need is not None and need.nfproto not in (None, IPV4 if version == 4 else IPV6):
        return False
    if need is not None and need.l4proto not in (None, packet.protocol):
        return False
    if layer == "ct":
        return packet.state not in ("invalid", "untracked")
    if layer == "ether":
        return packet.way is not Way.OUTPUT
    if field.startswith(("iif", "oif")) and layer == "meta":
        return bool(packet.iif if field.startswith("iif") else packet.oif)
    if name.startswith("tcp option "):
        return packet.fields.get("tcp doff", 6) > 5
    if name.startswith("ip option "):
        return packet.fields.get("ip hdrlength", 6) > 5
    return packet.fields.get(f"exthdr {layer}") != 0


def _key(by: By, handles: Handles) -> Key:
    """Its handle, or that of the rule at its place in the kernel's chain; a legacy rule's key is nobody's."""
    table = f"{by.table.family} {by.table.name}"
    if by.table.engine == _LEGACY:
        return f"{table} of {_LEGACY}", by.chain.name, None if by.rule is None else by.rule.line
    if by.rule is None:
        return table, by.chain.name, None
    place = next(place for place, rule in enumerate(by.chain.rules) if rule is by.rule)
    return table, by.chain.name, _handles(by.table, by.chain, handles)[place]


def _handles(table: Table, chain: Chain, handles: Handles) -> Sequence[int]:
    """The handles of a chain's rules: as they were read, or else as the kernel numbers them (-1: nobody knows)."""
    read = [rule.handle for rule in chain.rules if rule.handle is not None]
    if len(read) == len(chain.rules):
        return read
    held = handles.get((str(table.family), table.name, chain.name), ())
    return held if len(held) == len(chain.rules) else [-1] * len(chain.rules)


def _told_key(one: Told) -> Key:
    return f"{one.family} {one.table}", one.chain, one.handle


def _said(listing: Listing, one: Told, handles: Handles) -> RuleSaid:
    """A rule that the kernel alone met, in the listing's words."""
    named = f"{one.family} {one.table}"
    if one.handle is None:
        return RuleSaid(named, one.chain, None, "policy of the chain")
    for table in listing.tables:
        if (table.family, table.name) == (one.family, one.table) and one.chain in table.chains:
            chain = table.chains[one.chain]
            by_handle = dict(zip(_handles(table, chain, handles), chain.rules, strict=True))
            if one.handle in by_handle:
                return RuleSaid(named, one.chain, one.handle, by_handle[one.handle].text)
    return RuleSaid(named, one.chain, one.handle, "a rule that wasn't read")
