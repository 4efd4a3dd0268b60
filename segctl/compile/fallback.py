"""Steps 4 to 6 of the law as maps: what holds where nobody declared anything.

Pairs of segments would be too many. What matters of a segment is how it behaves as source and as destination:
whether it refuses, whether it observes, what it answers, how loud it is. There are few behaviours however many
segments, so each zone leads to its behaviour, and pairs of behaviours to what is done.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
from segctl.policy.effect import lenient, mode_of
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


_SAME = Behaviour(True, Watch.OTHER, Answer.DROP, Log.NONE, same=True)
ALLOW, OBSERVE = "default_allow", "observe"
"""The chains that let through."""
_ALWAYS = ("source_behaviour", "target_behaviour", "defaults")


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

    `allows`, `observes`: whether some pair is let through by default, or only logged. `open_ends`: the zones that don't
    refuse, as source and as destination. `observed`: such pairs of zones whose denies are only logged; within one
    segment the pair is the segment's with itself.
    """

    maps: list[NamedMap]
    selective: Stage
    denies: tuple[DenyChain, ...]
    allows: bool
    observes: bool
    open_ends: Ends
    observed: tuple[Ends, ...]


def fall_back(policy: Policy, classes: Classes, found: Allowances) -> Fallback:
    """Everything that steps 4 to 6 need, linear in the number of segments."""
    sources = {zone: _behaviour(policy, zone.segment, inbound=False) for zone in classes.zones}
    targets = {zone: _behaviour(policy, zone.segment, inbound=True) for zone in classes.zones}
    selective = {zone: mode for zone in classes.zones if (mode := _selective(policy, zone.segment)) is not None}
    firm = {zone: _firm(targets[zone]) for zone in selective}
    distinct = {*sources.values(), *targets.values(), *firm.values(), _SAME}
    ids = {behaviour: at for at, behaviour in enumerate(sorted(distinct), 1)}
    builder = StageBuilder("selective")
    for zone, mode in selective.items():
        anybody, this = ((Level.ANY, 0),), ((Level.ZONE, zone.id),)
        builder.add(_Enforced(ids[firm[zone]], mode.services, anybody, this))
    pairs, denies = _pairs(policy, _meeting(policy, classes, sources, targets, firm), ids)
    maps = [
        *_inside(classes, found, ids[_SAME]),
        *builder.maps(),
        _of_zones("source_behaviour", Field.SOURCE, sources, ids),
        _of_zones("target_behaviour", Field.TARGET, targets, ids),
        NamedMap(Name("defaults"), (Field.SOURCE, Field.TARGET), Field.VERDICT, tuple(pairs)),
    ]
    allows, observes = (any(one.value == ("goto", chain) for one in pairs) for chain in (ALLOW, OBSERVE))
    open_ends = _with(sources, lambda one: not one.refuses), _with(targets, lambda one: not one.refuses)
    watched = tuple(_observed(pairs, ids, sources, [targets, firm], classes))
    kept = [one for one in maps if one.elements or one.name.text in _ALWAYS]
    return Fallback(kept, builder.stage(), denies, allows, observes, open_ends, watched)


def _meeting(
    policy: Policy,
    classes: Classes,
    sources: Mapping[Zone, Behaviour],
    targets: Mapping[Zone, Behaviour],
    firm: Mapping[Zone, Behaviour],
) -> set[tuple[Behaviour, Behaviour]]:
    """Every pair that some packet has, on a host without the quarantined; on a gateway, with its many zones, all."""
    if not classes.host:
        return set(product({*sources.values(), _SAME}, {*targets.values(), *firm.values()}))
    asked = [zone for zone in classes.zones if not policy.site.segments[zone.segment].profile.quarantine]
    return {
        (_SAME if source.segment == target.segment else sources[source], behaviour)
        for source, target in product(asked, repeat=2)
        if classes.meet(source, target)
        for behaviour in (targets[target], firm.get(target, targets[target]))
    }


def alike(policy: Policy, name: str, homes: Iterable[str]) -> object:
    """What packets between a segment and these others meet where nothing is declared.

    Of two segments for which it is equal, these tell nothing apart.
    """
    homes = tuple(homes)
    segments = policy.site.segments
    lenience = tuple(lenient(policy, name, other) for other in (*homes, WORLD))
    if segments[name].profile.quarantine:
        return "quarantine", lenience
    away, here = (_behaviour(policy, name, inbound=inbound) for inbound in (False, True))
    enforced = _selective(policy, name)
    met: list[object] = []
    for home in homes:
        if segments[home].profile.quarantine:
            continue
        out, into = (_behaviour(policy, home, inbound=inbound) for inbound in (False, True))
        plain, firm = (_plain(_met(policy, out, target)) for target in (here, _firm(here)))
        met += [plain, (firm, enforced.services) if enforced is not None and firm != plain else None]
        met += [_plain(_met(policy, away, target)) for target in (into, _firm(into))]
    return tuple(met), lenience


def refused(policy: Policy, home: str, name: str) -> bool:
    """Whether what a segment and another say to each other is dropped without an answer where nothing is declared."""
    if any(policy.site.segments[one].profile.quarantine for one in (home, name)):
        return True
    pairs = ((home, name), (name, home))
    ends = ((_behaviour(policy, a, inbound=False), _behaviour(policy, b, inbound=True)) for a, b in pairs)
    met = (_met(policy, source, end) for source, target in ends for end in (target, _firm(target)))
    return all(not isinstance(one, str) and one.answer is Answer.DROP for one in met)


