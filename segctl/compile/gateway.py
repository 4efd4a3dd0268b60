"""A gateway's ruleset: forward, and its own input and output."""

from datetime import datetime

from segctl.compile.addresses import address_maps, address_ranges
from segctl.compile.allowances import allowances
from segctl.compile.binding import Numbers, behind, loose_interfaces, nowhere
from segctl.compile.essentials import essential_rules
from segctl.compile.fallback import fall_back, lenient_zones, quarantined_zones
from segctl.compile.homes import homes
from segctl.compile.ruleset import Ruleset
from segctl.compile.stages import build_stages, guard_chains
from segctl.compile.tokens import InterfaceName
from segctl.compile.zones import classify, undeclared_id, world_id
from segctl.policy.policy import Policy


def compile_gateway(policy: Policy, name: str, at: datetime) -> Ruleset:
    """The rules of the gateway `name` as they hold at `at` (with zone)."""
    point = policy.site.points[name]
    classes = classify(policy, point)
    found = allowances(policy, classes, at)
    lenient, world_too = lenient_zones(policy, classes)
    loose = loose_interfaces(policy, point)
    last = fall_back(policy, classes, found)
    numbers = Numbers(found, classes, point, loose, lenient, last)
    stages, maps = build_stages(found)
    rules, essential_meanings = essential_rules(policy, point)
    maps = [
        *address_maps(classes),
        *behind(classes),
        *lenient,
        *(nowhere(policy, classes) if lenient else []),
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
        loose=tuple(InterfaceName(one) for one in loose),
        world_observes=world_too,
        special4=address_ranges(policy.special.v4()),
        special6=address_ranges(policy.special.v6()),
        meanings=numbers.meanings() | essential_meanings,
        homes=homes(policy, classes, loose),
    )
