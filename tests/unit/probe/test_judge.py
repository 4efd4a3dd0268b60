"""From events to results, without a packet: what is missing makes it inconclusive, whatever else there is."""

from dataclasses import replace

import pytest

from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.ranges import parse_address
from segctl.model.service import TCP, UDP, traffic
from segctl.model.strictness import Verdict
from segctl.probe.event import Event, Kind
from segctl.probe.judge import Attempt, Controls, Listener, Trial, settle, settled
from segctl.probe.result import Answer, Cell, End, Seen, Standing
from segctl.probe.way import Link, Way

WEB = End("web1", "web", parse_address("10.0.1.10"))
DB = End("db1", "db", parse_address("10.0.2.10"))
GW = End("gw", "points", parse_address("10.0.1.1"))
NEAR = Link("web1", "eth0", "gw", "eth1", GW.address)
FAR = Link("gw", "eth2", "db1", "eth0", DB.address)
MIDDLE = Link("gw", "eth2", "gw2", "eth0", parse_address("10.0.9.2"))
LAST = Link("gw2", "eth1", "db1", "eth0", DB.address)

PASS, DROP, REJECT = Effect.PASS, Effect.DROP, Effect.REJECT
DELIVERED, BLOCKED, REJECTED, INCONCLUSIVE = Seen.DELIVERED, Seen.BLOCKED, Seen.REJECTED, Seen.INCONCLUSIVE

SENT = Event(1, Kind.SENT, "web1")
AT_GATEWAY = Event(1, Kind.ARRIVED, "gw", "eth1")
LEFT = Event(1, Kind.LEFT, "gw", "eth2")
ARRIVED = Event(1, Kind.ARRIVED, "db1", "eth0")
RECEIVED = Event(1, Kind.RECEIVED, "gw")
STOPPED = (SENT, AT_GATEWAY)


def answered(answer: Answer) -> Event:
    return Event(1, Kind.ANSWERED, "web1", "eth0", answer)


def outcome(effect: Effect, *, uncovered: bool = False) -> Outcome:
    verdict = Verdict.ALLOW if effect is PASS else Verdict.DENY
    return Outcome(
        Decision(verdict, Step.FLOW if effect is PASS else Step.REFUSED, "said"), effect, uncovered=uncovered
    )


def forwarded(effect: Effect, *attempts: tuple[Event, ...], protocol: int = TCP) -> Trial:
    cell = Cell(WEB, DB, traffic(4, protocol, 80), outcome(effect))
    return Trial(cell, Way((NEAR, FAR)), False, False, tuple(Attempt(1, events) for events in attempts))


def to_gateway(effect: Effect, *events: Event) -> Trial:
    cell = Cell(WEB, GW, traffic(4, TCP, 22), outcome(effect))
    return Trial(cell, Way((NEAR,)), False, True, (Attempt(1, events),))


def from_gateway(effect: Effect, *events: Event) -> Trial:
    cell = Cell(GW, DB, traffic(4, TCP, 22), outcome(effect))
    return Trial(cell, Way((FAR,)), True, False, (Attempt(1, events),))


GOOD = Controls({(FAR, 4)}, {("gw", 4, TCP)}, {FAR})


def says(trial: Trial, controls: Controls = GOOD) -> tuple[Seen, Standing]:
    tried = settle(trial, controls)
    return tried.seen, tried.standing