def _plain(met: DenyChain | str) -> object:
    """What a packet meets, without what nobody sees of it: how loud, if it is loud at all."""
    return met if isinstance(met, str) else (met.answer, bool(met.log))


def _with(zones: Mapping[Zone, Behaviour], wanted: Callable[[Behaviour], bool]) -> frozenset[Zone]:
    return frozenset(zone for zone, behaviour in zones.items() if wanted(behaviour))


def _observed(
    pairs: list[Element],
    ids: dict[Behaviour, int],
    sources: Mapping[Zone, Behaviour],
    targets: list[Mapping[Zone, Behaviour]],
    classes: Classes,
) -> Iterator[Ends]:
    """Between which zones a deny is only logged."""
    for element in pairs:
        if element.value != ("goto", OBSERVE):
            continue
        first, second = element.key
        ends = frozenset(z for held in targets for z, one in held.items() if ids[one] == second)
        if first == ids[_SAME]:
            for zones in classes.by_segment().values():
                if inside := ends & frozenset(zones):
                    yield frozenset(zones), inside
        else:
            yield frozenset(z for z, one in sources.items() if ids[one] == first), ends


def _behaviour(policy: Policy, name: str, *, inbound: bool) -> Behaviour:
    segment = policy.site.segments[name]
    profile = segment.profile
    refuses = (profile.ingress if inbound else profile.egress) is Verdict.DENY
    mode = mode_of(policy, segment.name)
    return Behaviour(refuses, _watch(mode), profile.answer, profile.log)


def _watch(mode: Mode | None) -> Watch:
    """A selective one observes, but for what its look-ups find."""
    if mode is None:
        return Watch.OTHER
    return Watch.ENFORCES if mode.kind is ModeKind.ENFORCE else Watch.OBSERVES


def _selective(policy: Policy, name: str) -> Mode | None:
    """The mode whose services a segment enforces; of a world without a mode of its own, the defaults'."""
    mode = mode_of(policy, name) or policy.site.default_mode
    return mode if mode.kind is ModeKind.SELECTIVE else None


def _firm(behaviour: Behaviour) -> Behaviour:
    watch = Watch.OTHER_ENFORCES if behaviour.watch is Watch.OTHER else Watch.ENFORCES
    return Behaviour(behaviour.refuses, watch, behaviour.answer, behaviour.log)


def _of_zones(name: str, field: Field, found: dict[Zone, Behaviour], ids: dict[Behaviour, int]) -> NamedMap:
    elements = tuple(Element((zone.id,), ids[behaviour]) for zone, behaviour in found.items())
    return NamedMap(Name(name), (field,), field, elements)


def _inside(classes: Classes, found: Allowances, same: int) -> Iterator[NamedMap]:
    """Step 4: pairs of zones of one segment (one zone, but for `points` and `quarantine`)."""
    allowed = {one.name: one.base for one in found.intra}
    inside, denied = [], []
    for name, zones in classes.by_segment().items():
        for source, target in product(zones, repeat=2):
            key = (source.id, target.id)
            if not classes.meet(source, target):
                continue
            if name in allowed:
                inside.append(Element(key, allowed[name]))
            else:
                denied.append(Element(key, same))
    ends = (Field.SOURCE, Field.TARGET)
    yield NamedMap(Name("inside"), ends, Field.BASE, tuple(inside), counted=True)
    yield NamedMap(Name("inside_denied"), ends, Field.SOURCE, tuple(denied))


def _pairs(
    policy: Policy, meeting: Iterable[tuple[Behaviour, Behaviour]], ids: dict[Behaviour, int]
) -> tuple[list[Element], tuple[DenyChain, ...]]:
    chains: dict[str, DenyChain] = {}
    elements: list[Element] = []
    for source, target in sorted(meeting):
        met = _met(policy, source, target)
        if not isinstance(met, str):
            chains[met.name.text] = met
        elements.append(Element((ids[source], ids[target]), ("goto", met if isinstance(met, str) else met.name.text)))
    return elements, tuple(chains[name] for name in sorted(chains))


def _met(policy: Policy, source: Behaviour, target: Behaviour) -> DenyChain | str:
    """What becomes of a packet from the one to the other: a way to refuse it, or the chain that lets it through."""
    refusing = [end for end in (source, target) if end.refuses] if not source.same else [target]
    if not refusing:
        return ALLOW
    if all(_observes(policy, source, target, end) for end in refusing):
        return OBSERVE
    answer = (target if target in refusing else source).answer
    log = max(end.log for end in refusing)
    return DenyChain(Name(f"deny_{answer}_{log.name.lower()}"), answer, log)


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
    lax = {zone: mode for zone, mode in modes.items() if mode is None or mode.kind is not ModeKind.ENFORCE}
    world_too = (mode_of(policy, WORLD) or policy.site.default_mode).kind is not ModeKind.ENFORCE
    if not any(lax.values()) and not world_too:
        return [], False
    return zone_sets("lenient", (zone.id for zone in lax)), world_too


def quarantined_zones(policy: Policy, classes: Classes) -> list[NamedMap]:
    """Zones whose profile demands step 2, as source and destination."""
    segments = policy.site.segments
    return zone_sets("quarantined", (z.id for z in classes.zones if segments[z.segment].profile.quarantine))
