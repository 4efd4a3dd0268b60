"""Where a point's own network isn't what the site says of it: interfaces, local addresses, forwarding."""

from collections.abc import Iterator

from segctl.apply.result import Concern, Level
from segctl.apply.surroundings.settings import Settings, forwarding_concerns
from segctl.kernel.interfaces import Link
from segctl.model.point import Point, PointKind
from segctl.model.ranges import Ranges, family, show_address
from segctl.policy import Policy


def place_concerns(policy: Policy, point: Point, links: tuple[Link, ...], settings: Settings) -> Iterator[Concern]:
    """Whether it is there at all; what is missing, what is there beside it, what it can't do."""
    yield from _elsewhere(policy, point, links)
    if point.kind is PointKind.GATEWAY:
        yield from _missing(point, links)
        yield from _unlisted(point, links)
        yield from forwarding_concerns(settings, frozenset(family(first) for first, _ in point.own()))
    yield from _undeclared(policy, point, links)


def _elsewhere(policy: Policy, point: Point, links: tuple[Link, ...]) -> Iterator[Concern]:
    """Rules of another machine shut this one without a word."""
    here = Ranges.of((one, one) for link in links for one in link.addresses)
    if _declared(policy, point) & here or any(link.name in point.interfaces for link in links):
        return
    what = "none of its interfaces, none of its addresses" if point.interfaces else "none of its addresses"
    yield Concern(
        Level.WARNS,
        f"nothing of '{point.name}' is here ({what}): is this the right machine?",
        "--point and --netns name another",
    )


def _missing(point: Point, links: tuple[Link, ...]) -> Iterator[Concern]:
    there = {link.name: link for link in links}
    for name in point.interfaces:
        if name not in there:
            yield Concern(
                Level.WARNS, f"there is no interface {name}: nothing passes by it until it comes",
                f"`ip link` shows those that are there: {', '.join(there)}",
            )  # fmt: skip
        elif not there[name].up:
            yield Concern(Level.WARNS, f"the interface {name} is down: nothing passes by it", f"ip link set {name} up")


def _unlisted(point: Point, links: tuple[Link, ...]) -> Iterator[Concern]:
    """Binding: what the site says of no interface passes by none."""
    others = [link.name for link in links if _passes(link) and link.name not in point.interfaces]
    if others:
        yield Concern(
            Level.WARNS,
            f"up, but no interface of the site: {', '.join(others)}: nothing passes there",
            "list it among the point's interfaces, with the segments behind it",
        )


def _passes(link: Link) -> bool:
    """Whether packets show it to our rules: those of a part of another one show that one."""
    return link.up and not link.loopback and not link.port


def _undeclared(policy: Policy, point: Point, links: tuple[Link, ...]) -> Iterator[Concern]:
    declared = _declared(policy, point)
    for link in links:
        odd = [one for one in link.addresses if one not in declared and one not in policy.special]
        if odd:
            shown = ", ".join(map(show_address, odd))
            yield Concern(
                Level.WARNS,
                f"{shown} on {link.name}: local, but not in the site: the rules take it for the point's own, "
                "`segctl can` for somebody else's",
                _DECLARE[point.kind],
            )


_DECLARE = {
    PointKind.GATEWAY: "declare it in the `addresses` of the point's interface",
    PointKind.HOST: "declare it in the `addresses` of the point's endpoint",
}


def _declared(policy: Policy, point: Point) -> Ranges:
    if point.kind is PointKind.GATEWAY or point.endpoint is None:
        return point.own()
    return Ranges.of((one, one) for one in policy.site.endpoints[point.endpoint].addresses)