@pytest.mark.parametrize(
    ("events", "seen", "expecting_pass", "expecting_drop", "expecting_reject"),
    [
        ((*STOPPED, LEFT, ARRIVED), DELIVERED, "agrees", "differs", "differs"),
        (STOPPED, BLOCKED, "differs", "agrees", "differs"),
        ((*STOPPED, answered(Answer.RESET)), REJECTED, "differs", "differs", "agrees"),
        ((*STOPPED, answered(Answer.PROHIBITED)), REJECTED, "differs", "differs", "agrees"),
        ((*STOPPED, LEFT, ARRIVED, answered(Answer.RESET)), DELIVERED, "agrees", "differs", "differs"),  # a closed port
        ((*STOPPED, LEFT), INCONCLUSIVE, *["inconclusive"] * 3),  # lost behind the filter
        ((SENT,), INCONCLUSIVE, *["inconclusive"] * 3),  # lost before it
        ((), INCONCLUSIVE, *["inconclusive"] * 3),
        ((*STOPPED, answered(Answer.UNREACHABLE)), INCONCLUSIVE, *["inconclusive"] * 3),
        ((*STOPPED, Event(1, Kind.LEFT, "gw", "eth3")), INCONCLUSIVE, *["inconclusive"] * 3),  # by a wrong interface
        ((SENT, Event(1, Kind.ARRIVED, "gw", "eth3")), INCONCLUSIVE, *["inconclusive"] * 3),
        ((SENT, ARRIVED), DELIVERED, "agrees", "differs", "differs"),  # around the gateway
        ((Event(1, Kind.REFUSED, "web1"),), INCONCLUSIVE, *["inconclusive"] * 3),  # a stranger's filter
        ((Event(1, Kind.FAILED, "web1", words="no"),), INCONCLUSIVE, *["inconclusive"] * 3),
    ],
)
def test_forwarded(
    events: tuple[Event, ...], seen: Seen, expecting_pass: str, expecting_drop: str, expecting_reject: str
) -> None:
    wanted = zip((PASS, DROP, REJECT), (expecting_pass, expecting_drop, expecting_reject), strict=True)
    for effect, standing in wanted:
        assert says(forwarded(effect, events)) == (seen, Standing(standing))


@pytest.mark.parametrize(
    ("controls", "word"),
    [
        (replace(GOOD, carried=frozenset()), "no control frame"),
        (replace(GOOD, carried={(FAR, 6)}), "no control frame"),  # of the other family
        (replace(GOOD, known=frozenset()), "link-layer address of 10.0.2.10"),
        (replace(GOOD, deaf={"db1"}), "could not hear"),
        (replace(GOOD, deaf={"gw"}), "could not hear"),
        (replace(GOOD, changed={("web1", WEB.address, DB.address)}), "routes changed"),
    ],
)
def test_silence_needs_every_leg_and_a_delivery_none(controls: Controls, word: str) -> None:
    tried = settle(forwarded(DROP, STOPPED), controls)
    assert (tried.seen, tried.standing) == (INCONCLUSIVE, Standing.INCONCLUSIVE) and word in tried.reason
    assert says(forwarded(DROP, (*STOPPED, answered(Answer.RESET))), controls)[0] is INCONCLUSIVE
    assert says(forwarded(DROP, (*STOPPED, LEFT, ARRIVED)), controls) == (DELIVERED, Standing.DIFFERS)


def test_a_broken_way_is_said() -> None:
    trial = replace(forwarded(DROP, STOPPED), way=Way((NEAR,), "gw has no route"))
    assert settle(trial, GOOD).reason == "gw has no route" and says(trial)[0] is INCONCLUSIVE


@pytest.mark.parametrize(
    ("events", "seen"),
    [
        ((SENT, AT_GATEWAY, RECEIVED), DELIVERED),
        ((SENT, AT_GATEWAY, RECEIVED, answered(Answer.RESET)), DELIVERED),
        ((SENT, AT_GATEWAY), BLOCKED),  # its wire isn't its input
        ((SENT, AT_GATEWAY, answered(Answer.RESET)), REJECTED),  # a closed port would have been received
        ((SENT,), INCONCLUSIVE),
    ],
)
def test_to_a_gateways_own_address(events: tuple[Event, ...], seen: Seen) -> None:
    assert says(to_gateway(DROP, *events))[0] is seen


def test_a_gateway_that_hears_nothing_blocks_nothing() -> None:
    others: list[set[Listener]] = [set(), {("gw", 6, TCP)}, {("gw", 4, UDP)}]
    for listening in others:
        assert says(to_gateway(DROP, SENT, AT_GATEWAY), replace(GOOD, listening=listening))[0] is INCONCLUSIVE


@pytest.mark.parametrize(
    ("events", "seen"),
    [
        ((Event(1, Kind.SENT, "gw"), Event(1, Kind.LEFT, "gw", "eth2"), ARRIVED), DELIVERED),
        ((Event(1, Kind.REFUSED, "gw"),), BLOCKED),  # EPERM is the filter's own word
        ((Event(1, Kind.REFUSED, "gw"), Event(1, Kind.ANSWERED, "gw", "lo", Answer.RESET)), REJECTED),
        ((Event(1, Kind.SENT, "gw"),), INCONCLUSIVE),
    ],
)
def test_from_a_gateway(events: tuple[Event, ...], seen: Seen) -> None:
    assert says(from_gateway(DROP, *events))[0] is seen
    if seen is BLOCKED:
        assert says(from_gateway(DROP, *events), Controls())[0] is INCONCLUSIVE


