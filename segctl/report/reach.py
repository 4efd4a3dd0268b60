"""Who reaches whom, how far, and by which way: as lines of text, and as plain values for JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from segctl.ask.result import Blast, Called, Direct, Exposure, Path, Reached, Ring, Severed
from segctl.model.flow import Flow
from segctl.model.ranges import show_addresses
from segctl.report.answers import plain_passings, plain_way, show_called, show_outcome, show_services, show_way

_SHOWN = 3
_FLOWS = 10
_COUNTED = 1_000_000  # a greater number of addresses says nothing
_ALL = 1 << 30
_EACH = "any one machine of "

EXPOSURE = "the share of the other segments, the world and the points among them, from which somebody gets to it"
RADIUS = "the addresses that are reached from that machine in it that reaches most, without the world's; a /64: 256"


def show_reaches(found: Iterable[Blast]) -> Iterator[str]:
    """Of each kind of start whom it reaches, by hops."""
    for one in found:
        yield f"{show_called(one.start)}"
        if not one.rings:
            yield "  nobody"
        for ring in one.rings:
            yield f"  {_hops(ring.hops)}: {show_called(ring.reached)}"
        yield from _only(one)


Nearest = Mapping[str, Mapping[str, int]]


def show_nearest(nearest: Nearest, enforced: Nearest, covered: Nearest) -> Iterator[tuple[str, ...]]:
    """A table: of each segment whom somebody in it reaches, by the least hops.

    `enforced`, `covered`: the same if nobody observed, and if all points were there that it takes.
    """

    def word(name: str, other: str, hops: int) -> str:
        marks = "~" * (other not in enforced[name]) + "!" * (other not in covered[name])
        return f"{other}{marks}" + (f" ({hops})" if hops > 1 else "")

    yield ("from", "1 hop", "more")
    for name, others in sorted(nearest.items()):
        by_hops = sorted((hops, other) for other, hops in others.items())
        near = [word(name, other, hops) for hops, other in by_hops if hops == 1]
        far = [word(name, other, hops) for hops, other in by_hops if hops > 1]
        yield (name, ", ".join(near) or "-", ", ".join(far) or "-")


def show_reached(found: Iterable[Reached]) -> Iterator[str]:
    """Of each kind of start whom of those asked about it reaches, by hops."""
    for one in found:
        yield show_called(one.start)
        for hops, called in one.by_hops:
            yield f"  {_hops(hops)}: {show_called(called)}"
        if one.never is not None:
            yield f"  never: {show_called(one.never)}"


def show_blasts(found: Iterable[Blast]) -> Iterator[str]:
    """Of each kind of start how far it goes, what opens the first hop, and who comes next."""
    for one in found:
        yield f"from {_EACH}{show_called(one.start)}:"
        v4, v6 = one.addresses
        named = f"; {one.machines} of them named" if one.machines else ""
        among = len(one.segments) - (one.world > 0)
        yield f"  radius {one.radius}: {_addresses(v4, v6)} in {_count(among, 'segment')}{named}"
        yield f"  the world in {_hops(one.world)}" if one.world else "  never the world"
        yield from _only(one)
        for ring in one.rings:
            names = f": {', '.join(ring.machines[:_SHOWN])}" if ring.machines else ""
            more = f" and {len(ring.machines) - _SHOWN} more" if len(ring.machines) > _SHOWN else ""
            yield f"  {_hops(ring.hops)}: {show_called(ring.reached)}" + (f"; new{names}{more}" if names else "")
            if ring.hops == 1:
                yield from _directs(one.direct)


def _addresses(v4: int, v6: int) -> str:
    """Of IPv6 whole links are told as such: their addresses are beyond counting."""
    links, rest = divmod(v6, 1 << 64)
    many = f"nearly {links + 1} /64 of" if links or rest > _COUNTED else f"{rest}"
    return " and ".join([f"{v4} addresses of IPv4"] * bool(v4) + [f"{many} IPv6"] * bool(v6)) or "no addresses"


def _only(one: Blast) -> Iterator[str]:
    """What would be out of reach if nobody observed, or if everything were enforced."""
    if one.observed:
        yield f"  {one.observed} addresses of these only because somebody observes"
    if one.uncovered:
        yield f"  {one.uncovered} addresses of these only because nothing enforces a deny"


def _directs(direct: Sequence[Direct]) -> Iterator[str]:
    for one in direct:
        for passing in one.services:
            yield f"    {show_called(one.to)} over {show_services(passing.traffic)}: {show_outcome(passing.outcome)}"


def show_exposures(found: Sequence[Exposure]) -> Iterator[tuple[str, ...]]:
    """A table: its head, and a row for each segment."""
    yield ("segment", "radius", "exposure", "in one hop", "in any", "from world")
    for one in found:
        world = _hops(one.world) if one.world else "never"
        counts = f"{one.direct} of {one.others}", f"{one.any} of {one.others}"
        yield (one.segment, str(one.radius), f"{one.share:.0%}", *counts, world)


def show_path(found: Path) -> Iterator[str]:
    """The way, what all ways have in common, and the fewest flows to take out."""
    if not found.way:
        yield "no way"
        return
    yield f"{_hops(len(found.way))}:"
    yield from show_way(found.way)
    if found.segments:
        yield f"every way leads through: {', '.join(found.segments)}"
    if found.flows:
        yield f"every way needs: {_flows(found.flows)}"
    if found.severed is not None:
        yield from _severed(found.severed)


def _severed(one: Severed) -> Iterator[str]:
    if one.without:
        yield "no flows sever it: it goes without any"
        yield from show_way(one.without)
        return
    few = f"enough to take out: these {len(one.flows)}" if len(one.flows) > 1 else "enough to take out"
    sure = "" if one.least == len(one.flows) else f" (at least {one.least} must go)"
    yield f"{few}{sure}: {_flows(one.flows)}"


def _flows(some: Sequence[Flow]) -> str:
    more = f" and {len(some) - _FLOWS} more" if len(some) > _FLOWS else ""
    return ", ".join(map(_flow, some[:_FLOWS])) + more


def _flow(flow: Flow) -> str:
    return f"flow '{flow.name}' ({flow.span.row})"


def _hops(number: int) -> str:
    return _count(number, "hop")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def plain_reaches(found: Iterable[Blast]) -> list[dict[str, object]]:
    """By start: whom it reaches, by hops."""
    return [_plain_rings(one) for one in found]


def plain_reached(found: Iterable[Reached]) -> list[dict[str, object]]:
    """By start: whom of those asked about it reaches, by hops, and whom never."""
    return [
        {
            "from": plain_called(one.start),
            "reached": [{"hops": hops, "to": plain_called(called)} for hops, called in one.by_hops],
            "never": plain_called(one.never) if one.never is not None else None,
        }
        for one in found
    ]


def _plain_rings(one: Blast) -> dict[str, object]:
    return {
        "from": plain_called(one.start),
        "reached": [{"hops": ring.hops, "to": plain_called(ring.reached)} for ring in one.rings],
        "segments": dict(sorted(one.segments.items())),
        "only_observed": one.observed,
        "only_uncovered": one.uncovered,
    }


def plain_blasts(found: Iterable[Blast]) -> list[dict[str, object]]:
    """All that is known of each."""
    return [
        {
            **_plain_rings(one),
            "radius": one.radius,
            "v4": one.addresses[0],
            "v6": one.addresses[1],
            "machines": one.machines,
            "world": one.world or None,
            "rings": [_plain_ring(ring) for ring in one.rings],
            "direct": [_plain_direct(direct) for direct in one.direct],
        }
        for one in found
    ]


def _plain_ring(ring: Ring) -> dict[str, object]:
    return {"hops": ring.hops, "to": plain_called(ring.reached), "machines": list(ring.machines)}


def _plain_direct(direct: Direct) -> dict[str, object]:
    return {"to": plain_called(direct.to), "services": plain_passings(direct.services)}


def plain_exposures(found: Iterable[Exposure]) -> list[dict[str, object]]:
    """Of each segment."""
    return [
        {
            "segment": one.segment,
            "radius": one.radius,
            "exposure": round(one.share, 4),
            "direct": one.direct,
            "any": one.any,
            "others": one.others,
            "world": one.world or None,
        }
        for one in found
    ]


def plain_path(found: Path) -> dict[str, object]:
    """Hops, what all ways have in common, and the cut."""
    severed = found.severed
    return {
        "hops": len(found.way),
        "way": plain_way(found.way),
        "every_way_through": list(found.segments),
        "every_way_needs": [_plain_flow(flow) for flow in found.flows],
        "cut": None
        if severed is None or severed.without
        else {"flows": [_plain_flow(flow) for flow in severed.flows], "least": severed.least},
        "without_flows": plain_way(severed.without) if severed else [],
    }


def _plain_flow(flow: Flow) -> dict[str, object]:
    return {"flow": flow.name, "place": str(flow.span)}


def plain_called(called: Called) -> dict[str, object]:
    """Names that are there whole, and of others what is there."""
    parts = [{"of": name or None, "addresses": show_addresses(one, _ALL)} for name, one in called.parts]
    return {"names": list(called.wholes), "parts": parts, "halved": called.halved}
