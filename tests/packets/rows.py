"""Connections between machines of `point.SITE`, said in rows: opened in both families, and asked whether they live."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.packets.point import Point
from tests.packets.talk import PATIENCE, Talk, among, missing, opened, spoken

SILENCE = 0.15
Row = tuple[str, str, str, int]
"""From, to, over what, port or protocol."""


def of(point: Point, rows: Sequence[Row]) -> list[Talk]:
    """In both families."""
    return [spoken(what, point[a], point[b], version, port) for a, b, what, port in rows for version in (4, 6)]


@contextmanager
def open_(point: Point, *groups: Sequence[Row]) -> Iterator[list[list[Talk]]]:
    """Connections that speak in both directions."""
    made = [of(point, rows) for rows in groups]
    try:
        for talks in made:
            assert told(opened(talks)) == told(talks)
            assert told(missing(talks, True)) == []
        yield made
    finally:
        for talk in (talk for talks in made for talk in talks):
            talk.close()


def told(talks: Sequence[Talk]) -> list[str]:
    """In words, for a failure."""
    names = (f"{type(t).__name__}/{getattr(t, 'port', t.protocol)} {t.ends[0]} to {t.ends[1]}" for t in talks)
    return sorted(names)


def go_on(talks: Sequence[Talk], patience: float = PATIENCE) -> None:
    """Each in both directions, who answers first. After a silence TCP takes its time until it tries again."""
    for back in (True, False):
        assert told(missing(talks, back, patience)) == []


def silent(talks: Sequence[Talk]) -> None:
    """None in any direction."""
    assert heard(talks) == []


def heard(talks: Sequence[Talk], wait: float = SILENCE) -> list[str]:
    """Those of which something comes, in one direction at least; in words."""
    return told(speaking(talks, wait))


def speaking(talks: Sequence[Talk], wait: float = SILENCE) -> list[Talk]:
    """The same themselves."""
    mute = [{id(talk) for talk in missing(talks, back, wait)} for back in (True, False)]
    return [talk for talk in talks if not all(id(talk) in one for one in mute)]


def begin(point: Point, rows: Sequence[Row], *, passes: bool) -> None:
    """New connections come through and are answered, or none does."""
    talks = of(point, rows)
    try:
        for talk in talks:
            with suppress(PermissionError):  # what is held is refused where it is sent
                talk.start()
        came = among(talks, lambda talk: talk.started(), 1 if passes else SILENCE)
        assert told(came) == (told(talks) if passes else [])
        assert not passes or told(missing(talks, True)) == []
    finally:
        for talk in talks:
            talk.close()
