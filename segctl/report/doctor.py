"""What `doctor` found, as lines of text and as plain values for JSON."""

from collections.abc import Iterator
from dataclasses import asdict

from segctl.apply.result import Checkup, Concern, Fitness, Part, Tried

_WIDTH = 10


def show_checkup(found: Checkup) -> Iterator[str]:
    """What fails first stands where it is tried, with what it means and what mends it."""
    yield "what our rules rely on, tried in a namespace of its own:"
    for one in found.tried:
        yield from _tried(one)
    yield ""
    yield "of use, but not needed:"
    for part in found.parts:
        yield from _part(part)
    yield ""
    yield f"what {found.where or 'this host'} has beside our rules:"
    if found.unseen:
        yield f"  {'NOT SEEN':{_WIDTH}}{found.unseen}"
    elif not found.concerns:
        yield "  nothing that bears on them"
    for concern in found.concerns:
        yield from _concern(concern)
    yield ""
    yield summary(found)


def summary(found: Checkup) -> str:
    """One line."""
    if found.fit:
        return f"fit: all {len(found.tried)} facts hold, and nothing on {found.where} is in the way"
    failing = sum(one.found is not Fitness.HOLDS for one in found.tried)
    refusing = sum(one.level == "refuses" for one in found.concerns)
    why = [f"{failing} of {len(found.tried)} facts don't hold"] if failing else []
    why += [f"{refusing} of the things that are there can't be beside our rules"] if refusing else []
    why += ["nobody could look at the place"] if found.unseen else []
    return f"not fit: {', '.join(why)}"


def _tried(one: Tried) -> Iterator[str]:
    word = one.found.value if one.found is Fitness.HOLDS else one.found.value.upper()
    yield f"  {word:{_WIDTH}}{one.name}: {one.fact}"
    if one.found is not Fitness.HOLDS:
        yield f"  {'':{_WIDTH}}  seen: {one.said}"
        yield f"  {'':{_WIDTH}}  without it {one.without}"
        yield f"  {'':{_WIDTH}}  help: {one.mends}"


def _part(part: Part) -> Iterator[str]:
    word = "here" if part.there else "missing"
    yield f"  {word:{_WIDTH}}{part.name}: {part.what_for}" + (f" (help: {part.brings})" if part.brings else "")


def _concern(concern: Concern) -> Iterator[str]:
    word = concern.level.value.upper() if concern.level == "refuses" else concern.level.value
    yield f"  {word:{_WIDTH}}{concern.what}"
    if concern.help:
        yield f"  {'':{_WIDTH}}  help: {concern.help}"


def plain_checkup(found: Checkup) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        "schema": "segctl/doctor/1",
        "fit": found.fit,
        "tried": [asdict(one) for one in found.tried],
        "parts": [asdict(one) for one in found.parts],
        "where": found.where,
        "unseen": found.unseen,
        "concerns": [asdict(one) for one in found.concerns],
    }
