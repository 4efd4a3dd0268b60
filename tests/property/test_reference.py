"""`segctl.policy` against the slow reference in tests/reference, which was written from the law alone."""

import os
from collections.abc import Iterator
from random import Random

import pytest

from segctl.model.decision import Outcome, Step
from segctl.model.site import Site
from segctl.policy import examine, judge
from tests.reference.law import Decided, Question, Ruling, rule
from tests.reference.show import show_question, show_site
from tests.strategies import AT, random_questions, valid_site

NAMED_BY_LAW = {Step.MANAGEMENT, Step.GUARDRAIL, Step.FLOW}  # "the first by name"


def ruling_of(outcome: Outcome) -> Ruling:
    """What policy says, in the reference's type."""
    decision = outcome.decision
    by = decision.by if decision.step in NAMED_BY_LAW else None
    decided = Decided(decision.verdict, decision.step, decision.refusing, by)
    return Ruling(decided, outcome.effect, outcome.observed, outcome.uncovered, outcome.unbound)


def differences(site: Site, questions: list[Question]) -> Iterator[str]:
    """One text for each question that the two answer differently."""
    policy = examine(site, AT).policy
    assert policy is not None
    for asked in questions:
        want = rule(site, asked)
        got = ruling_of(judge(policy, asked.source, asked.destination, asked.traffic, asked.at))
        if got != want:
            yield f"{show_question(asked)}\n  the law: {want}\n  policy:  {got}"


def compare(seed: int, sites: int, questions: int) -> None:
    """Ask that many questions on each of that many sites; a failure says how to run the one site again."""
    for number in range(seed, seed + sites):
        rng = Random(number)
        site = valid_site(rng)
        found = list(differences(site, random_questions(rng, site, questions)))
        if found:
            replay = f"SEGCTL_SEED={number} pytest -m soak tests/property/test_reference.py"
            pytest.fail(f"{replay}\n{show_site(site)}\n\n{len(found)} differences, the first:\n" + "\n".join(found[:3]))


def test_policy_answers_as_the_reference() -> None:
    compare(seed=1, sites=250, questions=20)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_policy_answers_as_the_reference_at_length() -> None:
    """100,000 questions; SEGCTL_SEED takes other sites than the last time."""
    seed = int(os.environ.get("SEGCTL_SEED") or Random().randrange(1 << 32))
    print(f"SEGCTL_SEED={seed}")
    compare(seed, sites=2_000, questions=50)
