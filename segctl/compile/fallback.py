"""Steps 4 to 6 of the law as maps: what holds where nobody declared anything.

Pairs of segments would be too many. What matters of a segment is how it behaves as source and as destination:
whether it refuses, whether it observes, what it answers, how loud it is. There are few behaviours however many
segments, so each zone leads to its behaviour, and pairs of behaviours to what is done.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from segctl.compile.allowances import Allowances
from segctl.compile.lookups import StageBuilder
from segctl.compile.ruleset import DenyChain, Element, Field, Level, NamedMap, Stage, zone_sets
from segctl.compile.tokens import Name
from segctl.compile.zones import Classes, Zone
from segctl.model.ranges import Ranges
from segctl.model.selector import WORLD
from segctl.model.strictness import Answer, Log, Mode, ModeKind, Verdict
from segctl.policy.effect import mode_of
from segctl.policy.policy import Policy


class Watch(StrEnum):
    """How an end carries a deny out, for the connection at hand."""

    ENFORCES = "enforces"
    OBSERVES = "observes"
    OTHER = "other"  # the world's: as the other end, and among themselves as the defaults say
    OTHER_ENFORCES = "other-enforces"  # as the other end; among themselves enforcing, as the defaults do this service


@dataclass(frozen=True, slots=True, order=True)
class Behaviour:
    """What matters of an end where nothing is declared; `same`: source and destination are one segment."""

    refuses: bool
    watch: Watch
    answer: Answer
    log: Log
    same: bool = False


@dataclass(frozen=True, slots=True)
class _Enforced:
    """Services that a selective segment enforces, as what a stage builder reads."""

    base: int
    traffic: Ranges
    source: tuple[tuple[int, int], ...]
    target: tuple[tuple[int, int], ...]


Ends = tuple[frozenset[Zone], frozenset[Zone]]
"""Zones as sources, and as destinations."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """The maps of the last steps, the look-ups of selective modes, and the chains that refuse.

    `open_ends`: the zones that don't refuse, as source and as destination. `observed`: such pairs of zones whose denies
    are only logged; within one segment the pair is the segment's with itself.
    """

    maps: list[NamedMap]
    selective: Stage
    denies: tuple[DenyChain, ...]
    observes: bool
    open_ends: Ends
    observed: tuple[Ends, ...]


def fall_back(policy: Policy, classes: Classes, found: Allowances) -> Fallback:
    """Everything that steps 4 to 6 need, linear in the number of segments."""
    sources = {zone: _behaviour(policy, zone, inbound=False) for zone in classes.zones}
    targets = {zone: _behaviour(policy, zone, inbound=True) for zone in classes.zones}
    same = Behaviour(True, Watch.OTHER, Answer.DROP, Log.NONE, same=True)
    selective = {zone: mode for zone in classes.zones if (mode := _selective(policy, zone)) is not None}
    firm = {zone: _firm(targets[zone]) for zone in selective}
    distinct = {*sources.values(), *targets.values(), *firm.values(), same}
    ids = {behaviour: at for at, behaviour in enumerate(sorted(distinct), 1)}
    builder = StageBuilder("selective")
    for zone, mode in selective.items():
        anybody, this = ((Level.ANY, 0),), ((Level.ZONE, zone.id),)
        builder.add(_Enforced(ids[firm[zone]], mode.services, anybody, this))
    pairs, denies = _pairs(policy, {*sources.values(), same}, {*targets.values(), *firm.values()}, ids)
    maps = [
        *_inside(policy, classes, found, ids[same]),
        *builder.maps(),
        _of_zones("source_behaviour", Field.SOURCE, sources, ids),
        _of_zones("target_behaviour", Field.TARGET, targets, ids),
        NamedMap(Name("defaults"), (Field.SOURCE, Field.TARGET), Field.VERDICT, tuple(pairs)),
    ]
    observes = any(element.value == ("goto", "observe") for element in pairs)
    open_ends = _with(sources, lambda one: not one.refuses), _with(targets, lambda one: not one.refuses)
    watched = tuple(_observed(pairs, ids, sources, [targets, firm], same, classes))
    kept = [one for one in maps if one.elements]
    return Fallback(kept, builder.stage(), denies, observes, open_ends, watched)


def _with(zones: Mapping[Zone, Behaviour], wanted: Callable[[Behaviour], bool]) -> frozenset[Zone]:
    return frozenset(zone for zone, behaviour in zones.items() if wanted(behaviour))


def _observed(
    pairs: list[Element],
    ids: dict[Behaviour, int],
    sources: Mapping[Zone, Behaviour],
    targets: list[Mapping[Zone, Behaviour]],
    same: Behaviour,
    classes: Classes,
) -> Iterator[Ends]:
    """Between which zones a deny is only logged."""
    for element in pairs:
        if element.value != ("goto", "observe"):
            continue
        first, second = element.key
        ends = frozenset(z for held in targets for z, one in held.items() if ids[one] == second)
        if first == ids[same]:
            for zones in classes.by_segment().values():
                if inside := ends & frozenset(zones):
                    yield frozenset(zones), inside
        else:
            yield frozenset(z for z, one in sources.items() if ids[one] == first), ends


def _behaviour(policy: Policy, zone: Zone, *, inbound: bool) -> Behaviour:
    segment = policy.site.segments[zone.segment]
    profile = segment.profile
    refuses = (profile.ingress if inbound else profile.egress) is Verdict.DENY
    mode = mode_of(policy, segment.name)
    return Behaviour(refuses, _watch(mode), profile.answer, profile.log)


def _watch(mode: Mode | None) -> Watch:
    """A selective one observes, but for what its look-ups find."""
    if mode is None:
        return Watch.OTHER
    return Watch.ENFORCES if mode.kind is ModeKind.ENFORCE else Watch.OBSERVES


def _selective(policy: Policy, zone: Zone) -> Mode | None:
    """The mode whose services the zone enforces; of a world without a mode of its own, the defaults'."""
    mode = mode_of(policy, zone.segment) or policy.site.default_mode
    return mode if mode.kind is ModeKind.SELECTIVE else None


