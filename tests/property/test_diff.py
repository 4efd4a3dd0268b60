"""`ask.diff` against asking `judge` of both policies, connection by connection."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from random import Random

import pytest

from segctl.ask import search
from segctl.ask.cuts import Piece, address_sets, mode_sets, pieces, statement_cuts
from segctl.ask.diff import difference
from segctl.ask.result import Difference, Row
from segctl.model.decision import Effect, Outcome, Step
from segctl.model.point import Point, PointKind
from segctl.model.ranges import ALL_ADDRESSES, Ranges, family
from segctl.model.service import of_family
from segctl.model.site import Site
from segctl.policy import Policy, judge, judge_at_point
from segctl.policy.coverage import behind
from segctl.policy.effect import lenient
from tests.property.edits import edited
from tests.reference.law import Question
from tests.reference.show import show_question, show_site
from tests.sites import meant
from tests.strategies import AT, random_questions, valid_site

ALL = 1 << 30
BY_STATEMENT = (Step.ESSENTIAL, Step.MANAGEMENT, Step.GUARDRAIL, Step.FLOW)
Outcomes = tuple[Outcome, Outcome]
Judge = Callable[[Question], Outcomes | None]
"""Of a connection before and after; None if it doesn't concern the point."""


def pair_of_sites(number: int) -> tuple[Random, Site, Site]:
    """Mostly one and what a few edits made of it; some that have nothing to do with each other."""
    rng = Random(number)
    before = valid_site(rng)
    return rng, before, valid_site(rng) if number % 5 == 0 else edited(rng, before)


def differs(outcomes: Outcomes) -> bool:
    before, after = outcomes
    return before.decision.verdict is not after.decision.verdict or before.effect is not after.effect


def holds(row: Row, asked: Question) -> bool:
    return asked.traffic in row.traffic and asked.source in row.sources and asked.destination in row.destinations


def told(outcome: Outcome) -> tuple[object, ...]:
    """What a row says of all its connections alike."""
    decision = outcome.decision
    by = (decision.by, decision.span, decision.reason) if decision.step in BY_STATEMENT else None
    flags = outcome.observed, outcome.uncovered, outcome.unbound
    return decision.verdict, decision.step, outcome.effect, *flags, by


def everywhere(before: Policy, after: Policy) -> Judge:
    def asked(one: Question) -> Outcomes:
        ends = one.source, one.destination, one.traffic, AT
        return judge(before, *ends), judge(after, *ends)

    return asked


def faults(found: Difference, asks: Judge, questions: Iterable[Question]) -> Iterator[str]:
    """One text for each question that the rows answer otherwise than the judge."""
    for asked in questions:
        outcomes = asks(asked)
        rows = [row for row in found.rows if holds(row, asked)]
        want = [] if outcomes is None or not differs(outcomes) else [tuple(map(told, outcomes))]
        if [(told(row.before), told(row.after)) for row in rows] != want:
            yield f"{show_question(asked)}\n  wanted {outcomes}\n  rows {rows}"
        elif rows and outcomes is not None:
            for said, real in zip((rows[0].before, rows[0].after), outcomes, strict=True):
                if not {*real.decision.refusing} <= {*said.decision.refusing}:
                    yield f"{show_question(asked)}\n  refuse {real}\n  said {said}"


