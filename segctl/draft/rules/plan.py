"""What the site says: profiles by what refused packets meet, flows and guardrails by what passes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from segctl.draft.rules.segments import SELF, Pairs
from segctl.draft.rules.services import Said, said
from segctl.draft.rules.verdict import Verdict
from segctl.listing.rule import Ending

DROP, REJECT = "drop", "reject"
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a segment falls back to. `refuses`: it answers for itself what comes to it, else who sent it answers;
    `within`: its own members may talk to each other.
    """

    answer: str
    refuses: bool = True
    within: bool = False

    @property
    def name(self) -> str:
        """As `drop-in`, `reject-out-within`."""
        return f"{self.answer}-{'in' if self.refuses else 'out'}{'-within' if self.within else ''}"


@dataclass(frozen=True, slots=True)
class Line:
    """A flow, or a guardrail."""

    sources: Names
    targets: Names
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole site. `profiles` by segment, SELF too."""

    profiles: Mapping[str, Profile]
    flows: tuple[Line, ...]
    guardrails: tuple[Line, ...]


def plan(pairs: Pairs) -> Plan:
    """Profiles first: what a guardrail may take out hangs on how the rest is answered."""
    profiles = _profiles(pairs)
    flows: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    rails: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for pair, met in pairs.met.items():
        if not any(one.traffic for one in met.values()) or (pair[0] == pair[1] and profiles[pair[0]].within):
            continue
        words = said(met, _answer(met) == REJECT)
        flows[words.services].append(pair)
        if words.but:
            rails[words.but].append(pair)
    return Plan(profiles, tuple(_lines(flows)), tuple(_lines(rails)))


def _lines(by_services: Mapping[tuple[str, ...], list[tuple[str, str]]]) -> Iterable[Line]:
    """Pairs of the same services as few lines: sources with the same targets together."""
    for services, some in by_services.items():
        if not services:
            continue
        targets: dict[str, list[str]] = defaultdict(list)
        for source, target in some:
            targets[source].append(target)
        sources: dict[Names, list[str]] = defaultdict(list)
        for source, listed in targets.items():
            sources[tuple(listed)].append(source)
        for held, those in sources.items():
            yield Line(tuple(those), held, services)


def _profiles(pairs: Pairs) -> dict[str, Profile]:
    """Who answers: the target, where all who are refused there hear the same; else the source."""
    hears: dict[str, Counter[str]] = defaultdict(Counter)
    for (_, target), met in pairs.met.items():
        if answer := _answer(met):
            hears[target][answer] += 1
    names = [*(one.name for one in pairs.segments), SELF]
    refuses = {name: len(hears[name]) < 2 for name in names}
    sent: dict[str, Counter[str]] = defaultdict(Counter)
    for (source, target), met in pairs.met.items():
        if (answer := _answer(met)) and not refuses[target]:
            sent[source][answer] += 1
    out = {}
    for name in names:
        votes = (hears[name] if refuses[name] else Counter[str]()) + sent[name]
        inner = pairs.met.get((name, name), {})
        within = bool(inner) and all(said({family: one}, False) == Said(("all",)) for family, one in inner.items())
        out[name] = Profile(votes.most_common(1)[0][0] if votes else DROP, refuses[name], within)
    return out


def _answer(met: Mapping[int, Verdict]) -> str:
    """What refused packets of a pair hear; "" where none is refused, or where it isn't one thing."""
    answers = {answer for one in met.values() for answer in one.answers}
    if len(answers) != 1:
        return ""
    return REJECT if answers == {Ending.REJECT} else DROP
