"""The compiler against the law, without a kernel: what a ruleset's maps answer equals what the point must do.

Random sites, random new packets between two interfaces of a gateway, and to and from its own addresses and a host's.
Each that passes carries the number of a line that really allows it, on a gateway between these interfaces.
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from segctl.compile import compile_point
from segctl.model.decision import Effect, Outcome, Step
from segctl.model.point import Interface, Point, PointKind
from segctl.model.ranges import family, show_address
from segctl.model.selector import POINTS
from segctl.model.service import show_traffic
from segctl.policy import Policy, examine, judge_at_point, loose
from segctl.policy.coverage import bound
from segctl.policy.effect import lenient
from tests.reference.show import show_site
from tests.reference.walk import End, Packet, Walk
from tests.strategies import AT, random_questions, valid_site

KINDS = {
    Step.MANAGEMENT: "management",
    Step.FLOW: "flow",
    Step.INTRA: "intra",
    Step.DEFAULTS: "default",
}


def lives_behind(policy: Policy, point: Point, interface: Interface, address: int) -> bool:
    """Binding, as the law says it: by address, without zones."""
    if address in point.own():
        return False
    if address in policy.partition.own[POINTS]:
        holding = [i.name for i in point.interfaces.values() if address in i.networks()]
        return holding[0] == interface.name if holding else POINTS in interface.segments
    return policy.home_of(address) in interface.segments


def expected(policy: Policy, point: Point, packet: Packet) -> Outcome:
    """What the law says of a packet that this point sees between these interfaces."""
    outcome = judge_at_point(policy, packet.source, packet.destination, packet.traffic, AT)
    if outcome.decision.step is Step.SPECIAL or point.kind is PointKind.HOST:
        return outcome
    for end, name in ((packet.source, packet.into), (packet.destination, packet.out)):
        if name is None:
            continue
        interface = point.interfaces[name]
        if lives_behind(policy, point, interface, end) or loose(policy, interface):
            continue
        home = policy.home_of(end)
        lost = home is not None and home != POINTS and not bound(policy.site, home)
        ends = (policy.segment_of(packet.source), policy.segment_of(packet.destination))
        if not (lost and lenient(policy, *ends)):
            return Outcome(outcome.decision, Effect.DROP)
    return outcome


def packets_of_host(policy: Policy, point: Point, rng: Random, count: int) -> Iterator[Packet]:
    """New packets from and to a host's own addresses: random ones, of which one end is put in its place."""
    own = [address for first, last in policy.hosts[point.name] for address in range(first, last + 1)]
    for asked in random_questions(rng, policy.site, count, AT):
        here = [address for address in own if family(address) == family(asked.source)]
        if not here:
            continue
        if asked.source not in own and (asked.destination in own or rng.random() < 0.5):
            yield Packet(asked.source, rng.choice(here), asked.traffic, "any", None)
        elif asked.destination not in own:
            yield Packet(rng.choice(here), asked.destination, asked.traffic, None, "any")


def packets(policy: Policy, point: Point, rng: Random, count: int) -> Iterator[Packet]:
    """New packets as the three hooks meet them."""
    names = list(point.interfaces)
    own = point.own() - policy.special
    for asked in random_questions(rng, policy.site, count, AT):
        source, destination = asked.source, asked.destination
        into, out = rng.choice(names), rng.choice(names)
        for end, way in ((source, "in"), (destination, "out")):  # mostly where they live, sometimes anywhere
            fitting = [n for n in names if lives_behind(policy, point, point.interfaces[n], end)]
            if fitting and rng.random() < 0.8:
                into, out = (rng.choice(fitting), out) if way == "in" else (into, rng.choice(fitting))
        if source in own and destination in own:
            continue  # that is loopback
        if destination in own:
            yield Packet(source, destination, asked.traffic, into, None)
        elif source in own and rng.random() < 0.7:
            yield Packet(source, destination, asked.traffic, None, out)
        else:
            yield Packet(source, destination, asked.traffic, into, out)


def fault(policy: Policy, walk: Walk, packet: Packet, want: Outcome, got: End) -> str:
    """In words, where the two differ; empty if they don't."""
    if want.decision.step is Step.ESSENTIAL:
        return ""
    if (want.effect is Effect.PASS) != (got.word == "pass"):
        return f"{want.effect}, but the rules say {got.word}"
    if want.effect is Effect.REJECT and not got.word.startswith("deny_reject"):
        return f"reject, but the rules say {got.word}"
    if want.effect is Effect.DROP and got.word.startswith("deny_reject"):
        return "drop, but the rules reject"
    if got.word != "pass":
        return ""
    meaning = walk.rules.meanings[got.number]
    host = walk.rules.kind is PointKind.HOST
    way = () if host else tuple(name for name in (packet.into, packet.out) if name)
    kind = "observe" if want.observed else KINDS[want.decision.step]
    if (meaning.kind, meaning.ways) != (kind, way):
        return f"number of {meaning.kind} by {meaning.ways}, wanted {kind} by {way}"
    question = packet.source, packet.destination, packet.traffic
    if kind == "flow":
        names = {statement.said.name for statement in policy.flows.matching(*question)}
    elif kind == "management":
        names = {statement.said.name for statement in policy.management.matching(*question)}
    else:
        return ""
    return "" if meaning.name in names else f"number of {meaning.name}, which does not match"


def compare(seed: int, sites: int, count: int) -> Counter[PointKind]:
    """So many packets at each point of so many sites; how many were asked."""
    asked: Counter[PointKind] = Counter()
    for number in range(seed, seed + sites):
        rng = Random(number)
        policy = examine(valid_site(rng), AT).policy
        assert policy is not None
        for point in policy.site.points.values():
            host = point.kind is PointKind.HOST
            if not point.interfaces and not host:
                continue
            walk = Walk(compile_point(policy, point.name, AT))
            for packet in (packets_of_host if host else packets)(policy, point, rng, count):
                want = expected(policy, point, packet)
                wrong = fault(policy, walk, packet, want, walk.new(packet))
                asked[point.kind] += 1
                if wrong:
                    ends = show_address(packet.source), show_address(packet.destination)
                    text = f"{ends[0]} ({packet.into}) -> {ends[1]} ({packet.out})"
                    replay = f"SEGCTL_SEED={number} pytest -m soak tests/property/test_compile.py"
                    pytest.fail(
                        f"{replay}\n{show_site(policy.site)}\n{point.name}: {text} {show_traffic(packet.traffic)}:"
                        f" {wrong}\n{want}"
                    )
    return asked


def test_the_rules_answer_as_the_law() -> None:
    asked = compare(seed=1, sites=150, count=40)
    assert asked[PointKind.GATEWAY] > 4_000
    assert asked[PointKind.HOST] > 1_000


def test_who_says_to_be_the_point_passes_where_binding_is_only_logged() -> None:
    assert compare(seed=574863742, sites=1, count=60)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_rules_answer_as_the_law_at_length() -> None:
    seed = int(os.environ.get("SEGCTL_SEED") or Random().randrange(1 << 32))
    print(f"SEGCTL_SEED={seed}")
    assert compare(seed, sites=2_000, count=60)[PointKind.GATEWAY] > 60_000
