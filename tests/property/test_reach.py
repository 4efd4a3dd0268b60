"""`ask.reach`, `blast`, `path` and `far` against walking from machine to machine."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from segctl.ask.blast import Blasts
from segctl.ask.far import far
from segctl.ask.joint import Joint
from segctl.ask.path import Ways
from segctl.ask.reach import Reach, may_hop, reach
from segctl.ask.search import Search
from segctl.ask.severed import path
from segctl.ask.side import Side
from segctl.model.ranges import Ranges, show_address
from segctl.policy import Policy
from segctl.policy.match import Statements
from tests.property.test_diff import every_piece, pair_of_sites
from tests.reference.reach import Walker, owners
from tests.reference.show import show_site
from tests.sites import meant, site
from tests.strategies import AT, valid_site

SWITCHES: tuple[dict[str, bool], ...] = (
    {},
    {"observed": False},
    {"uncovered": False},
    {"observed": False, "uncovered": False},
    {"through_world": True},
)


def hops_to(found: Reach, start: int, **switches: bool) -> dict[int, int]:
    """Of each class the hops from that address's machine."""
    ((classes, _),) = found.kinds(Ranges.single(start)).items()
    rings = found.rings(classes, **switches)
    return {at: number for number, mask in enumerate(rings.reached, 1) for at in ones(mask)}


def ones(mask: int) -> Iterator[int]:
    return (at for at in range(mask.bit_length()) if mask >> at & 1)


def class_of(found: Reach, address: int) -> int:
    return found.joint.meeting(Ranges.single(address)).bit_length() - 1


def walk_all(seed: int, sites: int) -> int:
    """Every start, every target, with every switch, on so many sites; returns how many were compared."""
    compared = 0
    for number in range(seed, seed + sites):
        said = valid_site(Random(number))
        policy = meant(said, AT)
        walker = Walker.of(policy, AT, list(every_piece(policy)))
        found = reach(policy, AT)
        places = {address: class_of(found, address) for address in walker.machines if address not in policy.special}
        machines = {walker.machines[one] for one in places}
        for start in places:
            for switches in SWITCHES:
                words = {"world" if key == "through_world" else key: value for key, value in switches.items()}
                want = walker.reached(start, **words)
                got = hops_to(found, start, **switches)
                for machine in machines - {walker.machines[start]}:
                    compared += 1
                    first = min((hops for one, hops in want.items() if one in machine), default=0)
                    told = min((hops for one in machine if (hops := got.get(places[one]))), default=0)
                    ends = f"{show_address(start)} to {show_address(min(machine))}, {switches}"
                    assert told == first, f"SEGCTL_SEED={number} {ends}\n{show_site(said)}"
    return compared


def test_reach_is_as_walked() -> None:
    assert walk_all(seed=3, sites=8) > 20_000


def ways_hold(seed: int, sites: int) -> int:
    """A shortest way is as long as the walk; where there is none, nothing is to be cut."""
    found_ways = 0
    for number in range(seed, seed + sites):
        rng = Random(number)
        policy = meant(valid_site(rng), AT)
        walker = Walker.of(policy, AT, list(every_piece(policy)))
        found = reach(policy, AT)
        addresses = [one for one in walker.machines if one not in policy.special]
        for start, goal in [rng.sample(addresses, 2) for _ in range(12)]:
            if goal in walker.machines[start]:
                continue
            ends = Ranges.single(start), Ranges.single(goal)
            want = min((hops for one, hops in walker.reached(start).items() if one in walker.machines[goal]), default=0)
            way = Ways(found, *ends).shortest()
            where = f"SEGCTL_SEED={number} {show_address(start)} to {show_address(goal)}"
            assert len(way) == want, where
            cut_holds(policy, *ends, where)
            found_ways += bool(way)
    return found_ways


def woven(rng: Random) -> Policy:
    """The next that is valid."""
    while True:
        with suppress(AssertionError):  # a flow that opens nothing, or that a guardrail forbids
            return meant(site(woven_text(rng)), AT)


