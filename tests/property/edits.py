"""A random site made into another by a few edits, as a person at work would: the result is valid, too."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Interface, Point, PointKind
from segctl.model.segment import Endpoint, Segment
from segctl.model.selector import POINTS, WORLD
from segctl.model.site import Site
from segctl.policy import examine
from tests.reference.draw import (
    DENSE,
    LINKS,
    Draft,
    random_flow,
    random_guardrail,
    random_management,
    random_mode,
    random_profile,
    random_services,
)
from tests.strategies import AT, members_of, random_piece, selectors_of

T = TypeVar("T")
Edit = Callable[[Random, Site], Site]


def edited(rng: Random, site: Site) -> Site:
    """One to three edits; an edit that makes the site invalid is left out."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        for _ in range(20):
            changed = rng.choice(EDITS)(rng, site)
            if changed != site and examine(changed, AT).policy is not None:
                site = changed
                break
    return site


def draft_of(rng: Random, site: Site) -> Draft:
    return Draft(rng, dict(site.segments), dict(site.endpoints), dict(site.points), dict(site.profiles))


def flow_more(rng: Random, site: Site) -> Site:
    return replace(site, flows=(*site.flows, random_flow(draft_of(rng, site), f"more{rng.random()}")))


def flow_less(rng: Random, site: Site) -> Site:
    return replace(site, flows=_without_one(rng, site.flows))


def flow_other(rng: Random, site: Site) -> Site:
    """Other services, times, or for remediation."""
    if not site.flows:
        return site
    flow = rng.choice(site.flows)
    other = rng.choice(
        (
            replace(flow, services=random_services(draft_of(rng, site))),
            replace(flow, remediation=not flow.remediation),
            replace(flow, since=None, until=None),
            replace(flow, until=AT),
            replace(flow, name="another-name", why="for another reason"),
        )
    )
    return replace(site, flows=tuple(other if each is flow else each for each in site.flows))


def guardrail_more(rng: Random, site: Site) -> Site:
    return replace(site, guardrails=(*site.guardrails, random_guardrail(draft_of(rng, site), f"more{rng.random()}")))


def guardrail_less(rng: Random, site: Site) -> Site:
    return replace(site, guardrails=_without_one(rng, site.guardrails))


def management_more(rng: Random, site: Site) -> Site:
    return replace(site, management=(*site.management, random_management(draft_of(rng, site), f"more{rng.random()}")))


def management_less(rng: Random, site: Site) -> Site:
    return replace(site, management=_without_one(rng, site.management))


def profile_other(rng: Random, site: Site) -> Site:
    segment = rng.choice(list(site.segments.values()))
    profiles = [*site.profiles.values(), random_profile(rng, "drawn")]
    return _with(site, replace(segment, profile=rng.choice(profiles)))


def mode_other(rng: Random, site: Site) -> Site:
    segment = rng.choice(list(site.segments.values()))
    none = segment.name == WORLD and rng.random() < 0.5
    return _with(site, replace(segment, mode=None if none else random_mode(rng)))


def default_mode_other(rng: Random, site: Site) -> Site:
    return replace(site, default_mode=random_mode(rng))


def members_other(rng: Random, site: Site) -> Site:
    segment = rng.choice([each for each in site.segments.values() if each.name not in (WORLD, POINTS)])
    if segment.members and rng.random() < 0.5:
        return _with(site, replace(segment, members=_without_one(rng, segment.members)))
    more = members_of(draft_of(rng, site), random_piece(rng, DENSE, 4))
    return _with(site, replace(segment, members=segment.members + more))


def addresses_other(rng: Random, site: Site) -> Site:
    endpoint = rng.choice(list(site.endpoints.values()))
    other = Endpoint(endpoint.name, tuple(rng.sample(DENSE, rng.randint(1, 3))), endpoint.span, endpoint.labels)
    return replace(site, endpoints={**site.endpoints, endpoint.name: other})


def labels_other(rng: Random, site: Site) -> Site:
    endpoint = rng.choice(list(site.endpoints.values()))
    return replace(site, endpoints={**site.endpoints, endpoint.name: replace(endpoint, labels={"app": "x"})})


def interface_other(rng: Random, site: Site) -> Site:
    """Other segments behind it, other links, other addresses of ours, or none of it."""
    if not site.gateways():
        return site
    gateway = rng.choice(site.gateways())
    interface = rng.choice(list(gateway.interfaces.values()))
    listable = [name for name in site.segments if name != "quarantine"]
    segments = tuple(rng.sample(listable, rng.randint(0, min(3, len(listable)))))
    others: list[Interface | None] = [
        replace(interface, segments=segments),
        replace(interface, links=tuple(rng.sample(LINKS, 2))),
        replace(interface, addresses=interface.addresses[1:]),
        None,
    ]
    other = rng.choice(others)
    kept = {name: each for name, each in gateway.interfaces.items() if name != interface.name}
    made = replace(gateway, interfaces=kept if other is None else {**kept, other.name: other})
    return replace(site, points={**site.points, gateway.name: made})


def point_other(rng: Random, site: Site) -> Site:
    """One less, or a host point more."""
    said: tuple[Flow | Guardrail | Management, ...] = (*site.flows, *site.guardrails, *site.management)
    named = {str(one) for each in said for one in selectors_of(each)}
    free = [name for name in site.points if name not in named]
    if free and rng.random() < 0.4:
        gone = rng.choice(free)
        return replace(site, points={name: each for name, each in site.points.items() if name != gone})
    endpoint = rng.choice(list(site.endpoints.values()))
    host = Point(f"{endpoint.name}-point", endpoint.span, PointKind.HOST, endpoint=endpoint.name)
    return replace(site, points={**site.points, host.name: host})


def _with(site: Site, segment: Segment) -> Site:
    return replace(site, segments={**site.segments, segment.name: segment})


def _without_one(rng: Random, those: tuple[T, ...]) -> tuple[T, ...]:
    gone = rng.randrange(len(those)) if those else 0
    return those[:gone] + those[gone + 1 :]


EDITS: tuple[Edit, ...] = (
    flow_more, flow_more, flow_less, flow_other, flow_other, guardrail_more, guardrail_less, management_more,
    management_less, profile_other, mode_other, mode_other, default_mode_other, members_other, members_other,
    addresses_other, labels_other, interface_other, interface_other, point_other,
)  # fmt: skip
