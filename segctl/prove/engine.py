"""The class engine: from a listing to every packet's end, as decided rows over a space cut as it needs to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from segctl.listing.fields import NEEDS
from segctl.listing.rule import STATES, Listing, Untrack, name_span
from segctl.model.packet import Way
from segctl.policy.numbers import SWAPPED
from segctl.prove import bundle
from segctl.prove.alive import Alive
from segctl.prove.axes import (
    ADDRESS_BITS,
    DADDR,
    DIRECTION,
    FLAGS,
    HEAD,
    IIF,
    OIF,
    PROTO,
    REGISTERS,
    SADDR,
    STATE,
    TAIL,
    WIDTHS,
)
from segctl.prove.bundle import Bundle, Hits, NeedsHits, hit_axes, hit_axis
from segctl.prove.conntrack import BEGINNING, CONNECTED, ERRORS, ICMP_OF, NONE, UNTRACKED6, VALID, possible, types
from segctl.prove.cuts import Collector, Cuts
from segctl.prove.evaluate import Evaluator
from segctl.prove.heard import Heard
from segctl.prove.lookup import Groups
from segctl.prove.path import Stage, stages
from segctl.prove.row import By, Decided, Row
from segctl.prove.space import Axis, Cube, NeedsCut, Space, Spans
from segctl.prove.values import NeedsGroups, Of, complement, groups
from segctl.prove.walk import MOST_STEPS, Walk

_LOCAL_TO = "fib daddr type"
LOOPBACK = name_span("lo")
_ALWAYS = (SADDR, DADDR, IIF, OIF, PROTO, HEAD, TAIL, FLAGS, STATE, DIRECTION)
_MOST_RESTARTS = 200
SYN = 0x02  # RFC 9293
_REGISTER = (1 << 32) - 1
NUMBER_MASK = SWAPPED - 1

_FRESH: Mapping[str, Spans] = {
    STATE: ((STATES["new"],) * 2, (STATES["untracked"],) * 2),
    DIRECTION: NONE,
    FLAGS: ((SYN, SYN),),
}
Met = Callable[[By, Cube], None]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Every packet of a family on a way: `domain` are those that can be, `decided` what becomes of them, in order.

    `bundles`: what the derived axes stand for; `alive`: what of the rules some packet met.
    """

    way: Way
    family: int
    space: Space
    registers: Groups
    stages: tuple[Stage, ...]
    domain: tuple[Cube, ...]
    decided: tuple[Decided, ...]
    bundles: tuple[Bundle, ...] = ()
    alive: Alive = field(default_factory=Alive)


def evaluate(
    listing: Listing,
    way: Way,
    family: int,
    cuts: Mapping[str, set[Spans]] | None = None,
    awake: dict[tuple[str, str], bool] | None = None,
    met: Met | None = None,
    fewest: int | None = None,
    fresh: bool = False,
    heard: Heard | None = None,
    ends_alike: bool = True,
    most_steps: int = MOST_STEPS,
) -> Evaluated:
    """Walk all packets of a family on a way. `cuts`: sets of values that the classes must respect beside the rules';
    `fewest`: elements from which on a map's hits go on as one row (bundle.FEWEST); `fresh`: only packets that may begin
    a connection, new or untracked, of TCP those with SYN alone; `heard` keeps which rows matched each rule;
    `ends_alike`: sources and destinations have the same classes; `most_steps`: rows that rules look at, all together.

    TooManyClasses: the product of classes explodes.
    """
    met_stages = stages(listing, way, family, awake)
    collector = collect(met_stages, family)
    collected, masks = collector.cuts, collector.masks
    masks["ct mark"].add(NUMBER_MASK)
    _cut_more(collected, listing, family, cuts or {}, ends_alike)
    fewest = bundle.FEWEST if fewest is None else fewest
    hits = hit_axes([*collector.joined, *collector.joined], fewest)  # replies are asked by other keys
    for _ in range(_MOST_RESTARTS):
        registers = {name: groups(name, 32, masks[name]) for name in REGISTERS}
        try:
            _cut_numbers(collected, registers, collector.numbers)
            space = _space(collected, collector.lasts, registers, hits)
            start = _start(space, registers, way, fresh)
            evaluator = Evaluator(space, registers, family, listing.interfaces, hits, fewest)
            walk = Walk(space, evaluator, family, met, most_steps=most_steps)
            if heard is not None:
                heard.begin(walk, start)
            decided = walk.along([start], met_stages)
            domain = _domain(space, registers, start.cube, family, _untracks(met_stages))
            ordered = tuple(sorted(decided, key=lambda one: one.key))
            return Evaluated(
                way,
                family,
                space,
                registers,
                tuple(met_stages),
                domain,
                ordered,
                evaluator.bundles.all,
                evaluator.alive,
            )
        except NeedsCut as need:
            collected.setdefault(need.axis, set()).update(need.sets)
        except NeedsGroups as need:
            masks[need.register].add(need.mask)
        except NeedsHits as need:
            hits = hit_axes([*(found for found, _ in hits), need.found], fewest)
    raise AssertionError("the classes don't settle")


