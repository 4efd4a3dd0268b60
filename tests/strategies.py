"""Random small, dense sites and questions on them; the same seed gives the same site and the same questions."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from hypothesis import strategies as st

from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Interface, InterfaceAddress, Point, PointKind
from segctl.model.ranges import Ranges, family
from segctl.model.segment import Endpoint, Segment
from segctl.model.selector import POINTS, QUARANTINE, WORLD, Labelled, Named, Selector, Selectors
from segctl.model.site import Site
from segctl.model.strictness import Mode
from tests.reference import build
from tests.reference.draw import (
    AT,
    BORDERS,
    DENSE,
    LINKS,
    NAMES,
    Draft,
    block_of,
    random_flow,
    random_guardrail,
    random_labels,
    random_management,
    random_mode,
    random_profile,
)
from tests.reference.questions import random_questions


def random_site(rng: Random) -> Site:
    """A site that may be valid; `valid_site` sorts out those that aren't."""
    draft = Draft(rng, profiles=build.PROFILES | {name: random_profile(rng, name) for name in ("own1", "own2")})
    default_mode = random_mode(rng)
    for name, addresses in random_endpoints(draft):
        draft.endpoints[name] = Endpoint(name, addresses, build.here(), random_labels(rng, ("app", "tier")))
    draw_segments(draft, default_mode)
    draw_built_in(draft, default_mode)
    if draft.chance(0.85):
        draw_points(draft)
    flows = tuple(random_flow(draft, f"flow{number}") for number in range(rng.randint(0, 10)))
    guardrails = tuple(random_guardrail(draft, f"guardrail{number}") for number in range(rng.choice((0, 1, 2, 3))))
    management = tuple(random_management(draft, f"management{number}") for number in range(rng.choice((0, 1, 2, 3))))
    return Site(
        "random", build.here(), draft.profiles, draft.segments, draft.endpoints, flows=flows, guardrails=guardrails,
        management=management, points=draft.points, default_mode=default_mode,
    )  # fmt: skip