def test_several_gateways() -> None:
    way = Way((NEAR, MIDDLE, LAST))
    controls = Controls({(MIDDLE, 4), (LAST, 4)}, frozenset(), {MIDDLE, LAST})
    at_second = Event(1, Kind.ARRIVED, "gw2", "eth0")
    first = settle(replace(forwarded(DROP, STOPPED), way=way), controls)
    second = settle(replace(forwarded(DROP, (*STOPPED, LEFT, at_second)), way=way), controls)
    assert (first.seen, first.reason) == (BLOCKED, "gw stopped it")
    assert (second.seen, second.reason) == (BLOCKED, "gw2 stopped it")
    between = replace(forwarded(DROP, (*STOPPED, LEFT)), way=way)
    assert says(between, controls)[0] is INCONCLUSIVE
    # what the first stops needs all links behind it, what the second stops only its own
    only_last = Controls({(LAST, 4)}, frozenset(), {LAST})
    assert says(replace(forwarded(DROP, STOPPED), way=way), only_last)[0] is INCONCLUSIVE
    assert says(replace(forwarded(DROP, (*STOPPED, LEFT, at_second)), way=way), only_last)[0] is BLOCKED


def test_neighbours_with_nothing_between() -> None:
    """An uncovered pair is shown as seen and counts neither way; silence between neighbours praises no filter."""
    cell = Cell(WEB, End("web2", "web", WEB.address + 1), traffic(4, TCP, 80), outcome(PASS, uncovered=True))
    way = Way((Link("web1", "eth0", "web2", "eth0", WEB.address + 1),))
    came = Attempt(1, (SENT, Event(1, Kind.ARRIVED, "web2", "eth0")))
    assert says(Trial(cell, way, False, False, (came,))) == (DELIVERED, Standing.UNCOVERED)
    assert says(Trial(cell, way, False, False, (Attempt(1, (SENT,)),))) == (INCONCLUSIVE, Standing.UNCOVERED)


def test_the_surest_attempt_counts() -> None:
    lost, stopped, came = (SENT,), STOPPED, (*STOPPED, LEFT, ARRIVED)
    assert says(forwarded(DROP, lost, stopped)) == (BLOCKED, Standing.AGREES)
    assert says(forwarded(DROP, stopped, came)) == (DELIVERED, Standing.DIFFERS)
    assert says(forwarded(PASS, stopped, came)) == (DELIVERED, Standing.AGREES)
    assert says(forwarded(REJECT, stopped, (*stopped, answered(Answer.RESET)))) == (REJECTED, Standing.AGREES)


def test_a_missing_icmp_answer_is_a_note_where_the_kernel_limits_them() -> None:
    silent = forwarded(REJECT, STOPPED, protocol=UDP)
    tried = settle(silent, GOOD)
    assert (tried.seen, tried.standing) == (BLOCKED, Standing.AGREES) and "rate-limited" in tried.note
    assert says(silent, replace(GOOD, answering={"gw"})) == (BLOCKED, Standing.DIFFERS)
    assert says(forwarded(REJECT, STOPPED)) == (BLOCKED, Standing.DIFFERS)  # a TCP reset is under no limit


@pytest.mark.parametrize(
    ("effect", "events", "enough"),
    [
        (PASS, (*STOPPED, LEFT, ARRIVED), True),
        (DROP, (*STOPPED, LEFT, ARRIVED), True),
        (DROP, STOPPED, True),
        (PASS, STOPPED, False),
        (PASS, (*STOPPED, LEFT), False),
        (DROP, (SENT,), False),
        (REJECT, STOPPED, False),
        (REJECT, (*STOPPED, answered(Answer.RESET)), True),
    ],
)
def test_what_is_tried_again(effect: Effect, events: tuple[Event, ...], enough: bool) -> None:
    trial = forwarded(effect, events)
    assert settled(trial, trial.attempts[0], frozenset()) is enough
