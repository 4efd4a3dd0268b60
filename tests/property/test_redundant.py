"""Redundant flows against taking them out and asking `difference`: at every time, and cut off or not."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from segctl.ask.diff import difference
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from segctl.model.flow import Flow
from segctl.model.ranges import ALL_ADDRESSES
from segctl.model.site import Site
from segctl.policy import Policy, examine
from segctl.policy.boxes import boxes, remaining
from segctl.policy.match import Statements
from segctl.policy.redundant import redundant
from segctl.policy.settled import Settled
from tests.reference.show import show_site
from tests.sites import meant
from tests.strategies import AT, valid_site, without_statements


def crowded_site(number: int) -> Site:
    """Flows that cut each other: parts, copies and mixtures of a random site's own, at other times."""
    rng = Random(number)
    site = valid_site(rng)
    flows = list(site.flows)
    for at in range(rng.randint(0, 8) if flows else 0):
        one, other = rng.choice(flows), rng.choice(flows)
        mixed = replace(
            moved(rng, one), name=f"more{at}", span=one.span._replace(line=10_000 + at),
            source=rng.choice((one.source, one.source, other.source, (*one.source, *other.source))),
            destination=rng.choice((one.destination, one.destination, (*one.destination, *other.destination))),
            services=rng.choice((one.services, one.services, (*one.services, *other.services))),
            source_except=rng.choice((one.source_except, other.source)),
        )  # fmt: skip
        flows += rng.choice(([mixed], halves(rng, one, other), halves(rng, one, other)))
    rng.shuffle(flows)
    return usable(replace(site, flows=tuple(flows)))


def halves(rng: Random, flow: Flow, other: Flow) -> list[Flow]:
    """Two or three that say together what it says, by who and by when, and each something more."""
    who = rng.choice((flow.source[:1], flow.destination, other.source))
    line = rng.randint(20_000, 1 << 30)
    names = (f"{flow.name}-{line}-{part}" for part in "abc")
    flow = replace(flow, span=flow.span._replace(line=line), services=(*flow.services, *other.services))
    parts = [
        replace(flow, source_except=(*flow.source_except, *who), destination=(*flow.destination, *other.destination)),
        replace(flow, source=(*who, *other.source), source_except=()),
    ]
    if flow.since is flow.until is None and rng.random() < 0.5:
        middle = AT + timedelta(days=rng.randint(1, 9))
        parts = [parts[0], replace(parts[1], until=middle), replace(parts[1], since=middle)]
    return [replace(part, name=name) for part, name in zip(parts, names, strict=False)]


def moved(rng: Random, flow: Flow) -> Flow:
    """At another time; without an end or a beginning as often as not."""
    since = rng.choice((None, None, AT - timedelta(days=rng.randint(0, 9)), AT + timedelta(days=rng.randint(0, 9))))
    until = rng.choice((None, None, AT + timedelta(days=rng.randint(10, 19)), AT - timedelta(days=1)))
    return replace(flow, since=since if until is None or since is None or since < until else None, until=until)


def usable(site: Site) -> Site:
    """Without flows that the law finds an error in."""
    for _ in range(9):
        examined = examine(site, AT)
        if examined.policy is not None:
            return site
        errors = (one for one in examined.findings if CODES[one.code].level is Level.ERROR)
        site = without_statements(site, {error.span.line for error in errors})
    raise AssertionError("still in error")


def without(policy: Policy, names: Iterable[str]) -> Policy:
    gone = {*names}
    return replace(policy, flows=Statements(tuple(one for one in policy.flows.items if one.said.name not in gone)))


def only(policy: Policy, names: Iterable[str]) -> Policy:
    kept = {*names}
    return without(policy, (one.said.name for one in policy.flows.items if one.said.name not in kept))


def times(policy: Policy) -> list[datetime]:
    """From now on, one of each part of time in which the same flows are active."""
    turns = {time for one in policy.flows.items for time in (one.said.since, one.said.until) if time and time > AT}
    return [AT, *sorted(turns)]


def same(before: Policy, after: Policy) -> bool:
    """For ever, whoever is cut off at run time: nobody, or everybody."""
    return not any(
        difference(replace(before, held=held), replace(after, held=held), time).rows
        for time in times(before)
        for held in (before.held, ALL_ADDRESSES)
    )


def faults(policy: Policy) -> Iterator[str]:
    found = {one.said.name: [other.said.name for other in others] for one, others in redundant(policy, AT)}
    left = without(policy, found)
    if not same(policy, left):
        yield f"taken out, they were missed: {found}"
    for name, coverers in found.items():
        if coverers and not same(only(policy, [name, *coverers]), only(policy, coverers)):
            yield f"{name} is not all allowed by {coverers}"
        if not coverers and not same(only(policy, [name]), only(policy, [])):
            yield f"{name} is not allowed by default"
        for needed in coverers if len(coverers) > 1 else ():
            fewer = [other for other in coverers if other != needed]
            if same(only(policy, [name, *fewer]), only(policy, fewer)):
                yield f"{name} needs no {needed}"
    for one in left.flows.items:
        ended = one.said.until is not None and one.said.until <= AT
        if not ended and alone_allows(policy, one.said) and same(left, without(left, [one.said.name])):
            yield f"{one.said.name} could go as well"


def alone_allows(policy: Policy, flow: Flow) -> bool:
    """Whether it allows anything at all: what guardrails and quarantine forbid wholly is told otherwise."""
    one = next(each for each in policy.flows.items if each.said.name == flow.name)
    return bool(remaining(boxes(one.source, one.destination, one.traffic), Settled(policy).denied(one)))


def compare(seed: int, sites: int) -> dict[str, int]:
    told = {"by default": 0, "by one": 0, "by several": 0, "kept": 0}
    for number in range(seed, seed + sites):
        policy = meant(crowded_site(number), AT)
        if wrong := list(faults(policy)):
            pytest.fail(f"SEGCTL_SEED={number}\n{show_site(policy.site)}\n" + "\n".join(wrong[:5]))
        found = [len(others) for _, others in redundant(policy, AT)]
        told["by default"] += found.count(0)
        told["by one"] += found.count(1)
        told["by several"] += sum(number > 1 for number in found)
        told["kept"] += len(policy.flows.items) - len(found)
    print(told)
    return told


def test_what_is_told_can_go_and_nothing_else() -> None:
    assert min(compare(seed=1, sites=60).values()) >= 5


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_at_length() -> None:
    seed = int(os.environ.get("SEGCTL_SEED") or Random().randrange(1 << 32))
    compare(seed, sites=600)
