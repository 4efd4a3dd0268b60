"""The site's own tests: each `expect` entry held against the law."""

from datetime import datetime
from functools import lru_cache

from segctl.ask.can import asked_addresses, can
from segctl.ask.path import Ways
from segctl.ask.reach import reach
from segctl.ask.result import Hop, Verified
from segctl.model.flow import Expectation, Expected, traffic_of
from segctl.policy import Policy


def judge_expectations(policy: Policy, at: datetime) -> tuple[Verified, ...]:
    """Every expectation in the order of the site; one that says no time is asked for `at`."""
    reached = lru_cache(lambda time: reach(policy, time))

    def way(said: Expectation, time: datetime) -> tuple[Hop, ...]:
        source, destination = (asked_addresses(policy, end, inner=True) for end in (said.source, said.destination))
        return Ways(reached(time), source, destination).shortest()

    def verify(said: Expectation, time: datetime) -> Verified:
        if said.expected is Expected.UNREACHABLE:
            found = way(said, time)
            return Verified(said, not found, way=found)
        return _verify(policy, said, time)

    return tuple(verify(expected, expected.at or at) for expected in policy.site.expectations)


def _verify(policy: Policy, said: Expectation, at: datetime) -> Verified:
    inner = said.expected is Expected.DENIED
    if inner and not all(asked_addresses(policy, end, inner=True) for end in (said.source, said.destination)):
        return Verified(said, True)  # a segment that may be empty: nobody is denied everything
    answer = can(policy, said.source, said.destination, traffic_of(said.services), at, inner=inner)
    wrong = tuple(part for part in answer.parts if part.holds(by_effect=False) is inner)
    return Verified(said, not wrong, parts=wrong)
