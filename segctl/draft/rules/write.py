"""A planned site as text: every word quoted (quote.py), through the one template."""

import textwrap
from dataclasses import dataclass

from segctl.draft.quote import Safe, joined, place, remark, text, word
from segctl.draft.rules.labels import blocks
from segctl.draft.rules.plan import Line, Plan
from segctl.draft.rules.reasons import reason
from segctl.draft.rules.segments import SELF, Made, Pairs
from segctl.draft.rules.services import OTHERS, OTHERS_ARE
from segctl.draft.rules.survey import Survey, Wanted
from segctl.draft.site import render
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import Ranges, show_address
from segctl.model.selector import WORLD
from segctl.policy.special import ALWAYS_SPECIAL

POINT = "this"
NOBODY = "nobody"
"""The segment of an interface behind which no block lives: it has no address."""
_FLOW = "flow"
_WIDTH = 100
_HEAD = 116


@dataclass(frozen=True, slots=True)
class _Profile:
    name: Safe
    intra: Safe
    ingress: Safe
    answer: Safe


@dataclass(frozen=True, slots=True)
class _Segment:
    name: Safe
    profile: Safe
    members: Safe | None


@dataclass(frozen=True, slots=True)
class _Line:
    name: Safe
    sources: Safe
    targets: Safe
    services: Safe
    why: Safe


@dataclass(frozen=True, slots=True)
class Site:
    """What is written: the segments and lines of a plan, by the names that they have there."""

    name: str
    sources: tuple[str, ...]
    survey: Survey
    pairs: Pairs
    plan: Plan
    own: str
    """The machine's own segment: `points`, or that of a host's endpoint."""


def written(site: Site, head: tuple[str, ...]) -> str:
    """The site's main file; `head` are paragraphs that stand at its top."""
    host = site.survey.wanted.host
    profiles = {one.name: one for one in site.plan.profiles.values()}
    return render(
        "imported.yaml.j2",
        source=remark(", ".join(site.sources)),
        head=tuple(line for said in head for line in _paragraph(said)),
        site=word(site.name),
        profiles=tuple(
            _Profile(word(one.name), Safe("allow" if one.within else "deny"), Safe("deny" if one.refuses else "allow"),
                     Safe(one.answer))
            for one in sorted(profiles.values(), key=lambda one: one.name)
        ),
        endpoint=word(POINT) if host else None,
        own=joined(place(show_address(address)) for address in _each(host)) if host else None,
        segments=(*(_segment(site, one) for one in site.pairs.segments), _own_segment(site)),
        nobody=word(NOBODY) if any(_lonely(site, face) for face in site.survey.faces) and not host else None,
        others=word(OTHERS) if site.plan.uses(OTHERS) else None,
        others_are=_wrapped(joined(map(Safe, OTHERS_ARE))),
        drops=word(site.plan.profiles[SELF].name),
        flows=tuple(_line(site, at, one, _FLOW) for at, one in enumerate(site.plan.flows, 1)),
        guardrails=tuple(_line(site, at, one, "never") for at, one in enumerate(site.plan.guardrails, 1)),
        point=word(f"{POINT}-host" if host else POINT),
        faces=tuple(
            (word(face), _list([one.name for one in site.pairs.segments if face in one.homes] or [NOBODY]),
             joined(place(_interface_address(one)) for one in site.survey.wanted.own.get(face, ())) or None)
            for face in site.survey.faces
        ),
    )  # fmt: skip


def _interface_address(one: InterfaceAddress) -> str:
    return f"{show_address(one.address)}/{one.length}"


def _each(some: Ranges) -> list[int]:
    return [address for first, last in some for address in range(first, last + 1)]


def _lonely(site: Site, face: str) -> bool:
    return not any(face in one.homes for one in site.pairs.segments)


def _segment(site: Site, one: Made) -> _Segment:
    members = None
    if one.name != WORLD:
        addresses = one.addresses if site.survey.wanted.host else _filled(one.addresses, site.survey.wanted)
        members = _wrapped(joined(place_or_range(block) for block in blocks(addresses)))
    return _Segment(word(one.name), word(site.plan.profiles[one.name].name), members)


def _filled(some: Ranges, wanted: Wanted) -> Ranges:
    """With the machine's own addresses and broadcasts where they only make holes: whoever claims them, they are none of
    a segment's.
    """
    holes = [one for one in _each(wanted.ours) if one - 1 in some and one + 1 in some]
    holes += [one for one in _each(wanted.special - ALWAYS_SPECIAL) if one - 1 in some]
    return some | Ranges.of((one, one) for one in holes)


def _own_segment(site: Site) -> _Segment:
    members = word(POINT) if site.survey.wanted.host else None
    return _Segment(word(site.own), word(site.plan.profiles[SELF].name), members)


def place_or_range(block: str) -> Safe:
    """A block as `labels.blocks` gives it."""
    first, dash, last = block.partition("-")
    if not dash:
        return place(block)
    ends = f"{place(first)}-{place(last)}".replace('"', "")
    return Safe(f'"{ends}"' if ":" in ends else ends)


def _line(site: Site, at: int, one: Line, kind: str) -> _Line:
    def end(names: tuple[str, ...]) -> Safe:
        return Safe(f"[{_list([site.own if name == SELF else name for name in names])}]")

    services = Safe(f"[{_wrapped(joined(map(Safe, one.services)))}]")
    why = text(reason(site.survey, site.pairs, one, kind == _FLOW))
    return _Line(word(f"{kind}-{at}"), end(one.sources), end(one.targets), services, why)


def _list(names: list[str]) -> Safe:
    return _wrapped(joined(map(word, names)))


def _wrapped(listed: Safe) -> Safe:
    """A long list over several lines; none of its parts has a blank in it."""
    lines = textwrap.wrap(listed, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return Safe("\n      ".join(lines)) if len(listed) > _WIDTH else listed


def _paragraph(said: str) -> list[Safe]:
    indent = "  " if said.startswith("- ") else ""
    lines = textwrap.wrap(said, _HEAD, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [remark(line) for line in lines or [""]]
