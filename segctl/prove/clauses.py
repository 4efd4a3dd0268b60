"""What a point must do with every packet between two addresses, whatever conntrack says of it: the law as clauses.

In order, the first that holds decides (design, section 2, Binding, Replies, Observe; docs/proof.md). A clause is a set
of packets on the axes other than interfaces and addresses, and what must become of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from segctl.listing.rule import STATES
from segctl.model.decision import Effect
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.model.service import ICMP, ICMP6, TCP
from segctl.policy.numbers import SWAPPED
from segctl.prove.axes import DIRECTION, FLAGS, HEAD, PROTO, STATE, TAIL
from segctl.prove.conntrack import NONE, types
from segctl.prove.effects import Part
from segctl.prove.kinds import Kind, kinds
from segctl.prove.space import Spans
from segctl.prove.values import complement

NUMBER, SWAP = "ct mark[0:31]", "ct mark[31:32]"
NUMBER_MASK = SWAPPED - 1
_ONE: Spans = ((1, 1),)
_START = tuple((flags, flags) for flags in range(256) if flags & 0x17 == 0x02)  # SYN, without FIN, RST, ACK (RFC 9293)
_RESET = tuple((flags, flags) for flags in range(256) if flags & 0x04)
_ERRORS = {4: (3, 11, 12), 6: (1, 2, 3, 4)}  # the law, Replies
_NEVER = {4: (4, 5), 6: (137,)}  # quench and redirects
_PROHIBITED = {4: 3 << 8 | 13, 6: 1 << 8 | 1}  # what our own reject says (RFC 1812, 4443)
_ICMP = {4: ICMP, 6: ICMP6}
_HOPS = {4: "ip ttl", 6: "ip6 hoplimit"}
# What an answering ICMP type answers (RFC 792, 4443, 4620): a reply is decided as its request was.
_REQUEST = {4: {0: 8, 14: 13, 16: 15, 18: 17}, 6: {129: 128, 140: 139}}

FLAG_SETS: tuple[Spans, ...] = (_START, _RESET)
"""The sets of TCP flags that clauses tell apart."""

LOCALITY = {Way.INPUT: "fib daddr type", Way.OUTPUT: "fib saddr type"}
"""What the kernel knows of the end that is at the point itself."""
LOCAL: Spans = ((2, 2),)  # RTN_LOCAL (linux/rtnetlink.h)

Limits = Mapping[str, Spans]


class Must(StrEnum):
    """What must become of a packet. BLOCK: drop or reject. ANY: such a packet can't be, or either is right."""

    PASS = "pass"
    ALWAYS = "pass always"  # without a number that lives: what is essential, and what a point says to itself
    NUMBERED = "pass with a number"  # that lives for the packets after it
    DROP = "drop"
    REJECT = "reject"
    BLOCK = "block"
    ANY = "any"
    EITHER = "either"  # as ANY, without a number that lives
    BESIDE = "pass beside it"  # the point's business it is not: no rule of ours stops it


class Clause(NamedTuple):
    """Packets, by axis, and what must become of them."""

    limits: Limits
    must: Must


