"""The law's keep: connections that were allowed, and are denied from now on, live on where both ends say so.

Their number stays live in the generation that follows. A number stands for all connections of a line between two
interfaces, so it is kept only where every segment at both ends keeps, no guardrail and no quarantine speaks of any of
them, and all still live behind these interfaces: else all are cut.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from segctl.apply.slots import read_slots
from segctl.model.diagnostic import SiteError
from segctl.model.elements import Elements
from segctl.model.generation import Loadable, Meaning, Side
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.service import ALL_TRAFFIC
from segctl.model.strictness import Tightening
from segctl.policy import Policy
from segctl.policy.touch import touched
from segctl.runner import Runner
from segctl.store import Kept, State, StoreError

_LIVE = ("live", "live_own")
_WORD = 4  # bytes of a number, the last of a key
Between = tuple[Ranges, Ranges, Ranges]
"""Sources, destinations, traffic."""

Behind = Mapping[str, Ranges]
"""Interface to the addresses that live there."""

Reread = Callable[[Kept], Policy]
"""What a kept generation's site means now."""


def keeps(policy: Policy) -> bool:
    """Whether any pair of ends could keep: beside the world, which does, some segment must."""
    return any(
        segment.profile.tightening is Tightening.KEEP and policy.partition.own.get(name) and not segment.built_in
        for name, segment in policy.site.segments.items()
    )


def with_kept(rules: Loadable, policy: Policy, old: Loadable, before: Policy) -> Loadable:
    """The rules with the numbers of the old generation that are kept. `before`: what the old one's site meant."""
    then, now = _behind(old.side), _behind(rules.side)
    kept = {
        number: between
        for number, between in _ended(rules, old, before)
        if _keep(policy, between) and _in_place(old.meanings[number].ways, between, then, now)
    }
    if not kept:
        return rules
    meanings = {number: replace(old.meanings[number], kind="kept") for number in kept}
    elements = {one.name: one for one in rules.elements}
    for one in old.elements:
        if one.name in _LIVE and (some := _of(one, kept)) is not None:
            elements[one.name] = _joined(elements[one.name], some) if one.name in elements else some
    side = replace(rules.side, kept=kept)
    return replace(rules, elements=tuple(elements.values()), meanings={**rules.meanings, **meanings}, side=side)


def kept_over(runner: Runner, state: State | None, policy: Policy, rules: Loadable, reread: Reread | None) -> Loadable:
    """The same against what is live, where its site can be read again; else nothing is kept."""
    live = read_slots(runner).live
    if state is None or live is None or live.generation is None or reread is None or not keeps(policy):
        return rules
    with suppress(StoreError, SiteError):
        kept = state.generations.read(live.generation)
        if kept is not None and kept.files:
            return with_kept(rules, policy, kept.rules, reread(kept))
    return rules


def _ended(rules: Loadable, old: Loadable, before: Policy) -> Iterator[tuple[int, Between]]:
    """The numbers that aren't given any more, with what they were between and for, where that can be said."""
    flows = {one.said.name: (one.source, one.destination, one.traffic) for one in before.flows.items}
    for number, meaning in old.meanings.items():
        if number in rules.meanings:
            continue
        between = old.side.kept.get(number) or _between(meaning, flows, before)
        if between is not None:
            yield number, between


def _between(meaning: Meaning, flows: Mapping[str, Between], before: Policy) -> Between | None:
    if meaning.kind == "flow":
        return flows.get(meaning.name)
    own = before.partition.own.get(meaning.name) if meaning.kind == "intra" else None
    return (own, own, ALL_TRAFFIC) if own is not None else None


def _keep(policy: Policy, between: Between) -> bool:
    source, destination, traffic = between
    for one in policy.guardrails.items:
        if one.source.meets(source) and one.destination.meets(destination) and one.traffic.meets(traffic):
            return False
    profiles = [policy.site.segments[name].profile for name in touched(policy.partition, source | destination)]
    return all(profile.tightening is Tightening.KEEP and not profile.quarantine for profile in profiles)


def _in_place(ways: tuple[str, ...], between: Between, then: Behind, now: Behind) -> bool:
    """Whether all that lived behind these interfaces still does: a number that is live is its connections' binding."""
    source, destination, _ = between
    ends = [(end, place) for end in (source, destination) for place in ways]
    if len(ways) == 2:
        ends = [(source, ways[0]), (destination, ways[1])]
    return not any((end & then.get(place, NOTHING)) - now.get(place, NOTHING) for end, place in ends)


def _behind(side: Side) -> Behind:
    """Where binding is only logged, anybody may live."""
    found: dict[str, Ranges] = {}
    for home in side.homes:
        for place in home.interfaces:
            found[place] = found.get(place, NOTHING) | home.addresses
    return found


def _of(one: Elements, kept: Mapping[int, Between]) -> Elements | None:
    numbers = np.ascontiguousarray(one.keys[:, -_WORD:]).view("<u4").reshape(-1)
    chosen = np.isin(numbers, np.fromiter(kept, np.uint32, len(kept)))
    return one.only(chosen) if chosen.any() else None


def _joined(one: Elements, other: Elements) -> Elements:
    until = [part.until if part.until is not None else np.zeros(len(part), np.uint64) for part in (one, other)]
    return Elements(one.name, np.concatenate((one.keys, other.keys)), until=np.concatenate(until))
