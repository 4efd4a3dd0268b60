"""A host's ruleset: input and output for the addresses of its endpoint alone, small whatever the size of the site."""

from datetime import datetime

from segctl.compile.addresses import address_maps, address_ranges
from segctl.compile.allowances import Allowance, Allowances, Facing, allowances
from segctl.compile.concern import concern
from segctl.compile.essentials import essential_rules
from segctl.compile.fallback import ALLOW, OBSERVE, Fallback, fall_back, quarantined_zones, refused
from segctl.compile.homes import homes
from segctl.compile.host_zones import Others, Surroundings, host_classes, surroundings
from segctl.compile.ruleset import Element, Field, NamedMap, Ruleset
from segctl.compile.stages import build_stages, guard_chains
from segctl.compile.tokens import Name
from segctl.compile.zones import Classes, undeclared_id, world_class, world_id
from segctl.model.generation import Meaning
from segctl.model.ranges import Ranges
from segctl.model.selector import WORLD
from segctl.model.strictness import Log
from segctl.policy.effect import lenient
from segctl.policy.numbers import digest, number_all
from segctl.policy.policy import Policy
from segctl.policy.special import special_at_host


def compile_host(whole: Policy, name: str, at: datetime) -> Ruleset:
    """The rules of the host point `name` as they hold at `at` (with zone)."""
    point, own = whole.site.points[name], whole.hosts[name]
    policy = concern(whole, own, at)
    here = surroundings(policy, own)
    classes = host_classes(policy, here)
    found = allowances(policy, classes, at, _facing(policy, here))
    last = fall_back(policy, classes, found)
    lenience = _lenience(policy, classes, here.homes)
    numbers = _Numbers(found, last, bool(lenience.elements))
    stages, maps = build_stages(found)
    rules, essential_meanings = essential_rules(policy, point)
    special = special_at_host(policy.site, own) if _closed(policy, classes, here) else policy.special
    maps = [
        *address_maps(classes),
        *([lenience] if lenience.elements else []),
        *quarantined_zones(policy, classes),
        *maps,
        *last.maps,
        *numbers.maps(),
    ]
    return Ruleset(
        point=name,
        kind=point.kind,
        maps=tuple(maps),
        stages={**stages, "selective": last.selective},
        denies=last.denies,
        guards=guard_chains(found),
        essentials=rules,
        world=world_id(classes),
        own=undeclared_id(classes),
        observe_base=found.observe.base,
        default_base=found.default.base,
        special4=address_ranges(special.v4()),
        special6=address_ranges(special.v6()),
        ours4=address_ranges(own.v4()),
        ours6=address_ranges(own.v6()),
        meanings=numbers.meanings() | essential_meanings,
        homes=homes(policy, classes),
    )


def _facing(policy: Policy, here: Surroundings) -> Facing:
    segments, own = policy.site.segments, policy.partition.own
    loud = {name for name, segment in segments.items() if segment.profile.log >= Log.DENIES_NEW}
    cut_off = [name for name, segment in segments.items() if segment.profile.quarantine]
    letting = [one for one in here.others if _lets(one)]
    rails = digest(*sorted(digest(s.source, s.destination, s.traffic) for s in policy.guardrails.items))
    homes = [(name, repr(segments[name].profile), repr(segments[name].mode), digest(own[name])) for name in here.homes]
    return Facing(
        loud=Ranges.of(span for name in loud for span in own[name]),
        quarantined=Ranges.of(span for name in cut_off for span in own[name]),
        inside=here.homes,
        rails=rails,
        meaning=digest(*homes, *((one.meets, digest(one.addresses)) for one in letting), rails),
        aloud=not loud.isdisjoint({*here.homes, *(name for one in letting for name in one.names)}),
    )


def _lets(one: Others) -> bool:
    """Whether something passes between them and the host where nothing is declared."""
    return repr(ALLOW) in one.meets or repr(OBSERVE) in one.meets


def _lenience(policy: Policy, classes: Classes, homes: tuple[str, ...]) -> NamedMap:
    """Pairs of zones of which both ends observe: the host's own, or a special address, which counts as the world.

    A local address that is neither the endpoint's nor any machine's counts as all of the host's segments.
    """
    stray, world = undeclared_id(classes), world_id(classes) >> 16 << 16
    pairs = []
    for zone in classes.zones:
        ours = [(one.id, (one.segment,)) for one in classes.zones if one.ours]
        for id, names in (*ours, (stray, homes), (world, (WORLD,))):
            if all(lenient(policy, name, zone.segment) for name in names):
                pairs += [(id, zone.id), (zone.id, id)]
    elements = tuple(Element(pair) for pair in sorted(set(pairs)))
    return NamedMap(Name("lenient"), (Field.SOURCE, Field.TARGET), None, elements)


def _closed(policy: Policy, classes: Classes, here: Surroundings) -> bool:
    """Whether an address that no map knows meets silence both ways, as a special one does: then those of other links
    needn't be named.
    """
    stranger = world_class(classes)
    if stranger is None or WORLD in here.homes:
        return False
    named = any(
        stranger in classes.of(end) for kind in (policy.flows, policy.management) for one in kind.items
        for end in (one.source, one.destination)
    )  # fmt: skip
    watched = any(lenient(policy, name, WORLD) for name in policy.partition.own)
    return not named and not watched and all(refused(policy, home, WORLD) for home in here.homes)


class _Numbers:
    """Each allowance's number: one, whatever the interface, for its ends live at this host."""

    def __init__(self, found: Allowances, last: Fallback, lenient: bool) -> None:
        used = (last.allows, last.observes or lenient)
        ends = [one for one, wanted in zip((found.default, found.observe), used, strict=True) if wanted]
        self._held = (*found.management, *found.flows, *found.intra, *ends)
        self._numbers = number_all(map(_meaning, self._held))

    def maps(self) -> list[NamedMap]:
        """From base to number, what is live, and what is logged when it begins."""
        numbered = [(one, self._numbers[_meaning(one)]) for one in self._held]
        bases = tuple(Element((one.base,), number, one.until) for one, number in numbered)
        live = tuple(sorted((Element((number,), None, one.until) for one, number in numbered), key=lambda e: e.key))
        loud = tuple(sorted((Element((number,)) for one, number in numbered if one.log_new), key=lambda e: e.key))
        made = [
            NamedMap(Name("numbers_own"), (Field.BASE,), Field.NUMBER, bases, counted=True, timed=True),
            NamedMap(Name("live_own"), (Field.NUMBER,), None, live, timed=True),
        ]
        return [*made, *([NamedMap(Name("loud"), (Field.NUMBER,), None, loud)] if loud else [])]

    def meanings(self) -> dict[int, Meaning]:
        """What each number stands for."""
        return {self._numbers[_meaning(one)]: Meaning(one.kind, one.name, one.place, ()) for one in self._held}


def _meaning(one: Allowance) -> tuple[str, ...]:
    return (one.kind, one.name, one.meaning)
