"""What is allowed and yet deserves a look, beyond what `validate` says: who owns it, who uses it, how far it goes.

In: a Policy, a time, how many days ahead count as soon. Out: findings with their places, the waived ones left out.
Never in it: an error; what is told here makes no site worse to load.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from segctl.ask.lint.budget import over_budget
from segctl.ask.lint.classified import classified_down
from segctl.ask.lint.ending import expiring
from segctl.ask.lint.owners import no_owner
from segctl.ask.lint.unusable import unusable
from segctl.ask.lint.unused import unused
from segctl.ask.lint.wider import wider
from segctl.model.diagnostic import Diagnostic
from segctl.policy import Policy
from segctl.policy.touch import remembering

SOON = timedelta(days=30)


def lint_site(policy: Policy, at: datetime, soon: timedelta = SOON, *, budgets: bool = True) -> Iterator[Diagnostic]:
    """All of it, in no order; without `budgets` nobody's reach is worked out, which takes a second on a large site."""
    touches = remembering(policy.partition)
    yield from expiring(policy, at, soon)
    yield from no_owner(policy, touches)
    yield from unused(policy, at, touches)
    yield from unusable(policy, at, touches)
    yield from wider(policy)
    yield from classified_down(policy, touches)
    if budgets:
        yield from over_budget(policy, at)
