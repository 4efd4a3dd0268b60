"""Where addresses live as a point's rules see them, and how they fall back: for what is granted at run time."""

from collections import defaultdict
from collections.abc import Iterable

from segctl.compile.zones import Classes
from segctl.model.generation import Home, Leaning
from segctl.model.ranges import Ranges
from segctl.model.strictness import ModeKind, Verdict
from segctl.policy.effect import mode_of
from segctl.policy.policy import Policy


def homes(policy: Policy, classes: Classes, loose: Iterable[str] = ()) -> tuple[Home, ...]:
    """Every zone, with all its addresses. Where binding is only logged (`loose`), any address may be met."""
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for first, last, index in classes.rows:
        spans[classes.ids[index] >> 16].append((first, last))
    out = []
    for zone in classes.zones:
        segment = policy.site.segments[zone.segment]
        ends = _leaning(policy, zone.segment, inbound=False), _leaning(policy, zone.segment, inbound=True)
        inside = segment.profile.intra is Verdict.ALLOW and not segment.profile.quarantine
        addresses = Ranges.of(spans[zone.number])
        places = () if zone.ours else tuple(sorted({*zone.places, *loose}))
        out.append(Home(zone.id, zone.segment, places, zone.ours, addresses, *ends, inside))
    return tuple(out)


def _leaning(policy: Policy, name: str, *, inbound: bool) -> Leaning:
    """A selective mode counts as observing what goes out; of what comes in it enforces some, so it denies."""
    profile = policy.site.segments[name].profile
    if profile.quarantine:
        return Leaning.DENY
    if (profile.ingress if inbound else profile.egress) is Verdict.ALLOW:
        return Leaning.ALLOW
    mode = mode_of(policy, name)
    if mode is None:
        return Leaning.OTHER
    if mode.kind is ModeKind.OBSERVE or (mode.kind is ModeKind.SELECTIVE and not inbound):
        return Leaning.OBSERVE
    return Leaning.DENY