def _firm(behaviour: Behaviour) -> Behaviour:
    watch = Watch.OTHER_ENFORCES if behaviour.watch is Watch.OTHER else Watch.ENFORCES
    return Behaviour(behaviour.refuses, watch, behaviour.answer, behaviour.log)


def _of_zones(name: str, field: Field, found: dict[Zone, Behaviour], ids: dict[Behaviour, int]) -> NamedMap:
    elements = tuple(Element((zone.id,), ids[behaviour]) for zone, behaviour in found.items())
    return NamedMap(Name(name), (field,), field, elements)


def _inside(policy: Policy, classes: Classes, found: Allowances, same: int) -> Iterator[NamedMap]:
    """Step 4: pairs of zones of one segment (one zone, but for `points` and `quarantine`)."""
    allowed = {one.name: one.base for one in found.intra}
    inside, denied = [], []
    for name, zones in classes.by_segment().items():
        for source, target in product(zones, repeat=2):
            key = (source.id, target.id)
            if name in allowed:
                inside.append(Element(key, allowed[name]))
            else:
                denied.append(Element(key, same))
    ends = (Field.SOURCE, Field.TARGET)
    yield NamedMap(Name("inside"), ends, Field.BASE, tuple(inside), counted=True)
    yield NamedMap(Name("inside_denied"), ends, Field.SOURCE, tuple(denied))


def _pairs(
    policy: Policy,
    sources: set[Behaviour],
    targets: set[Behaviour],
    ids: dict[Behaviour, int],
) -> tuple[list[Element], tuple[DenyChain, ...]]:
    chains: dict[str, DenyChain] = {}
    elements: list[Element] = []
    for source, target in sorted(product(sources, targets)):
        key = (ids[source], ids[target])
        refusing = [end for end in (source, target) if end.refuses] if not source.same else [target]
        if not refusing:
            elements.append(Element(key, ("goto", "default_allow")))
        elif all(_observes(policy, source, target, end) for end in refusing):
            elements.append(Element(key, ("goto", "observe")))
        else:
            answer = (target if target in refusing else source).answer
            log = max(end.log for end in refusing)
            name = f"deny_{answer}_{log.name.lower()}"
            chains[name] = DenyChain(Name(name), answer, log)
            elements.append(Element(key, ("goto", name)))
    return elements, tuple(chains[name] for name in sorted(chains))


def _observes(policy: Policy, source: Behaviour, target: Behaviour, end: Behaviour) -> bool:
    """Whether a refusing end only observes: the world as its other end does."""
    others = (Watch.OTHER, Watch.OTHER_ENFORCES)
    if end.watch not in others:
        return end.watch is Watch.OBSERVES
    other = end if source.same else (target if end is source else source)
    if other.watch not in others:
        return other.watch is Watch.OBSERVES
    return target.watch is Watch.OTHER and policy.site.default_mode.kind is not ModeKind.ENFORCE


def lenient_zones(policy: Policy, classes: Classes) -> tuple[list[NamedMap], bool]:
    """Zones that do not enforce, as source and destination, and whether world with itself is lenient, too.

    The world counts as the other end does, so it is in both sets; only world with itself asks the defaults.
    """
    modes = {zone: mode_of(policy, zone.segment) for zone in classes.zones}
    lenient = {zone: mode for zone, mode in modes.items() if mode is None or mode.kind is not ModeKind.ENFORCE}
    world_too = (mode_of(policy, WORLD) or policy.site.default_mode).kind is not ModeKind.ENFORCE
    if not any(lenient.values()) and not world_too:
        return [], False
    return zone_sets("lenient", (zone.id for zone in lenient)), world_too


def quarantined_zones(policy: Policy, classes: Classes) -> list[NamedMap]:
    """Zones whose profile demands step 2, as source and destination."""
    segments = policy.site.segments
    return zone_sets("quarantined", (z.id for z in classes.zones if segments[z.segment].profile.quarantine))