def random_endpoints(draft: Draft) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Names with addresses; an address is of one endpoint only."""
    free = draft.rng.sample(DENSE, 16)
    for number in range(draft.rng.randint(1, 5)):
        yield f"host{number}", tuple(free.pop() for _ in range(draft.rng.randint(1, 3)))


def draw_segments(draft: Draft, default_mode: Mode) -> None:
    """Two to six segments, some within others: disjoint or properly covered."""
    rng = draft.rng
    free = {None: set(DENSE) | (set(BORDERS) if draft.chance(0.3) else set())}
    parents: list[str | None] = [None]
    for name in NAMES[: rng.randint(2, 6)]:
        within = rng.choice(parents) if draft.chance(0.5) else None
        available = free[within]  # type: ignore[index]
        taken = random_piece(rng, sorted(available), 24 if within is None else 12)
        available -= taken
        free[name] = set(taken)  # type: ignore[index]
        parents.append(name)
        mode = default_mode if draft.chance(0.3) else random_mode(rng)
        profile = draft.profiles[rng.choice([name for name in draft.profiles if name not in ("outside", "point")])]
        if profile.quarantine and draft.chance(0.7):
            profile = draft.profiles["guarded"]
        draft.segments[name] = Segment(
            name, build.here(), profile, mode, members_of(draft, taken), within, labels=random_labels(rng, ("env",)),
            may_be_empty=True,
        )  # fmt: skip


def random_piece(rng: Random, available: Sequence[int], most: int) -> set[int]:
    """A few runs of neighbours out of what is available, mostly of both families."""
    out: set[int] = set()
    for number in (4, 6):
        of_family = [address for address in available if family(address) == number]
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2))):
            if of_family:
                start = rng.randrange(len(of_family))
                out.update(of_family[start : start + rng.randint(1, most)])
    return out


def members_of(draft: Draft, addresses: set[int]) -> Selectors:
    """The same addresses as blocks, as endpoints where one fits, and by labels where all that carry them fit."""
    fitting = [each.name for each in draft.endpoints.values() if addresses.issuperset(each.addresses)]
    named = [name for name in fitting if draft.chance(0.5)]
    by_endpoints = {address for name in named for address in draft.endpoints[name].addresses}
    members: list[Selector] = [Named(name, build.here()) for name in named]
    for key, value in (("app", "x"), ("tier", "y")):
        carrying = [each.name for each in draft.endpoints.values() if each.labels.get(key) == value]
        if carrying and set(carrying) <= set(fitting):
            members.append(Labelled(build.labels(**{key: value}), build.here()))
    blocks = addresses - by_endpoints if draft.chance(0.5) else addresses
    members += [block_of(*span) for span in Ranges.of((each, each) for each in blocks)]
    draft.rng.shuffle(members)
    return tuple(members)


def draw_built_in(draft: Draft, default_mode: Mode) -> None:
    """`world` with and without a mode, sometimes of another profile; `quarantine` sometimes with members."""
    rng = draft.rng
    outside = draft.profiles[rng.choice(("outside", "outside", "outside", "strict", "own1"))]
    draft.segments[WORLD] = Segment(
        WORLD, build.here(), outside, random_mode(rng) if draft.chance(0.4) else None, built_in=True
    )
    draft.segments[POINTS] = Segment(
        POINTS, build.here(), draft.profiles[rng.choice(("point", "point", "open", "own2"))],
        random_mode(rng) if draft.chance(0.4) else default_mode, built_in=True,
    )  # fmt: skip
    cut_off = members_of(draft, random_piece(rng, DENSE, 6)) if draft.chance(0.5) else ()
    draft.segments[QUARANTINE] = Segment(
        QUARANTINE, build.here(), draft.profiles["quarantine"], default_mode, cut_off, built_in=True
    )


def draw_points(draft: Draft) -> None:
    """A gateway, sometimes a second one of its group, sometimes host points."""
    of_endpoints = {address for endpoint in draft.endpoints.values() for address in endpoint.addresses}
    # no IPv4 one that is the last of some network, and rarely one that an endpoint claims as well
    free = [each for each in DENSE if each % 4 != 3 and (each not in of_endpoints or draft.chance(0.05))]
    draft.rng.shuffle(free)
    own: set[int] = set()
    for name in ("gw1", "gw2")[: draft.rng.choice((0, 1, 1, 1, 2))]:
        interfaces = [random_interface(draft, f"eth{number}", free) for number in range(draft.rng.randint(1, 4))]
        own |= {declared.address for interface in interfaces for declared in interface.addresses}
        draft.points[name] = Point(name, build.here(), PointKind.GATEWAY, {each.name: each for each in interfaces},
                                   ha="group")  # fmt: skip
    for name, endpoint in draft.endpoints.items():
        if draft.chance(0.15) and own.isdisjoint(endpoint.addresses):
            draft.points[f"{name}-point"] = Point(f"{name}-point", build.here(), PointKind.HOST, endpoint=name)


def random_interface(draft: Draft, name: str, free: list[int]) -> Interface:
    """Some segments (none, one, several, some also elsewhere), addresses of ours, links."""
    rng = draft.rng
    listable = [segment for segment in draft.segments if segment != QUARANTINE]
    segments = tuple(rng.sample(listable, min(rng.choice((0, 1, 2, 2, 3, 3)), len(listable))))
    addresses = []
    for _ in range(rng.randint(0, 3)):
        address = free.pop()
        length = rng.choice((24, 26, 28, 30, 31, 32) if family(address) == 4 else (64, 122, 126, 127, 128))
        addresses.append(InterfaceAddress(address, length))
    links = tuple(link for link in LINKS if draft.chance(0.3))
    return Interface(name, build.here(), segments, tuple(addresses), links)


def valid_site(rng: Random, at: datetime = AT) -> Site:
    """A site in which the law finds no error: statements that are errors are taken out, other sites drawn anew."""
    from segctl.policy import examine

    while True:
        site = random_site(rng)
        for _ in range(3):
            examined = examine(site, at)
            if examined.policy is not None:
                return site
            errors = (each for each in examined.findings if CODES[each.code].level is Level.ERROR)
            site = without_statements(site, {error.span.line for error in errors})


def without_statements(site: Site, lines: set[int]) -> Site:
    """The site without the flows, guardrails and management entries that are, or name something, on these lines."""
    return replace(
        site,
        flows=tuple(each for each in site.flows if lines.isdisjoint(lines_of(each))),
        guardrails=tuple(each for each in site.guardrails if lines.isdisjoint(lines_of(each))),
        management=tuple(each for each in site.management if lines.isdisjoint(lines_of(each))),
    )


def lines_of(statement: Flow | Guardrail | Management) -> set[int]:
    """The statement's own line and those of its selectors (each has one of its own)."""
    return {statement.span.line} | {selector.span.line for selector in selectors_of(statement)}


def selectors_of(statement: Flow | Guardrail | Management) -> Selectors:
    if isinstance(statement, Management):
        return statement.source
    if isinstance(statement, Guardrail):
        return statement.source + statement.destination
    return statement.source + statement.destination + statement.source_except + statement.destination_except


def sites() -> st.SearchStrategy[Site]:
    """Valid random sites for hypothesis."""
    return st.integers(0, (1 << 32) - 1).map(lambda seed: valid_site(Random(seed)))


__all__ = ["AT", "random_questions", "random_site", "sites", "valid_site"]