def woven_text(rng: Random) -> str:
    """Segments behind one gateway that enforces all, with flows among them: what a cut is to be looked for in."""
    names = "abcdefgh"
    lines = ["segments:"]
    lines += [f"  {name}: {{strictness: strict, members: 10.{at}.0.0/24}}" for at, name in enumerate(names, 1)]
    lines += ["endpoints:", "  m: {addresses: [10.1.0.9, 10.2.0.9]}", "  n: {addresses: [10.3.0.9, 10.5.0.9]}"]
    lines += ["points:", "  gw:", "    kind: gateway", "    interfaces:", "      w: {segments: [world], addresses: []}"]
    lines += [f"      e{at}: {{segments: [{name}], addresses: [10.{at}.0.254/24]}}" for at, name in enumerate(names, 1)]
    lines.append("flows:")
    for number in range(rng.randint(5, 12)):
        froms, tos = (rng.sample([*names, "m", "n"], rng.choice((1, 1, 1, 2))) for _ in range(2))
        service = rng.choice(("ssh", "https", "tcp/9000-9010"))
        ends = f"from: [{', '.join(froms)}], to: [{', '.join(tos)}]"
        lines.append(f'  - {{name: f{number}, {ends}, services: [{service}], why: "x"}}')
    if rng.random() < 0.5:
        source, target = rng.sample(names, 2)
        lines.append(f'guardrails: [{{name: g, from: {source}, to: {target}, services: [https, ssh], why: "x"}}]')
    return "\n".join(lines)


def cuts_hold(seed: int, sites: int) -> tuple[int, int]:
    """How many cuts were tried, and how many of them are as few as can be."""
    tried = exact = 0
    for number in range(seed, seed + sites):
        rng = Random(number)
        policy = woven(rng)
        for source, target in combinations(policy.site.segments, 2):
            ends = policy.partition.own[source], policy.partition.own[target]
            if all(ends) and rng.random() < 0.2 and (found := cut_holds(policy, *ends, f"{number} {source} {target}")):
                tried += 1
                exact += found == 1
    return tried, exact


def cut_holds(policy: Policy, starts: Ranges, goals: Ranges, where: str) -> int:
    """Fewer flows than it says don't do. 0 if nothing can be cut; 1 if these are surely as few as can be; else 2."""
    found = path(policy, AT, starts, goals)
    every = [one.said.name for one in policy.flows.items if one.said.active(AT)]
    if found.severed is None:
        assert not Ways(reach(policy, AT), starts, goals).steps(), where
        return 0
    if found.severed.without:
        assert not cuts(policy, every, starts, goals), where
        return 0
    names = [flow.name for flow in found.severed.flows]
    assert cuts(policy, names, starts, goals), where
    assert 0 < found.severed.least <= len(names), where
    for some in combinations(every, found.severed.least - 1):
        assert not cuts(policy, some, starts, goals), f"{where}: {some} is enough"
    for flow in found.flows:
        assert cuts(policy, [flow.name], starts, goals), where
    return 1 if len(names) == found.severed.least else 2


def cuts(policy: Policy, names: Sequence[str], starts: Ranges, goals: Ranges) -> bool:
    """Whether there is no way without these flows."""
    left = Statements(tuple(one for one in policy.flows.items if one.said.name not in names))
    return not Ways(reach(replace(policy, flows=left), AT), starts, goals).steps()


def test_ways_are_as_walked() -> None:
    assert ways_hold(seed=3, sites=12) > 20
    ways_hold(seed=1740056874, sites=1)  # a flow of both families opens nothing from one to the other


def test_no_fewer_flows_cut() -> None:
    tried, exact = cuts_hold(seed=3, sites=12)
    assert exact > 20
    assert tried - exact < tried // 10