def compare(seed: int, sites: int, questions: int, point: bool = False) -> None:
    """That many questions on each of that many pairs of sites; a failure says how to run the one pair again."""
    asked = differing = 0
    for number in range(seed, seed + sites):
        rng, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        names = sorted({*before.points, *after.points}) if point else []
        if point and not names:
            continue
        name = rng.choice(names) if names else None
        found = difference(was, now, AT, point=name, most=ALL)
        assert all(row.whole for row in found.rows)
        those = [one for site in (before, after) for one in random_questions(rng, site, questions // 2)]
        asks = at_point(was, now, name) if name is not None else everywhere(was, now)
        if wrong := list(faults(found, asks, those)):
            sites_told = f"SEGCTL_SEED={number} at {name}\n{show_site(before)}\n--\n{show_site(after)}"
            pytest.fail(f"{sites_told}\n\n{len(wrong)} faults, the first:\n" + "\n".join(wrong[:3]))
        asked += len(those)
        differing += sum(any(holds(row, one) for row in found.rows) for one in those)
    print(f"{asked} questions, {differing} of them on what differs")
    assert differing > asked // 50


def test_rows_hold_what_differs_and_nothing_else() -> None:
    compare(seed=1, sites=30, questions=120)


def test_at_a_point() -> None:
    compare(seed=1, sites=30, questions=120, point=True)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_rows_at_length() -> None:
    """100,000 questions; SEGCTL_SEED takes other sites than the last time."""
    seed = int(os.environ.get("SEGCTL_SEED") or Random().randrange(1 << 32))
    print(f"SEGCTL_SEED={seed}")
    compare(seed, sites=400, questions=200)
    compare(seed, sites=100, questions=200, point=True)
    every_connection(seed, sites=200)


def at_point(before: Policy, after: Policy, name: str) -> Judge:
    """By the effect there; what another point needs to live is nothing to it, and what neither policy lets cross or
    end there doesn't concern it.
    """
    kept = [
        replace(policy, essentials=tuple(e for e in policy.essentials if e.point in (None, name)))
        if name in policy.site.points else replace(policy, essentials=())
        for policy in (before, after)
    ]  # fmt: skip

    def asked(one: Question) -> Outcomes | None:
        if not any(concerns(policy, policy.site.points.get(name), one) for policy in kept):
            return None
        was, now = (met(policy, policy.site.points.get(name), one) for policy in kept)
        return was, now

    return asked


def concerns(policy: Policy, point: Point | None, one: Question) -> bool:
    """Whether its ends live behind different interfaces, or an end is the point's own and the other can be there."""
    if point is None:
        return False
    ends = one.source, one.destination
    if point.kind is PointKind.HOST:
        return any(end in policy.site.endpoints[str(point.endpoint)].addresses for end in ends)
    places = [{*behind(policy, point, end)} if end not in policy.special else set() for end in ends]
    free = [end in policy.special or end in point.own() for end in ends]
    if any(free):
        return all(is_free or place for is_free, place in zip(free, places, strict=True))
    return any(i != o for i in places[0] for o in places[1])


def met(policy: Policy, point: Point | None, one: Question) -> Outcome:
    """A gateway's binding lets nobody in who lives behind none of its interfaces; no point enforces nothing."""
    outcome = judge_at_point(policy, one.source, one.destination, one.traffic, AT)
    if point is None:
        return Outcome(outcome.decision, Effect.PASS, uncovered=True)
    if point.kind is PointKind.HOST or outcome.decision.step in (Step.ESSENTIAL, Step.SPECIAL):
        return outcome
    ends = one.source, one.destination
    if all(end in point.own() or behind(policy, point, end) for end in ends):
        return outcome
    if lenient(policy, *(policy.segment_of(end) for end in ends)):
        return replace(outcome, unbound=True)
    return Outcome(outcome.decision, Effect.DROP, unbound=True)


def every_connection(seed: int, sites: int, fewest: int | None = None) -> int:
    """Of that many pairs of sites every piece of every pair, and how many connections there are in all.

    Returns how many pieces were asked.
    """
    pieces_asked = differing = 0
    for number in range(seed, seed + sites):
        _, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        found = difference(was, now, AT, most=ALL)
        asks = everywhere(was, now)
        count = 0
        for sources, destinations, traffic in every_piece(was, now):
            pieces_asked += 1
            asked = Question(sources.first(), destinations.first(), traffic.first(), AT)
            outcomes = asks(asked)
            if outcomes is not None and differs(outcomes):
                count += sources.size() * destinations.size() * traffic.size()
                held = sum(holds(row, asked) for row in found.rows)
                assert held == 1, f"SEGCTL_SEED={number} {show_question(asked)}: in {held} rows"
        assert count == sum(connections(row) for row in found.rows), f"SEGCTL_SEED={number}"
        differing += bool(count)
    assert differing > (sites // 3 if fewest is None else fewest)
    return pieces_asked


def test_no_connection_is_missing_and_none_is_told_twice() -> None:
    assert every_connection(seed=6, sites=14) > 20_000


def test_what_a_host_says_on_its_link_is_told_by_special_ends_alone() -> None:
    every_connection(seed=20, sites=1, fewest=0)


def every_piece(*policies: Policy) -> Iterator[Piece]:
    classes = pieces(ALL_ADDRESSES, [one for policy in policies for one in address_sets(policy)])
    halves = [half for one in classes for half in (one.v4(), one.v6()) if half]
    cuts = [cut for policy in policies for cut in statement_cuts(policy)]
    modes = [services for policy in policies for services in mode_sets(policy)]
    for sources in halves:
        naming = [cut for cut in cuts if sources.first() in cut.source]
        for destinations in halves:
            if family(sources.first()) == family(destinations.first()):
                said = [cut.traffic for cut in naming if destinations.first() in cut.destination]
                for traffic in pieces(of_family(family(sources.first())), [*said, *modes]):
                    yield sources, destinations, traffic


def connections(row: Row) -> int:
    """How many a whole row has."""
    v4 = row.sources.v4().size() * row.destinations.v4().size() * (row.traffic & of_family(4)).size()
    v6 = row.sources.v6().size() * row.destinations.v6().size() * (row.traffic & of_family(6)).size()
    return v4 + v6


def test_pairs_are_counted() -> None:
    for number in range(12):
        _, before, after = pair_of_sites(number)
        for row in difference(meant(before, AT), meant(after, AT), AT, most=ALL).rows:
            assert row.pairs == all_of(row)


def all_of(row: Row) -> int:
    """All pairs of its sources and destinations."""
    v4 = row.sources.v4().size() * row.destinations.v4().size()
    return v4 + row.sources.v6().size() * row.destinations.v6().size()


def test_backwards_is_the_mirror_image() -> None:
    for number in range(12):
        _, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        there = difference(was, now, AT)
        back = difference(now, was, AT)
        assert {sides(row) for row in there.rows} == {sides(row, mirrored=True) for row in back.rows}
        assert {sides(row) for row in there.opens} == {sides(row, mirrored=True) for row in back.closes}


def sides(row: Row, *, mirrored: bool = False) -> tuple[object, ...]:
    outcomes = (row.after, row.before) if mirrored else (row.before, row.after)
    return row.sources, row.destinations, row.traffic, row.pairs, row.whole, *outcomes


def test_nothing_differs_from_itself() -> None:
    for number in range(20):
        policy = meant(valid_site(Random(number)), AT)
        assert difference(policy, meant(valid_site(Random(number)), AT), AT).rows == ()
        for point in policy.site.points:
            assert difference(policy, policy, AT, point=point).rows == ()


def test_it_does_not_matter_how_targets_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one, which only large sites need, or all at once."""
    for number in range(12):
        _, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        found = []
        for dear in (0, ALL):
            monkeypatch.setattr(search, "_DEAR", dear)
            found.append(difference(was, now, AT).rows)
        assert found[0] == found[1]


def test_few_words_keep_their_promise() -> None:
    """Where rows are put together each end and service is still of some connection, and the pairs are counted."""
    together = 0
    for number in range(1, 35):
        _, before, after = pair_of_sites(number)
        was, now = meant(before, AT), meant(after, AT)
        exact, few = (difference(was, now, AT, most=most).rows for most in (ALL, 2))
        if len(exact) > 200:
            continue  # slow to look through
        assert pairs_by_look(exact) == pairs_by_look(few)
        for row in few:
            parts = [part for one in exact if looks(one) == looks(row) for part in halves(one) if within(part, row)]
            for side, whole in enumerate((row.sources, row.destinations, row.traffic)):
                assert union(part[side] for part in parts) == whole
            assert not row.whole or all_of(row) == row.pairs
            together += not row.whole
    assert together > 20


def looks(row: Row) -> tuple[object, ...]:
    return told(row.before), told(row.after)


def pairs_by_look(rows: Iterable[Row]) -> dict[object, int]:
    found: dict[object, int] = {}
    for row in rows:
        found[looks(row)] = found.get(looks(row), 0) + row.pairs
    return found


def halves(row: Row) -> Iterator[Piece]:
    """What it has of each family."""
    v4 = row.sources.v4(), row.destinations.v4(), row.traffic & of_family(4)
    v6 = row.sources.v6(), row.destinations.v6(), row.traffic & of_family(6)
    yield from (half for half in (v4, v6) if all(half))


def within(part: Piece, row: Row) -> bool:
    return all(map(Ranges.covers, (row.sources, row.destinations, row.traffic), part))


def union(sets: Iterable[Ranges]) -> Ranges:
    return Ranges.of(span for one in sets for span in one)