@dataclass(frozen=True, slots=True)
class Essentials:
    """What is essential between two addresses on an interface: services, with the hop limit that they need."""

    rows: tuple[tuple[Kind, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """All that the law looks at between two addresses on a way, between two interfaces.

    `local`: over loopback. `unlisted`: an interface is none of the site's, and nothing passes there. `misplaced`: an
    end is the point's own, which the kernel doesn't forward unless it isn't there. `lenient`: both ends observe.
    `open_source`, `open_target`: the end lives behind its interface, or that it doesn't is only logged. `orig`, `back`:
    what a connection from source to destination, and the other way round, meets. `alive`: the numbers of the
    connections that these interfaces let through; `never`: those that the rules name and no connection gets (they are
    told as dead). `undeclared`: an end is an address of the point's own that the site
    doesn't name: what new connections with it get is outside the proof. `unseen`: the kernel itself stops such packets.
    Of a host's: `beside`: the local end is neither its own nor special; `distant`: the other is a broadcast address of
    a network that the host isn't in, which no machine bears. `shut`: an end is in quarantine at run time, or all is
    shut: no connection lives, but for what is allowed nevertheless.
    """

    way: Way
    family: int
    local: bool
    unlisted: bool
    misplaced: bool
    special: bool
    lenient: bool
    open_source: bool
    open_target: bool
    orig: tuple[Part, ...]
    back: tuple[Part, ...]
    alive: Spans
    never: Spans
    essentials: Essentials = Essentials()
    undeclared: bool = False
    unseen: bool = False
    beside: bool = False
    distant: bool = False
    shut: bool = False


def clauses(cell: Between) -> Iterator[Clause]:
    """Every packet between the two is in some clause."""
    if cell.local:
        yield Clause({}, Must.BESIDE if cell.beside else Must.ALWAYS)
        return
    if cell.unseen:
        yield Clause({}, Must.EITHER)
        return
    if cell.never:
        yield Clause({**_state("established"), NUMBER: cell.never}, Must.EITHER)
        yield Clause({**_state("related"), NUMBER: cell.never}, Must.EITHER)
    if cell.unlisted:
        if cell.shut:
            yield from _still_related(cell)
        elif cell.way is Way.OUTPUT:
            yield from _own_errors(cell)
        elif cell.lenient and cell.open_source and cell.open_target:
            yield Clause(_state("related"), Must.EITHER)  # of segments that no gateway lists: they may be anywhere
        yield Clause({}, Must.BLOCK)
        return
    if cell.shut:
        yield from _essential(cell)  # before what lives, of which nothing else does
    yield from _alive(cell)
    if cell.beside and cell.shut:
        yield Clause({}, Must.EITHER)
        return
    if cell.beside:
        yield Clause({LOCALITY[cell.way]: LOCAL}, Must.BESIDE)
        yield Clause({}, Must.PASS if cell.lenient else Must.DROP)
        return
    if cell.misplaced:
        if not cell.open_source:
            yield Clause({STATE: complement(_state("related")[STATE], 127)}, Must.BLOCK)
        yield Clause({}, Must.ANY)
        return
    yield from _essential(cell)
    if cell.shut:
        yield from _still_related(cell)
    elif cell.way is Way.OUTPUT:
        yield from _own_errors(cell)
    if cell.special and cell.shut:
        yield Clause({}, Must.BLOCK)
        return
    if cell.special:
        yield Clause({}, Must.PASS if cell.lenient else Must.DROP)
        return
    if cell.way is not Way.OUTPUT:
        yield from _related(cell)
    yield from _decided(cell)


def fixed(family: int) -> Iterator[Spans]:
    """Every set of heads that a clause names whatever the site says."""
    yield ((_PROHIBITED[family],) * 2,)
    for kinds_ in (_ERRORS[family], _NEVER[family], tuple(_REQUEST[family]), tuple(_REQUEST[family].values())):
        yield from (types((kind,)) for kind in kinds_)


def _state(word: str) -> Limits:
    return {STATE: ((STATES[word], STATES[word]),)}


def _essential(cell: Between) -> Iterator[Clause]:
    """What is essential between the two."""
    for kind, hops in cell.essentials.rows:
        hop: Limits = {_HOPS[cell.family]: ((hops, hops),)} if hops else {}
        yield Clause({**_asked(kind), **hop}, Must.EITHER if cell.undeclared else Must.ALWAYS)


def _still_related(cell: Between) -> Iterator[Clause]:
    """Errors about connections that pass although their end is held: let through or not, as all else is right."""
    related = _state("related")
    if cell.way is Way.OUTPUT or any(effect is Effect.PASS for _, effect in (*cell.orig, *cell.back)):
        icmp = ((_ICMP[cell.family],) * 2,)
        yield Clause({**related, PROTO: ((TCP, TCP),), FLAGS: _RESET}, Must.EITHER)
        yield Clause({**related, PROTO: icmp, HEAD: types(_ERRORS[cell.family])}, Must.EITHER)
    yield Clause(related, Must.BLOCK)


_FORWARDS: tuple[Limits, ...] = ({DIRECTION: NONE, SWAP: NONE}, {DIRECTION: _ONE, SWAP: _ONE})
_BACKWARDS: tuple[Limits, ...] = ({DIRECTION: _ONE, SWAP: NONE}, {DIRECTION: NONE, SWAP: _ONE})


def _alive(cell: Between) -> Iterator[Clause]:
    """Packets of a connection that was let through: it has a number, and its service passes; others it can't have."""
    if not cell.alive:
        return
    here = {**_state("established"), NUMBER: cell.alive}
    otherwise = Must.BLOCK if cell.shut else Must.ANY
    if not cell.orig:
        yield Clause(here, Must.ANY)
        return
    for ways, parts, back in ((_FORWARDS, cell.orig, False), (_BACKWARDS, cell.back, True)):
        for way in ways:
            yield from _by_parts({**here, **way}, parts, back, cell, {Effect.PASS: Must.PASS}, otherwise)


def _own_errors(cell: Between) -> Iterator[Clause]:
    """What the point itself says about others' packets: resets, and the ICMP errors of the law."""
    icmp = ((_ICMP[cell.family],) * 2,)
    related = _state("related")
    yield Clause({**related, PROTO: ((TCP, TCP),), FLAGS: _RESET}, Must.PASS)
    yield Clause({**related, PROTO: icmp, HEAD: types(_ERRORS[cell.family])}, Must.PASS)
    yield Clause(related, Must.DROP)
    prohibited = _PROHIBITED[cell.family]
    yield Clause({PROTO: icmp, HEAD: ((prohibited, prohibited),)}, Must.PASS)


def _related(cell: Between) -> Iterator[Clause]:
    icmp = ((_ICMP[cell.family],) * 2,)
    related = _state("related")
    if cell.distant:
        yield Clause(related, Must.ANY)
        return
    if not cell.open_source:
        yield Clause(related, Must.DROP)
        return
    if cell.alive:
        errors = {**related, PROTO: icmp, HEAD: types(_ERRORS[cell.family]), NUMBER: cell.alive}
        yield Clause(errors, Must.PASS)
    yield Clause({**related, PROTO: icmp, HEAD: types(_NEVER[cell.family])}, Must.DROP)
    yield Clause(related, Must.PASS if cell.lenient and cell.open_target else Must.DROP)


def _decided(cell: Between) -> Iterator[Clause]:
    """New connections, and packets of those whose number isn't alive here: decided again, in their own direction."""
    closed = not (cell.open_source and cell.open_target)
    if closed:
        yield Clause({}, Must.DROP)
        return
    for way in _BACKWARDS:
        yield from _by_parts({**_state("established"), **way}, cell.back, True, cell, _AGAIN)
    yield from _by_parts(_state("established"), cell.orig, False, cell, _AGAIN)
    no_start = {**_state("new"), PROTO: ((TCP, TCP),), FLAGS: complement(_START, 0xFF)}
    for limits in (no_start, _state("invalid"), _state("untracked")):
        if cell.lenient:
            yield from _by_parts(limits, cell.orig, False, cell)
        else:
            yield Clause(limits, Must.DROP)
    yield from _by_parts(_state("new"), cell.orig, False, cell, _EXACT)


_BLOCKS = {Effect.PASS: Must.PASS, Effect.DROP: Must.BLOCK, Effect.REJECT: Must.BLOCK}
_AGAIN = {**_BLOCKS, Effect.PASS: Must.NUMBERED}
_EXACT = {Effect.PASS: Must.NUMBERED, Effect.DROP: Must.DROP, Effect.REJECT: Must.REJECT}


def _by_parts(
    limits: Limits,
    parts: tuple[Part, ...],
    back: bool,
    cell: Between,
    must: Mapping[Effect, Must] = _BLOCKS,
    otherwise: Must = Must.BLOCK,
) -> Iterator[Clause]:
    """One clause for each kind of service that isn't of the largest part, and one for that."""
    for at, (some, effect) in enumerate(parts):
        wanted = must.get(effect, otherwise)
        if cell.undeclared and wanted is not Must.ANY:
            wanted = Must.ANY if wanted in (Must.PASS, Must.NUMBERED) else Must.BLOCK
        if at == len(parts) - 1:
            yield Clause(limits, wanted)
            return
        for kind in kinds(some, cell.family):
            for asked in _answered(kind, cell.family) if back else (_asked(kind),):
                if (both := _both(limits, asked)) is not None:
                    yield Clause(both, wanted)


def _both(limits: Limits, asked: Limits) -> Limits | None:
    """Packets within both; None if there are none."""
    out = {**limits, **asked}
    if PROTO in limits and PROTO in asked:
        out[PROTO] = (Ranges.of(limits[PROTO]) & Ranges.of(asked[PROTO])).spans
    return out if out.get(PROTO, True) else None


def _asked(kind: Kind) -> Limits:
    """Packets that ask for a service."""
    out = {PROTO: kind.protocols}
    if kind.ports is not None:
        out[TAIL] = kind.ports
    if kind.icmp is not None:
        out[HEAD] = tuple((first << 8, last << 8 | 0xFF) for first, last in kind.icmp)
    return out


def _answered(kind: Kind, family: int) -> Iterator[Limits]:
    """Packets that answer it."""
    if kind.icmp is not None:
        answers = [a for a, asked in _REQUEST[family].items() if any(f <= asked <= e for f, e in kind.icmp)]
        if answers:
            yield {PROTO: kind.protocols, HEAD: types(tuple(answers))}
        return
    yield {PROTO: kind.protocols, **({HEAD: kind.ports} if kind.ports is not None else {})}
