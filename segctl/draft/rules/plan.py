"""What the site says: profiles by what refused packets meet, flows and guardrails by what passes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from segctl.draft.rules.segments import SELF, Pairs
from segctl.draft.rules.services import ALL, DROP, REJECT, Said, Services, said

Names = tuple[str, ...]
_LONG = 10


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
    services: Services


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole site. `profiles` by segment, SELF too."""

    profiles: Mapping[str, Profile]
    flows: tuple[Line, ...]
    guardrails: tuple[Line, ...]

    def uses(self, service: str) -> bool:
        """Whether some line names a service."""
        return any(service in one.services for one in (*self.flows, *self.guardrails))


def plan(pairs: Pairs) -> Plan:
    """Profiles first: what a guardrail must take out hangs on how the rest is answered."""
    profiles = _profiles(pairs)
    flows: dict[Services, list[tuple[str, str]]] = defaultdict(list)
    rails: dict[Services, list[tuple[str, str]]] = defaultdict(list)
    for pair, met in pairs.met.items():
        words = said(met, profiles[_answering(pair, profiles)].answer)
        if pair[0] != pair[1] or not profiles[pair[0]].within:
            flows[words.flow].append(pair)
            rails[words.guardrail].append(pair)
    return Plan(profiles, tuple(_lines(flows)), tuple(_lines(rails)))


def _answering(pair: tuple[str, str], profiles: Mapping[str, Profile]) -> str:
    """Whose answer a refused packet of a pair hears."""
    source, target = pair
    return target if source == target or profiles[target].refuses else source


def _lines(by_services: Mapping[Services, list[tuple[str, str]]]) -> Iterable[Line]:
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
    """Who answers: each target, or the source where those who are refused at a target hear different answers; whichever
    needs fewer guardrails. An answer is `reject` where anything is rejected: what is dropped nevertheless, a
    guardrail drops.
    """
    by_target, by_source = _answers(pairs, mixed=True), _answers(pairs, mixed=False)
    return min(by_target, by_source, key=lambda one: _cost(pairs, one))


def _answers(pairs: Pairs, mixed: bool) -> dict[str, Profile]:
    """`mixed`: also a target whose refused hear different answers gives one itself."""
    hears: dict[str, set[bool]] = defaultdict(set)
    for (_, target), met in pairs.met.items():
        if any(one.rejected or one.dropped for one in met.values()):
            hears[target].add(any(one.rejected for one in met.values()))
    names = [*(one.name for one in pairs.segments), SELF]
    out = {name: Profile(DROP, mixed or len(hears[name]) < 2, _within(name, pairs)) for name in names}
    for pair, met in pairs.met.items():
        if any(one.rejected for one in met.values()):
            name = _answering(pair, out)
            out[name] = replace(out[name], answer=REJECT)
    return out


def _cost(pairs: Pairs, profiles: Mapping[str, Profile]) -> int:
    """How much guardrails must say: of a pair of which nothing passes little."""
    rails = [said(met, profiles[_answering(pair, profiles)].answer).guardrail for pair, met in pairs.met.items()]
    return sum(min(len(one), _LONG) for one in rails)


def _within(name: str, pairs: Pairs) -> bool:
    """Whether all members of a segment may open everything to each other."""
    inner = pairs.met.get((name, name), {})
    return bool(inner) and said(inner, DROP) == Said((ALL,))