def collect(met: list[Stage], family: int) -> Collector:
    """What the rules on a way compare."""
    lasts = {axis: (1 << width) - 1 for axis, width in WIDTHS.items()}
    lasts |= {axis: (1 << ADDRESS_BITS[family]) - 1 for axis in (SADDR, DADDR)}
    collector = Collector(family, lasts)
    seen: set[tuple[str, str]] = set()
    for stage in met:
        key = (stage.table.family, stage.table.name)
        if key not in seen:
            seen.add(key)
            collector.table(stage.table, stage.table.chains.values())
    return collector


def _cut_more(collected: Cuts, listing: Listing, family: int, cuts: Mapping[str, set[Spans]], ends_alike: bool) -> None:
    """What the rules don't compare, and is told apart all the same."""
    there = {(name_span(name),) for name in listing.interfaces.values()}
    for more in (_domain_cuts(family), {IIF: there, OIF: there}, cuts):
        for axis, sets in more.items():
            collected.setdefault(axis, set()).update(sets)
    for axis in (SADDR, DADDR) if ends_alike else ():  # so that a pair and the pair with its ends swapped are cells
        collected[axis] = collected.get(SADDR, set()) | collected.get(DADDR, set())


def _cut_numbers(cuts: Cuts, registers: Groups, numbers: set[int]) -> None:
    """Each number that a connection can get is a class of its own in its mark's bits."""
    for part in registers["ct mark"]:
        values = {(number & part.mask) >> part.low for number in numbers}
        cuts.setdefault(part.axis, set()).update(((value, value),) for value in values)


def _space(cuts: Cuts, lasts: dict[str, int], registers: Groups, hits: Hits) -> Space:
    """The axes that every packet has, what else some rule reads, the registers' groups of bits, hits of maps."""
    parts = [part for held in registers.values() for part in held]
    names = [*_ALWAYS, *(axis for axis in cuts if axis not in _ALWAYS and "[" not in axis)]
    axes = [Axis.cut(name, lasts.get(name) or _last(name), cuts.get(name, ())) for name in names]
    axes += [Axis.cut(part.axis, (1 << part.width) - 1, {NONE, *cuts.get(part.axis, ())}) for part in parts]
    return Space.of([*axes, *(hit_axis(name, found) for found, name in hits)])


def _last(field: str) -> int:
    """The last value of a field that only the intent names."""
    return (1 << NEEDS[field].bits) - 1 if field in NEEDS else _REGISTER


def _untracks(met: list[Stage]) -> bool:
    return any(
        isinstance(statement, Untrack)
        for stage in met
        for chain in stage.table.chains.values()
        for rule in chain.rules
        for statement in rule.statements
    )


def _domain_cuts(family: int) -> Cuts:
    icmp = ICMP_OF[family]
    kinds = (BEGINNING[family], CONNECTED[family], ERRORS[family], UNTRACKED6)
    return {
        STATE: {((value, value),) for value in STATES.values()},
        DIRECTION: {NONE},
        PROTO: {((icmp, icmp),), ((6, 6),)},
        HEAD: {types(kind) for kind in kinds},
        FLAGS: {VALID},
        IIF: {NONE, (LOOPBACK,)},
        OIF: {NONE, (LOOPBACK,)},
    }


def _start(space: Space, registers: Groups, way: Way, fresh: bool) -> Row:
    """All packets of a way: those that can't be go along, and nobody asks what becomes of them (`_domain`)."""
    zeros = [*(("meta mark",) if way is not Way.OUTPUT else ()), *(("meta priority",) if way is Way.INPUT else ())]
    zeros += ["ct mark"] if fresh else []
    limits = {
        **(_FRESH if fresh else {}),
        **_where(way),
        **_not_local(space, way),
        **{part.axis: NONE for name in zeros for part in registers[name]},
    }
    initial = [Of(name, _REGISTER) for name in REGISTERS]
    return Row(_narrowed(space, space.full, limits), initial[0], initial[1], initial[2], ())


def _domain(space: Space, registers: Groups, start: Cube, family: int, untracks: bool) -> tuple[Cube, ...]:
    """What conntrack can say of these packets."""
    out = []
    for limits in possible(family, untracks):
        marks = {part.axis: NONE for part in registers["ct mark"]} if "ct mark" in limits else {}
        narrowed = {axis: spans for axis, spans in limits.items() if axis != "ct mark"}
        out.append(_narrowed(space, start, {**narrowed, **marks}))
    return tuple(cube for cube in out if all(cube))


def _not_local(space: Space, way: Way) -> dict[str, Spans]:
    """What is forwarded isn't the point's own (else it came in)."""
    if way is not Way.FORWARD or _LOCAL_TO not in space.index:
        return {}
    return {_LOCAL_TO: complement(((2, 2),), space.axes[space.index[_LOCAL_TO]].last)}  # RTN_LOCAL


def _narrowed(space: Space, cube: Cube, limits: Mapping[str, Spans]) -> Cube:
    out = list(cube)
    for axis, spans in limits.items():
        at = space.index[axis]
        out[at] &= space.axes[at].mask(spans)
    return tuple(out)


def _where(way: Way) -> dict[str, Spans]:
    some = complement((NONE[0], LOOPBACK), (1 << 128) - 1)
    any_real = complement(NONE, (1 << 128) - 1)
    return {
        Way.FORWARD: {IIF: some, OIF: some},
        Way.INPUT: {IIF: any_real, OIF: NONE},
        Way.OUTPUT: {IIF: NONE, OIF: any_real},
    }[way]
