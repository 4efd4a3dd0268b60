"""What was applied on a point, as it was kept."""

from contextlib import suppress
from typing import Any

from segctl.apply.confirm import taken_back, waiting
from segctl.apply.result import History, Version
from segctl.apply.slots import read_slots
from segctl.model.moment import moment
from segctl.runner import Runner
from segctl.store import About, Standing, StoreError, state_of


def history(runner: Runner) -> History:
    """Every generation that is kept, the newest first; one that can't be read says so in place of its site."""
    live = read_slots(runner).live
    with state_of(runner, make=False) as state:
        if state is None:
            return History(runner.where, ())
        standing, lines = None, list[dict[str, Any]]()
        with suppress(StoreError):  # `status` says what is wrong with it
            standing = state.standing()
        with suppress(StoreError):  # so does `history --journal`
            lines = state.journal.lines()
        versions = []
        for number in reversed(state.generations.numbers()):
            mark = _mark(runner, standing, number, live is not None and number == live.generation)
            if not mark and taken_back(lines, number):
                mark = "taken back: nobody confirmed it"
            try:
                about = state.generations.about(number)
            except StoreError as error:
                versions.append(Version(number, mark, "", "", str(error), "", "", 0))
                continue
            if about is not None:
                versions.append(version(about, mark))
    return History(runner.where, tuple(versions))


def _mark(runner: Runner, standing: Standing | None, number: int, live: bool) -> str:
    if standing is None:
        return "live" if live else ""
    if not live:
        return "confirmed at boot" if number == standing.confirmed else ""
    if waiting(standing, runner):
        return "live, waits for `segctl confirm`"
    return "live" if number == standing.confirmed else "live, not confirmed"


def journal(runner: Runner) -> list[dict[str, Any]]:
    """Its lines, the oldest first."""
    with state_of(runner, make=False) as state:
        return state.journal.lines() if state is not None else []


def version(about: About, mark: str) -> Version:
    """In words."""
    commit = about.commit.name[:12] + ("+" if about.commit.dirty else "")
    at = f"{moment(about.made):%Y-%m-%dT%H:%M:%SZ}"
    return Version(about.number, mark, at, str(about.who), about.site, commit, about.proof, about.elements)
