"""What a change does: in one hop, in several, and later."""

from dataclasses import dataclass
from datetime import datetime

from segctl.ask.result.called import Called, Hop
from segctl.model.decision import Effect, Outcome
from segctl.model.flow import Flow
from segctl.model.ranges import Ranges
from segctl.model.strictness import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """New connections that a change treats otherwise, all in one way: from each of `sources` to each of `destinations`
    of the same family, over each service in `traffic` of that family.

    So it is where `whole`. Else each source is there with some destination, each destination with some source, each
    service for some pair; `pairs` counts the pairs of addresses exactly in either case, and no pair is in two rows that
    differ in their ends or services alone. `before` and `after` say of all of them who decides.
    """

    sources: Ranges
    destinations: Ranges
    traffic: Ranges
    before: Outcome
    after: Outcome
    from_: Called
    to: Called
    pairs: int
    whole: bool

    @property
    def opens(self) -> bool:
        """Allowed, or passing, only after the change."""
        return _lets(self.after, self.before)

    @property
    def closes(self) -> bool:
        """Allowed, or passing, only before the change. It may open by verdict and close by effect, or the reverse."""
        return _lets(self.before, self.after)


def _lets(one: Outcome, other: Outcome) -> bool:
    """Whether the one allows what the other denies, or lets pass what the other stops."""
    allows = one.decision.verdict is Verdict.ALLOW and other.decision.verdict is Verdict.DENY
    return allows or (one.effect is Effect.PASS and other.effect is not Effect.PASS)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does at a time: everywhere, or to what one point sees."""

    at: datetime
    point: str | None
    rows: tuple[Row, ...]

    @property
    def opens(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.opens)

    @property
    def closes(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.closes)

    @property
    def otherwise(self) -> tuple[Row, ...]:
        """As closed as before, with another answer: silence instead of a refusal, or the reverse."""
        return tuple(row for row in self.rows if not row.opens and not row.closes)


@dataclass(frozen=True, slots=True)
class FarRow:
    """Who reaches whom in so many hops at the least, only before or only after a change; a way of one of them,
    where there aren't too many rows. `whole`: each reaches each; else each reaches some, and each is reached by some.
    """

    from_: Called
    to: Called
    hops: int
    way: tuple[Hop, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Radius:
    """A segment's blast radius; None where there is no such segment."""

    segment: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Far:
    """What a change does beyond one hop, by effect: ways of several hops that appear and vanish, and blast radii."""

    appear: tuple[FarRow, ...]
    vanish: tuple[FarRow, ...]
    radii: tuple[Radius, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """When a flow begins or ends that a change adds or takes away, or whose times it changes (then it is both)."""

    at: datetime
    flow: Flow
    begins: bool
    added: bool


@dataclass(frozen=True, slots=True)
class Later:
    """What a change turns after now, and what opens by it at such a time, and at none before."""

    turns: tuple[Turn, ...]
    opens: tuple[tuple[datetime, tuple[Row, ...]], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """All of a change: what it opens and closes now, in any number of hops, and later."""

    before: str
    after: str
    now: Difference
    far: Far
    later: Later

    @property
    def opens(self) -> bool:
        """Whether it lets anybody reach more, by verdict or effect, in however many hops, now or later."""
        return bool(self.now.opens or self.far.appear or self.later.opens)