def far_is_as_walked(seed: int, sites: int) -> int:
    """What appears and vanishes in several hops, class by class; returns how many pairs did."""
    told = 0
    for number in range(seed, seed + sites):
        _, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        pieces = list(every_piece(was, now))
        joint = Search((Side(was, AT), Side(now, AT)), may_hop).known.joint
        found = far(was, now, AT)
        for rows, here, there in ((found.appear, now, was), (found.vanish, was, now)):
            also = [one for policy in (here, there) for one, _ in owners(policy)]
            ours, others = (Walker.of(policy, AT, pieces, also) for policy in (here, there))
            want: set[tuple[int, int]] = set()
            sure, likely = set[int](), set[int]()
            for start in ours.machines:
                if start in here.special:
                    continue
                walked = ours.reached(start)
                known, new = (by_class(one, joint) for one in (others.reached(start), walked))
                mine = {joint.meeting(Ranges.single(one)) for one in others.machines[start]} - known.keys()
                firsts = by_class(held(ours, walked), joint)
                for one, hops in new.items():
                    if hops > 1 and one not in known and one not in mine:
                        want.add((start, hops))
                        if firsts[one] == hops:
                            sure.add(hops)
                        else:
                            likely.update(range(firsts[one] + 1, hops + 1))
            got = {row.hops for row in rows}
            assert sure <= got <= sure | likely, f"SEGCTL_SEED={number}"
            told += len(want)
    return told


def all_mine(addresses: Ranges, mine: frozenset[int]) -> bool:
    return all(one in mine for first, last in addresses for one in range(first, last + 1))


def held(walker: Walker, reached: dict[int, int]) -> dict[int, int]:
    """Of each address that is reached in how many hops its machine is: hops to another address of one that is held
    already aren't told exactly (docs/limits.md).
    """
    return {one: min(reached[mine] for mine in walker.machines[one] if mine in reached) for one in reached}


def by_class(reached: dict[int, int], joint: Joint) -> dict[int, int]:
    """The least hops to somebody in each class."""
    found: dict[int, int] = {}
    for address, hops in reached.items():
        place = joint.meeting(Ranges.single(address))
        found[place] = min(hops, found.get(place, hops))
    return found


def test_what_appears_in_several_hops_is_as_walked() -> None:
    assert far_is_as_walked(seed=6, sites=12) > 20
    far_is_as_walked(seed=3144768635, sites=1)  # an address of a machine that is held is told with too few hops


def test_segments_are_reached_in_the_least_hops_of_anybody_in_them() -> None:
    for number in range(3, 11):
        policy = meant(valid_site(Random(number)), AT)
        walker = Walker.of(policy, AT, list(every_piece(policy)))
        want: dict[str, dict[str, int]] = {name: {} for name, own in policy.partition.own.items() if own}
        for start in walker.machines:
            if start in policy.special:
                continue
            for address, hops in walker.reached(start).items():
                if address in policy.special:
                    continue
                for mine in {policy.segment_of(one) for one in walker.machines[start]}:
                    other = policy.segment_of(address)
                    assert mine is not None and other is not None
                    want[mine][other] = min(hops, want[mine].get(other, hops))
        assert Blasts(reach(policy, AT)).nearest() == want, f"SEGCTL_SEED={number}"


def test_radii_are_those_of_the_addresses_that_are_reached() -> None:
    for number in range(3, 40):
        blasts = Blasts(reach(meant(valid_site(Random(number)), AT), AT))
        for name, own in blasts.reach.policy.partition.own.items():
            want = max((one.radius for one in blasts.of(own)), default=0)
            assert blasts.radius(name) == want, f"SEGCTL_SEED={number} {name}"


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_reach_at_length() -> None:
    """SEGCTL_SEED takes other sites than the last time."""
    seed = int(os.environ.get("SEGCTL_SEED") or Random().randrange(1 << 32))
    print(f"SEGCTL_SEED={seed}")
    print(walk_all(seed, sites=60), "starts and targets")
    print(ways_hold(seed, sites=100), "ways")
    print(cuts_hold(seed, sites=100), "cuts, and those of them that are surely the least")
    print(far_is_as_walked(seed, sites=60), "that appear or vanish")
