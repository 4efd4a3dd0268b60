"""What must hold for every site: the laws of the design's section 2, asked of `segctl.policy` alone."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segctl.model.decision import Effect, Outcome
from segctl.model.flow import Flow
from segctl.model.point import Interface
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import WORLD, Block, Named
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import Mode, ModeKind, Profile, Verdict
from segctl.policy import examine, judge
from tests.reference import build
from tests.reference.addresses import claims, lies_within
from tests.reference.draw import DENSE, WAIVERS, Draft, block_of, random_flow, random_guardrail, random_profile
from tests.reference.law import Question
from tests.reference.show import show_question, show_site
from tests.strategies import AT, random_questions, sites

Change = Callable[[Random, Site], Site]
Fault = Callable[[Outcome, Outcome], bool]


class Law(NamedTuple):
    """A change of a site, and what it must never do to the answer of a question (before, after)."""

    name: str
    change: Change
    broken: Fault


def opens(before: Outcome, after: Outcome) -> bool:
    """Denied before, allowed after."""
    return before.decision.verdict is Verdict.DENY and after.decision.verdict is Verdict.ALLOW


def closes(before: Outcome, after: Outcome) -> bool:
    return opens(after, before) or lets_through(after, before)


def lets_through(before: Outcome, after: Outcome) -> bool:
    """Stopped before, passes after."""
    return before.effect is not Effect.PASS and after.effect is Effect.PASS


def opens_or_lets_through(before: Outcome, after: Outcome) -> bool:
    return opens(before, after) or lets_through(before, after)


def differs(before: Outcome, after: Outcome) -> bool:
    """All but the place where it is written, which a change of order leaves as well."""
    return before != after


def drawn_so_far(rng: Random, site: Site) -> Draft:
    """The site as what further statements are drawn from."""
    return Draft(rng, dict(site.segments), dict(site.endpoints), dict(site.points), dict(site.profiles))


def with_segment(site: Site, segment: Segment) -> Site:
    return replace(site, segments={**site.segments, segment.name: segment})


def stricter(rng: Random, site: Site) -> Site:
    """One segment, perhaps a built-in one, with a profile at least as strict as its own."""
    segment = rng.choice(list(site.segments.values()))
    profiles = [*site.profiles.values(), *(random_profile(rng, "drawn") for _ in range(5))]
    fitting = [profile for profile in profiles if profile.at_least_as_strict_as(segment.profile)]
    return with_segment(site, replace(segment, profile=rng.choice(fitting)))


def guardrail_more(rng: Random, site: Site) -> Site:
    return replace(site, guardrails=(*site.guardrails, random_guardrail(drawn_so_far(rng, site), "one-more")))


def flow_more(rng: Random, site: Site) -> Site:
    return replace(site, flows=(*site.flows, random_flow(drawn_so_far(rng, site), "a-flow-more")))


def carved(rng: Random, site: Site) -> Site:
    """A new segment within another: some of its own addresses, its mode, its interfaces or none, its labels or none.
    Some segments that lay within the outer one may lie within the new one.
    """
    outer = rng.choice([segment for segment in site.segments.values() if not segment.built_in])
    inside = [each for each in site.segments.values() if lies_within(site, each.name, outer.name)]
    held = [each for each in DENSE if claims(site, outer, each) and not any(claims(site, o, each) for o in inside)]
    inner = carve(rng, site, outer, held, rng.choice((outer.labels, {})))
    for each in inside:
        if each.within == outer.name and rng.random() < 0.3:
            site = with_segment(site, replace(each, within=inner.name))
            inner = replace(inner, members=inner.members + each.members)
    return with_segment(listed_beside(site, outer.name) if rng.random() < 0.8 else site, inner)


def carved_and_met(rng: Random, site: Site) -> Site:
    """As `carved`, but from a segment without this corner: with `{enforce: [services]}` and intra: deny a connection
    of the segment to itself is enforced, but one to or from the carved part may be refused at its source alone, and
    a source observes. So this law holds by effect only where the outer segment is not of that kind.
    """
    corner = [
        each.name
        for each in site.segments.values()
        if each.mode is not None and each.mode.kind is ModeKind.SELECTIVE and each.profile.intra is Verdict.DENY
    ]
    changed = carved(rng, site)
    assume(changed.segments["carved"].within not in corner)
    return changed


def carved_from_world(rng: Random, site: Site) -> Site:
    """A new segment of `world`'s addresses. `world` has nothing within it: what names it in a guardrail, `except` or
    `not_to` loses what is carved out of it, so this law holds only where none of these does.
    """
    prohibiting = [selector for each in site.guardrails for selector in each.source + each.destination]
    prohibiting += [selector for each in site.flows for selector in each.source_except + each.destination_except]
    assume(all(str(selector) not in ("world", "{within: world}") for selector in prohibiting))
    own = [segment for segment in site.segments.values() if segment.name != WORLD]
    held = [each for each in DENSE if not any(claims(site, segment, each) for segment in own)]
    return with_segment(site, replace(carve(rng, site, site.segments[WORLD], held, {}), within=None))


def carve(rng: Random, site: Site, outer: Segment, held: list[int], labels: dict[str, str]) -> Segment:
    """A segment at least as strict as the outer one, with some of the addresses."""
    assume(held)
    profiles = [profile for profile in site.profiles.values() if profile.at_least_as_strict_as(outer.profile)]
    taken = rng.sample(held, rng.randint(1, len(held)))
    members = tuple(block_of(*span) for span in Ranges.of((each, each) for each in taken))
    mode = outer.mode or site.default_mode
    return Segment("carved", build.here(), rng.choice(profiles), mode, members, outer.name, labels=labels)


def listed_beside(site: Site, outer: str) -> Site:
    """Every interface that lists the outer segment lists the carved one, too."""

    def wider(interface: Interface) -> Interface:
        more = ("carved",) if outer in interface.segments else ()
        return replace(interface, segments=interface.segments + more)

    points = {
        name: replace(point, interfaces={key: wider(each) for key, each in point.interfaces.items()})
        for name, point in site.points.items()
    }
    return replace(site, points=points)


def another_order(rng: Random, site: Site) -> Site:
    return cast(Site, shuffled(rng, site))


def shuffled(rng: Random, value: object) -> object:
    """The same value with everything that a site lists, at any depth, in another order."""
    if isinstance(value, Ranges | Span | Profile | Mode | Block | Named):
        return value
    if isinstance(value, tuple):
        return tuple(shuffled(rng, each) for each in rng.sample(value, len(value)))
    if isinstance(value, dict):
        return {key: shuffled(rng, each) for key, each in rng.sample(list(value.items()), len(value))}
    if is_dataclass(value) and not isinstance(value, type):
        held = {
            field.name: getattr(value, field.name) for field in fields(value) if field.init and field.name != "labels"
        }
        return replace(value, **{name: shuffled(rng, each) for name, each in held.items()})
    return value


LAWS = (
    Law("moving a segment to a stricter profile never opens", stricter, opens),
    Law("a guardrail more never opens", guardrail_more, opens_or_lets_through),
    Law("a flow more never closes", flow_more, closes),
    Law("the order in which a site lists things never matters", another_order, differs),
    Law("carving a segment out of another never opens, by verdict", carved, opens),
    Law("carving a segment out of another never opens, by effect", carved_and_met, lets_through),
    Law("carving a segment out of world never opens, by verdict", carved_from_world, opens),
)
every_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name.replace(" ", "-"))
any_seed = st.integers(0, (1 << 32) - 1)
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
LONG = settings(MODEST, max_examples=3_000)


def obey(law: Law, site: Site, seed: int) -> None:
    """Ask questions before and after the change; a change that makes the site invalid is no example."""
    rng = Random(seed)
    before = examine(site, AT).policy
    assert before is not None
    changed = law.change(rng, site)
    after = examine(changed, AT).policy
    assume(after is not None or law.change is another_order)
    assert after is not None
    for asked in random_questions(rng, changed, 25):
        ends = asked.source, asked.destination, asked.traffic, asked.at
        answers = judge(before, *ends), judge(after, *ends)
        assert not law.broken(*answers), broken_text(law, site, changed, asked, answers)


def broken_text(law: Law, site: Site, changed: Site, asked: Question, answers: tuple[Outcome, Outcome]) -> str:
    old, new = show_site(site).splitlines(), show_site(changed).splitlines()
    change = [f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old]
    told = [show_question(asked), f"before {answers[0]}", f"after {answers[1]}"]
    return "\n".join([law.name, *old, "", *change, "", *told])


@every_law
@MODEST
@given(site=sites(), seed=any_seed)
def test_law(law: Law, site: Site, seed: int) -> None:
    obey(law, site, seed)


def asked_on(segments: list[Segment], source: str, destination: str, **parts: Any) -> Outcome:
    """What policy says of tcp/22 between two addresses, on a site of these segments."""
    policy = examine(build.site(segments, **parts), AT).policy
    assert policy is not None
    place = build.service("tcp/22").traffic.first()
    return judge(policy, build.span_of(source)[0], build.span_of(destination)[0], place, AT)


def test_the_corner_of_carving_by_effect() -> None:
    """The law's own words on observing let this packet through: see `carved_and_met`."""
    only_some = Mode(ModeKind.SELECTIVE, build.service("tcp/22").traffic, ("tcp/22",))
    outer = build.segment("lab", "outside", "10.0.0.0/28", mode=only_some)
    inner = build.segment("carved", "outside", "10.0.0.1", mode=only_some, within="lab")
    assert asked_on([outer], "10.0.0.2", "10.0.0.1").effect is Effect.DROP
    assert asked_on([outer, inner], "10.0.0.2", "10.0.0.1").effect is Effect.PASS


def test_the_corner_of_carving_from_world() -> None:
    """A guardrail that names `world` says nothing of what was carved out of it: see `carved_from_world`."""
    db, inner = build.segment("db", "strict", "10.0.2.0/24"), build.segment("carved", "sealed", "192.0.2.7")
    ends = build.selectors("any"), build.selectors("db")
    flow = Flow("open", build.here(), *ends, build.services("tcp/22"), why="tested", waive=WAIVERS)
    statements: dict[str, Any] = {"flows": (flow,), "guardrails": (build.guardrail("closed", "world", "db"),)}
    before, after = (asked_on(held, "192.0.2.7", "10.0.2.7", **statements) for held in ([db], [db, inner]))
    assert opens(before, after)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@every_law
@LONG
@given(site=sites(), seed=any_seed)
def test_law_at_length(law: Law, site: Site, seed: int) -> None:
    obey(law, site, seed)
